# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts, commitments and their openings."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from corncrake_crypto.encoding import canonical
from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_crypto.note import sign_note
from corncrake_crypto.receipt import (
    Opening,
    Receipt,
    commitment,
    dummy_commitment,
    open_receipt,
    opening_commitment,
    read_openings,
    report_id,
    sign_receipt,
    write_openings,
)
from corncrake_crypto.signatures import SigningKey

ORIGIN = "drop.example.org/log/1"
KEY = SigningKey.from_seed(bytes(range(32)))
RECEIPT = Receipt(id="ab" * 32, desk="safety", log=ORIGIN, day="2026-02-03", salt="cd" * 32)


def signed(text: str, key: SigningKey = KEY) -> bytes:
    """Return a note of the log."""
    return sign_note(text, [(ORIGIN, key)])


def test_a_receipt_opens_as_it_was_signed() -> None:
    raw = sign_receipt(RECEIPT, KEY)
    assert open_receipt(raw, ORIGIN, KEY.public) == RECEIPT
    assert open_receipt(raw, ORIGIN, KEY.public, report="ab" * 32, desk="safety") == RECEIPT


@pytest.mark.parametrize(
    ("raw", "expected", "failure"),
    [
        (sign_receipt(RECEIPT, SigningKey.from_seed(bytes(32))), {}, Failure.SIGNATURE),
        (sign_receipt(structs.replace(RECEIPT, log="other.example/log/1"), KEY), {}, Failure.SIGNATURE),
        (sign_receipt(RECEIPT, KEY), {"desk": "press"}, Failure.DESK),
        (sign_receipt(RECEIPT, KEY), {"report": "ac" * 32}, Failure.ALTERED),
        (sign_receipt(RECEIPT, KEY), {"today": date(2026, 1, 31)}, Failure.NOT_YET_VALID),
        (sign_receipt(RECEIPT, KEY).replace(b"safety", b"safetx"), {}, Failure.SIGNATURE),
        (signed("corncrake.org/edition/v1\n{}\n"), {}, Failure.KIND),
        (signed("corncrake.org/receipt/v1\n{}\n"), {}, Failure.JSON),
        (signed(f"corncrake.org/receipt/v1\n{canonical(RECEIPT).decode().replace('02-03', '02-30')}\n"), {}, Failure.JSON),
        (signed(f"corncrake.org/receipt/v1\n{canonical(RECEIPT).decode().replace('abab', 'ABAB')}\n"), {}, Failure.JSON),
        (signed(f"corncrake.org/receipt/v1\n {canonical(RECEIPT).decode()}\n"), {}, Failure.NOT_CANONICAL),
        (b"x" * 5_000, {}, Failure.NOTE),
    ],
)
def test_a_receipt_that_is_not_ours_is_refused(raw: bytes, expected: dict[str, Any], failure: Failure) -> None:
    with pytest.raises(CorncrakeError) as caught:
        open_receipt(raw, ORIGIN, KEY.public, **expected)
    assert caught.value.failure is failure


def test_commitments_are_hashes_of_the_lines_of_the_design() -> None:
    lines = b"corncrake.org/leaf/v1\nreport\nsafety\n2026-02-03\n" + b"ab" * 32 + b"\n" + b"cd" * 32 + b"\n"
    assert commitment(RECEIPT) == hashlib.sha256(lines).digest()
    dummy = b"corncrake.org/leaf/v1\ndummy\n2026-02-03\n" + b"cd" * 32 + b"\n"
    assert dummy_commitment("2026-02-03", "cd" * 32) == hashlib.sha256(dummy).digest()


def test_a_report_is_named_by_its_ciphertext() -> None:
    assert report_id(b"age") == hashlib.sha256(b"age").hexdigest()


def test_an_opening_opens_the_commitment_of_its_receipt_and_a_dummys_its_own() -> None:
    opening = Opening(index=7, kind="report", day=RECEIPT.day, salt=RECEIPT.salt, desk=RECEIPT.desk, id=RECEIPT.id)
    assert opening_commitment(opening) == commitment(RECEIPT)
    dummy = Opening(index=8, kind="dummy", day=RECEIPT.day, salt=RECEIPT.salt)
    assert opening_commitment(dummy) == dummy_commitment(RECEIPT.day, RECEIPT.salt)
    assert read_openings(write_openings([opening, dummy])) == (opening, dummy)


@pytest.mark.parametrize(
    "changed",
    [{"kind": "dummy"}, {"kind": "edition"}, {"index": -1}, {"id": None}, {"desk": None}, {"day": "2026-13-01"}, {"more": 1}],
)
def test_an_opening_that_says_too_little_or_too_much_is_refused(changed: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"index": 7, "kind": "report", "day": "2026-02-03", "salt": "cd" * 32, "desk": "safety", "id": "ab" * 32}
    assert len(read_openings(canonical({"openings": [fields]}))) == 1
    fields |= changed
    raw = canonical({"openings": [{name: value for name, value in fields.items() if value is not None and value != -1}]})
    with pytest.raises(CorncrakeError) as caught:
        read_openings(raw)
    assert caught.value.failure is Failure.JSON


@given(st.binary(max_size=200))
def test_any_bytes_are_openings_or_refused_with_a_known_failure(raw: bytes) -> None:
    try:
        openings = read_openings(raw)
    except CorncrakeError as error:
        failure = error.failure
    else:
        failure = None if write_openings(openings) == raw else Failure.STORE
    assert failure in {None, Failure.JSON, Failure.NOT_CANONICAL}
