# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cleaning pictures: what goes, what stays, and what is never sent by accident."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.errors import Failure, FileError
from corncrake_reporter.attachments import Attachment, attach
from corncrake_reporter.cleaning import clean_picture, read_picture
from tests.clients.reporter.pictures import COMMENT, DRAWN, JFIF, LATITUDE, SERIAL, TRAILER, exif, picture, segment, telling_picture
from tests.simulators.refusal import refused


def test_all_that_a_picture_tells_is_named() -> None:
    assert read_picture(telling_picture()) == ("device", "other", "place", "serial", "text", "trailer")


@pytest.mark.parametrize("secret", [SERIAL, COMMENT, TRAILER, LATITUDE, b"Telefono", b"Photoshop"])
def test_nothing_that_tells_of_the_person_is_in_the_copy(secret: bytes) -> None:
    raw = telling_picture()
    assert secret in raw
    assert secret not in clean_picture(raw).data


def test_all_that_draws_the_picture_is_in_the_copy_unchanged() -> None:
    assert b"".join(DRAWN) + b"\xff\xd9" in clean_picture(telling_picture()).data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_stays_turned(orientation: int) -> None:
    clean = clean_picture(picture(exif(orientation))).data
    turned = bytes.fromhex("ffe1002245786966 00004d4d002a0000000800010112000300000001".replace(" ", "")) + bytes((0, orientation)) + bytes(6)
    assert (turned in clean) == (orientation != 1)
    assert clean_picture(clean).data == clean


def test_a_copy_tells_nothing() -> None:
    clean = clean_picture(telling_picture())
    assert read_picture(clean.data) == ()
    assert clean.removed == read_picture(telling_picture())


def test_a_second_picture_within_the_header_is_removed() -> None:
    thumbnail = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01" + b"RGB")
    raw = picture().replace(JFIF, thumbnail)
    assert clean_picture(raw) == (picture(), ("thumbnail",))


def test_how_colours_are_meant_is_kept() -> None:
    adobe = segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01")
    assert adobe in clean_picture(picture(adobe, segment(0xEE, b"Adobe and more of it"))).data


@pytest.mark.parametrize("length", [0, 3, 4, 40, -1, -2])
def test_a_picture_that_breaks_off_is_refused(length: int) -> None:
    with refused(Failure.ARCHIVE):
        clean_picture(picture()[:length])


@given(st.binary(max_size=400))
def test_any_bytes_are_cleaned_or_refused(raw: bytes) -> None:
    for whole in (raw, b"\xff\xd8\xff" + raw, b"\xff\xd8" + segment(0xE1, b"Exif\x00\x00" + raw) + b"".join(DRAWN) + b"\xff\xd9"):
        try:
            clean = clean_picture(whole)
        except FileError as error:
            assert error.failure is Failure.ARCHIVE  # noqa: PT017 - both outcomes are allowed
        else:
            assert read_picture(clean.data) == ()


@given(st.integers(0, len(telling_picture()) - 1), st.integers(0, 255))
def test_a_picture_with_any_byte_changed_is_cleaned_or_refused(position: int, value: int) -> None:
    raw = bytearray(telling_picture())
    raw[position] = value
    try:
        clean = clean_picture(bytes(raw))
    except FileError as error:
        assert error.failure is Failure.ARCHIVE  # noqa: PT017 - both outcomes are allowed
    else:
        assert read_picture(clean.data) == ()


def whole(attachment: Attachment) -> bytes:
    return attachment.source.read(0, attachment.source.size)


def test_a_picture_that_cannot_be_cleaned_is_not_attached_by_accident(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(telling_picture()[:200])
    with refused(Failure.ARCHIVE):
        attach(path, keep=False)
    assert whole(attach(path, keep=True)) == telling_picture()[:200]


def test_a_picture_is_recognised_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "holiday.txt"
    path.write_bytes(telling_picture())
    assert SERIAL not in whole(attach(path, keep=False))
    assert SERIAL in whole(attach(path, keep=True))
