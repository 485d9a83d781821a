# SPDX-License-Identifier: AGPL-3.0-or-later
"""Searches for plaintext where a server could have left it: in files, and in the memory of a process that runs.

Rules of this file: a marker is looked for as UTF-8, UTF-16 of both byte orders, and base64 of both alphabets at all three alignments. All
readable memory is read; what cannot be read is counted, never passed over in silence.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_PIECE: Final = 16 << 20
_ALIGNMENTS: Final = 3


class Found(NamedTuple):
    """How often a marker was found, and how much was looked through, in bytes."""

    hits: int
    searched: int
    unread: int
    places: tuple[str, ...]


def forms_of(marker: str) -> tuple[bytes, ...]:
    """Return the byte strings that show a marker, such as `marker-0123456789abcdef` (at least 12 ASCII characters)."""
    raw = marker.encode()
    forms = {raw, marker.encode("utf-16-le"), marker.encode("utf-16-be")}
    for shift in range(_ALIGNMENTS):
        # The characters that depend on neighbours at either end are cut off.
        body = raw[(_ALIGNMENTS - shift) % _ALIGNMENTS :]
        body = body[: len(body) // 3 * 3]
        forms |= {base64.b64encode(body), base64.urlsafe_b64encode(body)}
    return tuple(sorted(forms))


def _count(data: bytes, forms: Sequence[bytes]) -> int:
    return sum(data.count(form) for form in forms)


def _pieces(data: Iterable[bytes], overlap: int) -> Iterator[bytes]:
    kept = b""
    for piece in data:
        yield kept + piece
        kept = piece[-overlap:]


def search_files(folder: Path, marker: str) -> Found:
    """Search every file below `folder`, and their names."""
    forms = forms_of(marker)
    overlap = max(map(len, forms)) - 1
    hits = searched = 0
    places: list[str] = []
    for path in sorted(folder.rglob("*")):
        found = _count(str(path.relative_to(folder)).encode(), forms)
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as source:
                for piece in _pieces(iter(lambda source=source: source.read(_PIECE), b""), overlap):
                    found += _count(piece, forms)
                searched += source.tell()
        if found:
            places.append(path.name)
        hits += found
    return Found(hits, searched, 0, tuple(places))


def search_memory(process: int, marker: str) -> Found:
    """Search all readable memory of a process.

    Raises:
        OSError: the process is not there or not ours.
    """
    forms = forms_of(marker)
    hits = searched = unread = 0
    places: list[str] = []
    maps = Path(f"/proc/{process}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            fields = line.split(maxsplit=5)
            start, end = (int(part, 16) for part in fields[0].split("-"))
            if "r" not in fields[1]:
                continue
            try:
                memory.seek(start)
                data = _whole(memory.read, end - start)
            except (OSError, ValueError, OverflowError):
                unread += end - start  # such as [vvar], which the kernel gives to nobody
                continue
            found = _count(data, forms)
            searched += len(data)
            hits += found
            if found:
                places.append(fields[5] if len(fields) > 5 else "anonymous memory")  # noqa: PLR2004 - the path is the sixth
    return Found(hits, searched, unread, tuple(places))


def _whole(read: Callable[[int], bytes | None], size: int) -> bytes:
    out = bytearray()
    while len(out) < size and (piece := read(size - len(out))):
        out += piece
    return bytes(out)
