# SPDX-License-Identifier: Apache-2.0
"""Cases of stamp.md, found by the standard library alone."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from organisation import Case

ORIGIN = "https://report.example.org"
CHARTER = "5a" * 32
DAY = "2026-11-25"
ID = "ab" * 32
FOUND_BITS = 12
RARE = 5_386_829_537
"""A nonce beyond 2^32."""


def bits(nonce: int, origin: str = ORIGIN, charter: str = CHARTER, day: str = DAY, report: str = ID) -> int:
    """Return how many zeros the hash begins with, counted in its binary digits."""
    base = hashlib.sha256(f"corncrake.org/stamp/v1\n{origin}\n{day}\n{charter}\n{report}\n".encode()).digest()
    digits = "".join(f"{byte:08b}" for byte in hashlib.sha256(base + nonce.to_bytes(8, "big")).digest())
    return len(digits) - len(digits.lstrip("0"))


def texts() -> Iterator[Case]:
    """What is a stamp, and what is not."""
    good = f"{DAY}.{ID}.{7:016x}"
    for name, what, failure, text in (
        ("good", "a stamp", None, good),
        ("largest_nonce", "the largest nonce", None, f"{DAY}.{ID}.001fffffffffffff"),
        ("nonce_too_large", "a nonce of 2^53", "encoding", f"{DAY}.{ID}.0020000000000000"),
        ("upper_nonce", "a nonce in upper case", "encoding", f"{DAY}.{ID}.00000000000000AB"),
        ("upper_id", "an id in upper case", "encoding", f"{DAY}.{ID.upper()}.{7:016x}"),
        ("short_id", "an id of 63 characters", "encoding", f"{DAY}.{ID[1:]}.{7:016x}"),
        ("short_nonce", "a nonce of 15 characters", "encoding", good[:-1]),
        ("no_such_day", "a day that no calendar has", "encoding", f"2026-02-30.{ID}.{7:016x}"),
        ("space_before", "a space before it", "encoding", f" {good}"),
        ("line_after", "a line feed after it", "encoding", f"{good}\n"),
        ("other_digits", "digits of another script", "encoding", f"٢٠٢٦-11-25.{ID}.{7:016x}"),
        ("two", "two stamps", "encoding", f"{good}, {good}"),
        ("empty", "nothing", "encoding", ""),
    ):
        case: dict[str, Any] = {"what": what, "do": "parse_stamp", "failure": failure, "text": text}
        expected = {"day": DAY, "id": ID, "nonce": 2**53 - 1 if name == "largest_nonce" else 7}
        yield f"text_{name}", case if failure else case | {"expected": expected}


def worth() -> Iterator[Case]:
    """How many bits stamps have: under their own place, and under another."""
    found = next(nonce for nonce in count() if bits(nonce) >= FOUND_BITS)
    for name, what, nonce, changed in (
        ("found", "a stamp that was searched for", found, {}),
        ("before", "the nonce before it", found - 1, {}),
        ("large", "a nonce of more than 32 bits", RARE, {}),
        ("other_origin", "the same under another origin", found, {"origin": "https://other.example.org"}),
        ("other_charter", "the same under another charter", found, {"charter": "5b" * 32}),
        ("other_day", "the same on another day", found, {"day": "2026-11-26"}),
        ("other_report", "the same for another report", found, {"report": "ac" * 32}),
    ):
        place = {"origin": ORIGIN, "charter": CHARTER, "day": DAY, "report": ID} | changed
        yield (
            f"bits_{name}",
            {"what": what, "do": "zero_bits", "failure": None, **place, "nonce": nonce, "expected": bits(nonce, **changed)},
        )
    yield (
        "search",
        {
            "what": "the first nonce from 0 on that has enough",
            "do": "search",
            "failure": None,
            "origin": ORIGIN,
            "charter": CHARTER,
            "day": DAY,
            "report": ID,
            "bits": FOUND_BITS,
            "expected_text": f"{DAY}.{ID}.{found:016x}",
            "expected_tried": found + 1,
        },
    )


def steps() -> Iterator[Case]:
    """What so many bits pay for."""
    for name, what, has, wanted, expected in (
        ("none", "a bit too few", 17, [18, 20, 22], 0),
        ("first", "as many as the first step", 18, [18, 20, 22], 1),
        ("between", "more than the second step, fewer than the third", 21, [18, 20, 22], 2),
        ("third", "more than the third step", 40, [18, 20, 22], 3),
        ("no_steps", "a charter without steps", 40, None, 0),
        ("zero", "a first step of no bits", 0, [0, 1, 255], 1),
    ):
        yield f"step_{name}", {"what": what, "do": "step_paid", "failure": None, "bits": has, "steps": wanted, "expected": expected}


def cases() -> Iterator[Case]:
    """Yield all cases."""
    yield from texts()
    yield from worth()
    yield from steps()
