# SPDX-License-Identifier: Apache-2.0
"""Cases of block.md; ids by the standard library, tiers by hand."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from organisation import Case, archive, archive_sha256, canonical, seed, url
from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG = url(bytes(range(16)))
SMALL, LARGE = 260_096, 4_190_208


def id_cases() -> Iterator[Case]:
    """Names of blocks."""
    ids: list[str] = []
    chain = seed("block key")
    for _ in range(5):
        ids.append(hmac.new(chain, b"id", hashlib.sha256).hexdigest()[:32])
        chain = hmac.new(chain, b"next", hashlib.sha256).digest()
    base: dict[str, Any] = {"what": "the first five ids", "do": "block_ids", "failure": None, "block_key_hex": seed("block key").hex(), "count": 5}
    yield "ids", base | {"expected": ids}
    yield "ids_short_key", {"what": "a key of 31 bytes", "do": "block_ids", "failure": "misuse", "block_key_hex": "00" * 31, "count": 1}


def plan_cases() -> Iterator[Case]:
    """How files are cut."""
    for size, expected in {
        0: (SMALL, 1, 1),
        257_536: (SMALL, 1, 1),
        257_537: (SMALL, 2, 2),
        2_317_823: (SMALL, 9, 10),
        2_317_824: (SMALL, 9, 10),
        14_422_016: (SMALL, 56, 56),
        14_422_017: (LARGE, 4, 4),
        37_688_832: (LARGE, 9, 10),
        4_288_151_552: (LARGE, 1_024, 1_024),
        4_294_967_296: (LARGE, 1_026, 1_280),
        68_610_424_832: (LARGE, 16_384, 16_384),
    }.items():
        plan = dict(zip(("class", "data_blocks", "total_blocks"), expected, strict=True))
        yield f"plan_{size}", {"what": f"a file of {size} bytes", "do": "plan", "failure": None, "size": size, "expected": plan}
    yield "plan_too_large", {"what": "one byte too many", "do": "plan", "failure": "size", "size": 68_610_424_833}


def read(what: str, failure: str | None, head: dict[str, Any] | str, data: bytes = b"data", **fields: Any) -> dict[str, Any]:
    """Return a case of `read_block`: an archive, to be filled with zeros up to its length."""
    text = head if isinstance(head, str) else canonical(head)
    members = archive(("block.json", text.encode()), ("data", data))
    expected = {} if failure else {"expected": head, "expected_base64": b64(data)}
    return {"what": what, "do": "read_block", "failure": failure} | members | {"plaintext_length": SMALL} | expected | fields


def read_cases() -> Iterator[Case]:
    """What is inside."""
    head: dict[str, Any] = {"v": 1, "file": TAG, "index": 0}
    last = head | {"index": 2, "last": True, "of": 3}
    for name, what, block, data in (
        ("first", "a block", head, b"data"),
        ("last", "the last block", last, b"the end"),
        ("fill", "a dummy", head | {"index": 3, "fill": True}, b""),
        ("empty", "a block without data", head, b""),
    ):
        yield f"read_{name}", read(what, None, block, data)
        written: dict[str, Any] = {"what": what, "do": "write_block", "failure": None, "block": block, "data_base64": b64(data), "class": SMALL}
        members = ("block.json", canonical(block).encode()), ("data", data)
        yield f"write_{name}", written | {"expected_sha256": archive_sha256(SMALL, *members)}
    for name, what, failure, block, data in (
        ("fill_data", "a dummy with data", "block", head | {"fill": True}, b"x"),
        ("fill_last", "a dummy that ends the file", "block", head | {"fill": True, "last": True}, b""),
        ("of_not_last", "a count in a block that is not the last", "block", head | {"of": 1}, b"x"),
        ("of_other", "another count than its place", "block", last | {"of": 4}, b"x"),
        ("last_false", "false for what is absent", "json", head | {"last": False}, b"x"),
        ("tag_long", "a tag of 17 bytes", "json", head | {"file": url(bytes(17))}, b"x"),
        ("index_negative", "a place below 0", "json", head | {"index": -1}, b"x"),
        ("space", "a space", "not-canonical", canonical(head) + " ", b"x"),
        ("long_head", "a head above 512 bytes", "size", canonical(head | {"more": "x" * 500}), b"x"),
    ):
        yield f"read_{name}", read(what, failure, block, data)
    yield "read_no_class", read("a length that is no class", "size", head, plaintext_length=SMALL + 512)
    other = archive(("report.json", b"{}"), ("data", b""))
    yield "read_other_object", read("another object", "kind", head) | other
    yield "read_no_data", read("no data member", "archive", head) | archive(("block.json", canonical(head).encode()))


def place_cases() -> Iterator[Case]:
    """Whether a block belongs where it was found; `data_length` zeros are in it."""
    head: dict[str, Any] = {"v": 1, "file": TAG, "index": 0}
    for name, what, failure, block, length, index, blocks in (
        ("full", "a full block", None, head, 257_536, 0, 2),
        ("last", "the last block", None, head | {"index": 1, "last": True, "of": 2}, 3, 1, 2),
        ("fill", "a dummy behind the last", None, head | {"index": 2, "fill": True}, 0, 2, 2),
        ("live", "a short one of a recording", None, head, 3, 0, None),
        ("other_file", "of another file", "block", head | {"file": url(bytes(16))}, 257_536, 0, 2),
        ("other_index", "of another place", "block", head | {"index": 1}, 257_536, 0, 2),
        ("short", "not full, and not the last", "block", head, 3, 0, 2),
        ("early_end", "the last, too early", "block", head | {"last": True}, 3, 0, 2),
        ("no_end", "not the last, where it must be", "block", head | {"index": 1}, 257_536, 1, 2),
        ("early_fill", "a dummy, too early", "block", head | {"fill": True}, 0, 0, 2),
    ):
        base: dict[str, Any] = {"what": what, "do": "check_place", "failure": failure, "block": block, "data_length": length}
        yield f"place_{name}", base | {"file": TAG, "index": index, "data_blocks": blocks, "class": SMALL}
    for name, what, failure, block, length, index, blocks in (
        ("short", "a short one of a recording that was closed", None, head, 3, 0, 2),
        ("no_end", "not the last, where a recording was closed", "block", head | {"index": 1}, 3, 1, 2),
        ("empty", "an empty end of a recording", None, head | {"index": 1, "last": True, "of": 2}, 0, 1, 2),
    ):
        base = {"what": what, "do": "check_place", "failure": failure, "block": block, "data_length": length, "live": True}
        yield f"place_live_{name}", base | {"file": TAG, "index": index, "data_blocks": blocks, "class": SMALL}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from id_cases()
    yield from plan_cases()
    yield from read_cases()
    yield from place_cases()
