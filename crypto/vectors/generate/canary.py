# SPDX-License-Identifier: Apache-2.0
"""Cases of canary.md: slips, and files of the lengths that padding.md gives, worked out by hand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from organisation import EPOCH, Case, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME, STANZA = 70 + 16 + 16, 1_557
"""Bytes that an age file of one chunk adds, and those of each stanza."""


def slip(**changes: Any) -> dict[str, Any]:
    """Return a slip."""
    return {"desk": "legal", "epoch": EPOCH, "id": "ab" * 32} | changes


def read() -> Iterator[Case]:
    """Cases of `read_slip`."""
    right = canonical(slip()) + "\n"
    for name, what, failure, text in (
        ("slip", "a slip", None, right),
        ("slip_without_newline", "a slip that was cut", "encoding", right[:-1]),
        ("slip_of_two_lines", "another newline at its end", "not-canonical", right + "\n"),
        ("slip_spaced", "a space that the one encoding has not", "not-canonical", right.replace(":", ": ", 1)),
        ("slip_unknown_field", "a field that nobody knows", "json", canonical(slip(number=3)) + "\n"),
        ("slip_without_id", "no hash", "json", canonical({"desk": "legal", "epoch": EPOCH}) + "\n"),
        ("slip_desk", "a desk that is a path", "json", canonical(slip(desk="../legal")) + "\n"),
        ("slip_long", "513 bytes", "size", right + " " * (513 - len(right))),
    ):
        yield name, {"what": what, "do": "read_slip", "failure": failure, "raw_text": text} | ({} if failure else {"expected": slip()})


def checked() -> Iterator[Case]:
    """Cases of `check_canary`: so many zeros stand for an age file."""
    for name, what, failure, length, recipients, other in (
        ("canary", "to two, as a report is", None, FRAME + 2 * STANZA + 12_288, 2, False),
        ("canary_altered", "other bytes of the same length", "altered", FRAME + 2 * STANZA + 12_288, 2, True),
        ("canary_to_fewer", "to two, where a report is sealed to three", "size", FRAME + 2 * STANZA + 12_288, 3, False),
        ("canary_of_larger_class", "a report of the next class", "size", FRAME + 2 * STANZA + 61_440, 2, False),
        ("canary_to_nobody", "nobody to seal to", "size", FRAME + 12_288, 0, False),
    ):
        sha256 = hashlib.sha256(b"\x01" * length if other else bytes(length)).hexdigest()
        yield name, {"what": what, "do": "check_canary", "failure": failure, "slip": slip(id=sha256), "zeros": length, "recipients": recipients}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from read()
    yield from checked()
