# SPDX-License-Identifier: Apache-2.0
"""Cases of tiles.md; which files a tree has is computed by the formulas of tlog-tiles, and given as hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from merkle import mth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from organisation import Case

WIDTH = 256


def entry(index: int) -> bytes:
    """Return entry `index`: its decimal digits."""
    return b"%d" % index


def named(kind: str, index: int, width: int) -> str:
    """Return the path of a tile, for indexes below a million."""
    number = f"{index:03d}" if index < 1000 else f"x{index // 1000:03d}/{index % 1000:03d}"  # noqa: PLR2004 - three digits
    return f"tile/{kind}/{number}" + ("" if width == WIDTH else f".p/{width}")


def files(size: int) -> dict[str, bytes]:
    """Return all tiles and bundles of a tree of `size` entries."""
    found: dict[str, bytes] = {}
    leaves = [hashlib.sha256(b"\0" + entry(i)).digest() for i in range(size)]
    for start in range(0, size, WIDTH):
        bundle = [entry(i) for i in range(start, min(start + WIDTH, size))]
        found[named("entries", start // WIDTH, len(bundle))] = b"".join(len(e).to_bytes(2, "big") + e for e in bundle)
    span, level = 1, 0
    while span <= size:
        hashes = [mth(leaves[i * span : (i + 1) * span]) for i in range(size // span)]
        for start in range(0, len(hashes), WIDTH):
            tile = hashes[start : start + WIDTH]
            found[named(str(level), start // WIDTH, len(tile))] = b"".join(tile)
        span, level = span * WIDTH, level + 1
    return found


def growth(old: int, new: int) -> dict[str, Any]:
    """Return a case of `grow`: what is new is what the larger tree has and the smaller one has not."""
    before, after = files(old), files(new)
    expected = {path: hashlib.sha256(raw).hexdigest() for path, raw in after.items() if before.get(path) != raw}
    return {"what": f"{old} leaves grow to {new}", "do": "grow", "failure": None, "old": old, "new": new, "expected_sha256": expected}


def paths() -> Iterator[Case]:
    """Paths of the specification."""
    for name, level, index, width, expected in (
        ("first", 0, 0, 256, "tile/0/000"),
        ("million", 0, 1_234_067, 256, "tile/0/x001/x234/067"),
        ("partial", 1, 1, 17, "tile/1/001.p/17"),
        ("thousand", 63, 1_000, 1, "tile/63/x001/000.p/1"),
        ("last", 0, 999, 255, "tile/0/999.p/255"),
    ):
        yield (
            f"path_{name}",
            {
                "what": f"the path of tile {index} of level {level}, width {width}",
                "do": "tile_path",
                "failure": None,
                "level": level,
                "index": index,
                "width": width,
                "expected": expected,
            },
        )
    for name, level, index, width in (("level_64", 64, 0, 1), ("width_0", 0, 0, 0), ("width_257", 0, 0, 257)):
        yield (
            f"path_{name}",
            {"what": "a tile that cannot be", "do": "tile_path", "failure": "misuse", "level": level, "index": index, "width": width},
        )


def bundles() -> Iterator[Case]:
    """Bundles of entries."""
    for name, what, raw, expected in (
        ("two", "two entries", b"\0\1a\0\3bcd", ["61", "626364"]),
        ("none", "no entries", b"", []),
        ("empty_entry", "an entry without bytes", b"\0\0", [""]),
        ("cut", "cut within an entry", b"\0\2a", None),
        ("cut_length", "cut within a length", b"\0\1a\0", None),
    ):
        case = {"what": what, "do": "read_entries", "failure": "encoding" if expected is None else None, "bundle_hex": raw.hex()}
        yield f"entries_{name}", case if expected is None else case | {"expected_hex": expected}


def cases() -> Iterator[Case]:
    """Yield all cases."""
    yield from paths()
    yield from bundles()
    for old, new in ((0, 1), (0, 64), (64, 128), (255, 256), (256, 257), (192, 600), (0, 1_000)):
        yield f"grow_{old}_{new}", growth(old, new)
    opening, named = b"corncrake.org/leaf/v1\n", b"ab" * 32 + b"\n"
    for name, what, entry_bytes, expected in (
        ("commitment", "32 bytes", bytes(32), False),
        ("commitment_text", "32 bytes that look like text", b"corncrake.org/leaf/v1\naaaaaaaaa\n", False),
        ("charter", "a charter", opening + b"charter\n" + named, True),
        ("unknown", "a kind that nobody knows yet", opening + b"legal-hold-2\n" + named, True),
        ("no_kind", "no kind", opening + b"\n" + named, None),
        ("kind_upper", "a kind in upper case", opening + b"Charter\n" + named, None),
        ("kind_long", "a kind of 33 characters", opening + b"a" * 33 + b"\n" + named, None),
        ("hash_short", "a hash of 63 characters", opening + b"charter\n" + named[1:], None),
        ("no_newline", "no newline at the end", opening + b"charter\n" + named[:-1], None),
        ("bytes_31", "31 bytes", bytes(31), None),
        ("nothing", "no bytes", b"", None),
    ):
        case = {"what": what, "do": "is_public", "failure": "encoding" if expected is None else None, "entry_hex": entry_bytes.hex()}
        yield f"entry_{name}", case if expected is None else case | {"expected": expected}
    text = "corncrake.org/charter/v1\n{}\n"
    yield (
        "leaf_entry",
        {
            "what": "a public document in the log",
            "do": "leaf_entry",
            "failure": None,
            "kind": "charter",
            "text": text,
            "expected_text": f"corncrake.org/leaf/v1\ncharter\n{hashlib.sha256(text.encode()).hexdigest()}\n",
        },
    )
    yield "leaf_entry_kind", {"what": "a kind that does not stand in the log", "do": "leaf_entry", "failure": "kind", "kind": "receipt", "text": text}
