# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encodings: what the vectors do not reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto import encoding
from corncrake_crypto.errors import Failure, FileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

TEXT_FORMS: list[tuple[Callable[[bytes], str], Callable[[str], bytes]]] = [
    (encoding.b64url, encoding.unb64url),
    (encoding.b64std, encoding.unb64std),
    (encoding.b64std_nopad, encoding.unb64std_nopad),
    (bytes.hex, lambda text: encoding.unhex(text, len(text) // 2)),
    (lambda data: encoding.bech32_encode("x", data), lambda text: encoding.bech32_decode(text)[1]),
]
ALPHABET = "ABab019+/-_=xqp \n\u0430"
KEYS = st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True)
STRINGS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(0, encoding.MAX_INTEGER) | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    v: int
    note: str | None = None
    last: bool | msgspec.UnsetType = msgspec.UNSET
    count: int = 0


def failure_of(call: Callable[[], object]) -> Failure:
    with pytest.raises(FileError) as caught:
        call()
    return caught.value.failure


@given(st.binary(max_size=70))
def test_bytes_come_back_from_every_text_form(data: bytes) -> None:
    assert [decode(encode(data)) for encode, decode in TEXT_FORMS] == [data] * len(TEXT_FORMS)


@given(st.text(ALPHABET, max_size=12) | st.text(max_size=12))
def test_no_text_form_accepts_what_it_would_not_write(text: str) -> None:
    for encode, decode in TEXT_FORMS[:-1]:
        try:
            data = decode(text)
        except FileError as error:
            assert error.failure is Failure.ENCODING  # noqa: PT017 - either outcome is right
        else:
            assert encode(data) == text


@given(st.text("1aqpzQP\n\u0130", max_size=9))
def test_bech32_accepts_only_what_it_would_write(text: str) -> None:
    try:
        hrp, data = encoding.bech32_decode(text)
    except FileError as error:
        assert error.failure is Failure.ENCODING  # noqa: PT017 - either outcome is right
    else:
        assert encoding.bech32_encode(hrp, data) == text


@given(st.binary(max_size=40), st.integers(0, 10_000), st.integers(1, 31))
def test_bech32_notices_one_altered_character(data: bytes, place: int, step: int) -> None:
    text = encoding.bech32_encode("age1pq", data)
    at = 7 + place % (len(text) - 7)
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    other = alphabet[(alphabet.index(text[at]) + step) % 32]
    assert failure_of(lambda: encoding.bech32_decode(text[:at] + other + text[at + 1 :])) is Failure.ENCODING


@given(st.dates())
def test_a_day_comes_back(day: date) -> None:
    assert encoding.parse_day(encoding.day_text(day)) == day


@given(VALUES)
def test_a_value_comes_back_from_canonical_json_and_stands_as_rfc_8785_says(value: object) -> None:
    raw = encoding.canonical(value)
    assert encoding.decode_canonical(raw, object) == value
    assert json.loads(raw) == value


@given(VALUES)
def test_the_same_value_written_with_spaces_is_refused(value: object) -> None:
    raw = json.dumps(value, ensure_ascii=False, indent=1).encode() + b" "
    assert failure_of(lambda: encoding.decode_canonical(raw, object)) is Failure.NOT_CANONICAL


@given(st.binary(max_size=60) | st.text('{}[]",:truefalsn0123e+-.\\u d8\n', max_size=30).map(str.encode))
def test_no_bytes_are_accepted_that_would_be_written_otherwise(raw: bytes) -> None:
    try:
        value = encoding.decode_canonical(raw, object)
    except FileError as error:
        assert error.failure in {Failure.JSON, Failure.NOT_CANONICAL}  # noqa: PT017 - either outcome is right
    else:
        assert encoding.canonical(value) == raw


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_was_typed_can_be_sent_after_repair(text: str) -> None:
    repaired = encoding.repair_text(text)
    assert encoding.decode_canonical(encoding.canonical({"s": repaired}), dict[str, str]) == {"s": repaired}
    assert encoding.repair_text(repaired) == repaired


@pytest.mark.parametrize("nest", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 17 + b"]" * 17])
def test_deep_nesting_is_refused_without_exhausting_the_stack(nest: bytes) -> None:
    assert failure_of(lambda: encoding.decode_canonical(nest, object)) is Failure.JSON


def test_absent_fields_of_a_struct_are_left_out() -> None:
    assert encoding.canonical(Example(v=1)) == b'{"v":1}'
    assert encoding.canonical(Example(v=1, note="x", last=True, count=2)) == b'{"count":2,"last":true,"note":"x","v":1}'
    assert encoding.decode_canonical(b'{"v":1}', Example) == Example(v=1)


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        (b'{"note":null,"v":1}', Failure.JSON),
        (b'{"count":0,"v":1}', Failure.NOT_CANONICAL),
        (b'{"other":1,"v":1}', Failure.JSON),
        (b'{"note":"x"}', Failure.JSON),
        (b'{"v":"1"}', Failure.JSON),
        (b'{"v":true}', Failure.JSON),
        (b"[1]", Failure.JSON),
    ],
)
def test_a_struct_is_read_from_its_one_encoding_only(raw: bytes, failure: Failure) -> None:
    assert failure_of(lambda: encoding.decode_canonical(raw, Example)) is failure


@pytest.mark.parametrize("value", [{"a": None}, 1.5, -1, 2**53, "\x00", "\ud800", {"A": 1}, {1: 2}, b"x", [object()]])
def test_what_json_here_cannot_hold_is_not_written(value: object) -> None:
    assert failure_of(lambda: encoding.canonical(value)) is Failure.JSON
