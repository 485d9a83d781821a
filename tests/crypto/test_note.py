# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed notes, documents and bundles; signatures inside objects."""

import pytest

from corncrake_crypto.errors import Failure
from corncrake_crypto.form import Form
from corncrake_crypto.note import MAX_NOTE, NoteKey, open_note, read_bundle, read_document, sign_note, unverified_text, write_bundle
from corncrake_crypto.signatures import SigningKey, sign_statement, verify, verify_statement
from tests.simulators.refusal import refused

TEXT = "corncrake.org/test/v1\nline\n"
KEY = SigningKey.from_seed(bytes(range(32)))
OTHER = SigningKey.from_seed(bytes(32))
ANA = NoteKey("reviewer/ana", KEY.public)


def test_a_signed_note_gives_its_text_back() -> None:
    assert open_note(sign_note(TEXT, [("reviewer/ana", KEY)]), [ANA]) == TEXT


def test_a_text_may_hold_empty_lines() -> None:
    text = "a\n\nb\n\n"
    assert open_note(sign_note(text, [("reviewer/ana", KEY)]), [ANA]) == text


def test_a_note_by_an_unknown_key_is_refused() -> None:
    with refused(Failure.SIGNATURE):
        open_note(sign_note(TEXT, [("reviewer/ana", OTHER)]), [ANA])


def test_a_changed_text_is_refused() -> None:
    raw = sign_note(TEXT, [("reviewer/ana", KEY)]).replace(b"line", b"lime")
    with refused(Failure.SIGNATURE):
        open_note(raw, [ANA])


def test_a_signature_by_an_unknown_key_is_passed_over() -> None:
    raw = sign_note(TEXT, [("witness.example", OTHER), ("reviewer/ana", KEY)])
    assert open_note(raw, [ANA]) == TEXT


def test_two_signatures_by_one_key_are_refused() -> None:
    with refused(Failure.NOTE):
        open_note(sign_note(TEXT, [("reviewer/ana", KEY), ("reviewer/ana", KEY)]), [ANA])


def test_a_note_that_only_one_of_two_needed_keys_signed_is_refused() -> None:
    raw = sign_note(TEXT, [("reviewer/ana", KEY)])
    with refused(Failure.SIGNATURE):
        open_note(raw, [ANA, NoteKey("reviewer/bo", OTHER.public)], required=("reviewer/ana", "reviewer/bo"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        TEXT.encode() + b"\nno signature\n",
        TEXT.encode() + "\n\u2014 a b\n".encode(),
        sign_note(TEXT, [("a", KEY)])[:-1],
        sign_note(TEXT, [("a", KEY)]).replace(b"line", b"li\rne"),
        sign_note(TEXT, [("a", KEY)]).replace(b"line", b"li\xffne"),
        sign_note(TEXT, [("a", KEY)]) + sign_note(TEXT, [("a", KEY)]).split(b"\n\n")[1] * 16,
        b"a\n" * MAX_NOTE,
    ],
)
def test_what_has_not_the_form_of_a_note_is_refused(raw: bytes) -> None:
    with refused(Failure.NOTE):
        open_note(raw, [NoteKey("a", KEY.public)])


def test_a_document_of_another_kind_is_refused() -> None:
    with refused(Failure.KIND):
        read_document("corncrake.org/charter/v2\n{}\n", "charter", Form)


def test_a_document_of_three_lines_is_refused() -> None:
    with refused(Failure.NOT_CANONICAL):
        read_document("corncrake.org/form/v1\n{}\n\n", "form", Form)


def test_a_bundle_gives_its_notes_back() -> None:
    notes = (sign_note(TEXT, [("a", KEY)]), sign_note("b\n", [("a", KEY)]))
    assert read_bundle(write_bundle(notes)) == notes


def test_a_bundle_with_too_many_notes_is_refused() -> None:
    with refused(Failure.SIZE):
        read_bundle(write_bundle([b"x"] * 65))


def test_a_signature_by_a_key_of_small_order_is_refused() -> None:
    # The identity element as key and as R, and S = 0, satisfy the equation of a lax verifier for every message.
    identity = b"\x01" + bytes(31)
    with refused(Failure.SIGNATURE):
        verify(identity, b"anything", identity + bytes(32))


def test_a_signature_with_a_scalar_beyond_the_order_is_refused() -> None:
    signature = KEY.sign(b"m")
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    with refused(Failure.SIGNATURE):
        verify(KEY.public, b"m", signature[:32] + scalar.to_bytes(32, "little"))


def test_a_statement_of_one_kind_does_not_hold_as_another() -> None:
    signature = sign_statement(KEY, "reply", {"a": 1})
    verify_statement(KEY.public, "reply", {"a": 1, "signature": signature}, signature)
    with refused(Failure.SIGNATURE):
        verify_statement(KEY.public, "report", {"a": 1}, signature)


def test_a_seed_shows_in_no_representation() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)


def test_an_unverified_text_is_still_checked_for_its_form() -> None:
    with refused(Failure.NOTE):
        unverified_text(b"text\n")
