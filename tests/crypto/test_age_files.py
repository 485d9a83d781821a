# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed objects: whole and streamed, cut and altered, and as another implementation sees them."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto import recipients
from corncrake_crypto.age_format import (
    HEADER_MAX,
    VERSION_LINE,
    Stanza,
    check_sealed_header,
    check_sealed_shape,
    encode_header,
    parse_header,
    read_header,
)
from corncrake_crypto.armor import ArmorReader, ArmorWriter
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import BLOCK_CLASS, HEADER_FRAME, MAX_RECIPIENTS, REPLY_CLASS, REPORT_CLASSES, STANZA_LENGTH, wire_size
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.seal import seal, seal_stream
from corncrake_crypto.unseal import unseal, unseal_stream

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENTS: Final = Path(__file__).parents[2] / "clients"
MINE, OTHER, STRANGER = (Identity.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
SMALL: Final = seal(b"An example.", [MINE.recipient])
TWO_RECIPIENTS: Final = seal(b"An example.", [MINE.recipient, OTHER.recipient])
LENGTHS: Final = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]


def failure_of(call: Callable[[], object]) -> Failure:
    with pytest.raises(FileError) as caught:
        call()
    return caught.value.failure


def opened_as_stream(sealed: bytes, *identities: Identity) -> bytes:
    return b"".join(unseal_stream(io.BytesIO(sealed), identities))


class Trickle:
    """A source that gives few bytes at a time, as pipes and sockets do."""

    def __init__(self, data: bytes, step: int) -> None:
        self._inner = io.BytesIO(data)
        self._step = step

    def read(self, size: int, /) -> bytes:
        return self._inner.read(min(size, self._step))


class Counted:
    """A sink that keeps nothing, a source of zeros."""

    def __init__(self, length: int) -> None:
        self.left = length

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self.left += len(data)

    def read(self, size: int, /) -> bytes:
        piece = bytes(min(size, self.left))
        self.left -= len(piece)
        return piece


@pytest.mark.parametrize("length", LENGTHS)
def test_each_recipient_opens_what_was_sealed_whole_or_as_a_stream(length: int) -> None:
    plaintext = (bytes(range(251)) * (length // 251 + 1))[:length]
    sink = io.BytesIO()
    seal_stream(Trickle(plaintext, 40_000), sink, [MINE.recipient, OTHER.recipient])
    for sealed in (seal(plaintext, [MINE.recipient, OTHER.recipient]), sink.getvalue()):
        assert len(sealed) == wire_size(2, length)
        assert check_sealed_shape(sealed, 2, [length]) == length
        for identity in (MINE, OTHER):
            assert unseal(sealed, [STRANGER, identity]) == plaintext
            assert opened_as_stream(sealed, identity) == plaintext
            assert b"".join(unseal_stream(Trickle(sealed, 999), [identity])) == plaintext


@pytest.mark.parametrize("size", [*REPORT_CLASSES, REPLY_CLASS, BLOCK_CLASS])
def test_every_class_has_the_length_on_the_wire_that_the_formula_says(size: int) -> None:
    sealed = seal(bytes(size), [MINE.recipient] * MAX_RECIPIENTS)
    assert check_sealed_shape(sealed, MAX_RECIPIENTS, [size]) == size


def test_two_seals_of_the_same_share_no_header_and_no_payload() -> None:
    again = seal(b"An example.", [MINE.recipient])
    assert again[22:1_500] != SMALL[22:1_500]
    assert again[-27:] != SMALL[-27:]


@pytest.mark.parametrize("count", [0, 17])
def test_no_recipient_or_too_many_are_refused_before_anything_is_written(count: int) -> None:
    sink = io.BytesIO()
    for call in (lambda: seal(b"", [MINE.recipient] * count), lambda: seal_stream(io.BytesIO(), sink, [MINE.recipient] * count)):
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.failure is Failure.MISUSE
    assert sink.getvalue() == b""


def test_a_file_cut_at_any_byte_is_refused_with_the_class_of_its_place() -> None:
    header_end = SMALL.index(b"\n--- ") + 1 + 48
    for length in range(len(SMALL)):
        wanted = Failure.HEADER if length < header_end + 16 else Failure.PAYLOAD
        assert failure_of(lambda cut=length: unseal(SMALL[:cut], [MINE])) is wanted, length
        assert failure_of(lambda cut=length: opened_as_stream(SMALL[:cut], MINE)) is wanted, length


def test_a_file_with_any_byte_altered_is_refused() -> None:
    allowed = {Failure.HEADER, Failure.HMAC, Failure.NO_MATCH, Failure.PAYLOAD}
    for at in range(len(SMALL)):
        altered = SMALL[:at] + bytes([SMALL[at] ^ 1]) + SMALL[at + 1 :]
        assert failure_of(lambda file=altered: unseal(file, [MINE])) in allowed, at


@pytest.mark.parametrize("keep", [65_552, 65_552 + 16, 65_552 * 2, 65_552 * 2 + 10])
def test_a_payload_cut_anywhere_near_a_chunk_is_refused_whole_and_as_a_stream(keep: int) -> None:
    sealed = seal(bytes(150_000), [MINE.recipient])
    cut = sealed[: wire_size(1, 0) - 16 + keep]
    assert failure_of(lambda: unseal(cut, [MINE])) is Failure.PAYLOAD
    assert failure_of(lambda: opened_as_stream(cut, MINE)) is Failure.PAYLOAD


def test_chunks_in_another_order_are_refused() -> None:
    sealed = seal(bytes(200_000), [MINE.recipient])
    start = wire_size(1, 0) - 16
    first, second, rest = sealed[start : start + 65_552], sealed[start + 65_552 : start + 131_104], sealed[start + 131_104 :]
    assert failure_of(lambda: unseal(sealed[:start] + second + first + rest, [MINE])) is Failure.PAYLOAD


@given(st.binary(max_size=400) | st.binary(max_size=200).map(VERSION_LINE.__add__))
def test_bytes_that_are_no_age_file_are_refused_as_header(raw: bytes) -> None:
    for call in (lambda: parse_header(raw), lambda: read_header(io.BytesIO(raw)), lambda: unseal(raw, [MINE])):
        assert failure_of(call) is Failure.HEADER


PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=9).filter(lambda text: text != "mlkem768x25519")
STANZAS = st.lists(st.builds(Stanza, PRINTABLE, st.lists(PRINTABLE, max_size=3).map(tuple), st.binary(max_size=100)), min_size=1, max_size=5)


@given(STANZAS, st.binary(max_size=30), st.integers(1, 70))
def test_a_header_comes_back_from_its_bytes_however_they_arrive(stanzas: list[Stanza], after: bytes, step: int) -> None:
    raw = encode_header(stanzas, bytes(16))
    header, length = parse_header(raw + after)
    assert (list(header.stanzas), length) == (stanzas, len(raw))
    streamed, ahead = read_header(Trickle(raw + after, step))
    assert streamed == header
    assert (raw + after)[length:].startswith(ahead)


@given(STANZAS, st.data())
def test_two_different_headers_never_mean_the_same(stanzas: list[Stanza], data: st.DataObject) -> None:
    raw = bytearray(encode_header(stanzas, bytes(16)))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        header, length = parse_header(bytes(raw))
    except FileError as error:
        assert error.failure is Failure.HEADER  # noqa: PT017 - either outcome is right
    else:
        again = encode_header(header.stanzas, bytes(16))
        assert again[: len(header.covered)] == raw[: len(header.covered)]
        assert length == len(again)


def reader_accepts(raw: bytes, count: int, size: int) -> bool:
    """Say whether a reader that has the keys would take this header, of an object of this shape."""
    try:
        header, length = parse_header(raw)
    except FileError:
        return False
    return None not in header.hybrid and len(header.hybrid) == count and len(raw) - length == wire_size(1, size) - 1_627


def server_accepts(raw: bytes, count: int, size: int) -> bool:
    try:
        return check_sealed_shape(raw, count, [size]) == size
    except FileError:
        return False


@given(st.integers(0, 3_199), st.integers(1, 255), st.integers(0, 3_199))
def test_the_server_takes_exactly_the_headers_that_a_reader_takes(at: int, flip: int, other: int) -> None:
    altered = bytearray(TWO_RECIPIENTS)
    altered[at] ^= flip
    altered[other] = altered[at]
    assert server_accepts(bytes(altered), 2, 11) == reader_accepts(bytes(altered), 2, 11)


def test_the_server_takes_a_sealed_object_and_none_with_another_number_of_stanzas() -> None:
    assert server_accepts(TWO_RECIPIENTS, 2, 11)
    header = TWO_RECIPIENTS[: HEADER_FRAME + 2 * STANZA_LENGTH]
    check_sealed_header(header, 2)
    assert failure_of(lambda: check_sealed_header(header[:-1], 2)) is Failure.HEADER
    for count in (1, 3):
        assert failure_of(lambda n=count: check_sealed_shape(TWO_RECIPIENTS, n, [11])) is Failure.SIZE
        assert failure_of(lambda n=count: check_sealed_header(header, n)) is Failure.HEADER
    grown = seal(bytes(11 + 1_557), [MINE.recipient])
    assert failure_of(lambda: check_sealed_shape(grown, 2, [11])) is Failure.HEADER


@pytest.mark.parametrize("line", [b"-> a\n\n", b"A" * 64 + b"\n", b"\n", b"-", b"-> " + b"a" * 4_000_000])
def test_a_header_without_end_is_refused_and_costs_little(line: bytes) -> None:
    hostile = VERSION_LINE + line * (4_000_000 // len(line))
    tracemalloc.start()
    assert failure_of(lambda: opened_as_stream(hostile, MINE)) is Failure.HEADER
    assert failure_of(lambda: unseal(hostile[:HEADER_MAX] + b"\n--- " + b"A" * 43 + b"\n", [MINE])) is Failure.HEADER
    assert failure_of(lambda: unseal(hostile[: HEADER_MAX // 2] + b"\n--- " + b"A" * 43 + b"\n", [MINE])) is Failure.HEADER
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20


def test_memory_is_flat_both_ways_for_a_file_of_32_mib() -> None:
    length = 32 << 20
    tracemalloc.start()
    sink = Counted(0)
    seal_stream(Counted(length), sink, [MINE.recipient])
    _, sealing = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sink.left == wire_size(1, length)
    assert sealing < 2 << 20
    file = io.BytesIO()
    seal_stream(Counted(length), file, [MINE.recipient])
    file.seek(0)
    tracemalloc.start()
    assert sum(len(chunk) for chunk in unseal_stream(file, [MINE])) == length
    _, opening = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert opening < 2 << 20


def test_only_the_listed_points_make_x25519_give_zeros() -> None:
    secret = X25519PrivateKey.generate()
    for point in recipients._SMALL_ORDER:  # pyright: ignore[reportPrivateUsage]
        for spelling in (point, point[:31] + bytes([point[31] | 0x80])):
            assert recipients.is_small_order(spelling)
            with pytest.raises(ValueError, match="shared key"):
                secret.exchange(X25519PublicKey.from_public_bytes(spelling))
    assert len(recipients._SMALL_ORDER) == 7  # pyright: ignore[reportPrivateUsage]
    assert not recipients.is_small_order(secret.public_key().public_bytes_raw())


def test_secrets_do_not_show_in_representations() -> None:
    shown = f"{MINE!r} {MINE} {[MINE]}"
    assert MINE.text not in shown
    assert MINE.seed.hex() not in shown
    assert repr(MINE.seed) not in shown


def test_recipients_are_equal_when_their_bytes_are() -> None:
    assert Recipient.from_text(str(MINE.recipient)) == MINE.recipient
    assert len({MINE.recipient, Recipient.from_raw(MINE.recipient.raw), OTHER.recipient}) == 2


ORACLE: Final = """
import * as age from 'age-encryption';
const { secret, other, file, plaintext } = JSON.parse(process.argv[1]);
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const decrypter = new age.Decrypter();
decrypter.addIdentity(secret);
const opened = await decrypter.decrypt(bytes(file));
const encrypter = new age.Encrypter();
for (const key of [other, secret]) encrypter.addRecipient(await age.identityToRecipient(key));
const sealed = await encrypter.encrypt(bytes(plaintext));
const armored = age.armor.encode(sealed);
process.stdout.write(JSON.stringify({ opened: Buffer.from(opened).toString('base64'), sealed: Buffer.from(sealed).toString('base64'), armored }));
"""


@pytest.mark.parametrize("length", [0, 70_000])
def test_another_implementation_opens_ours_and_we_open_theirs(length: int) -> None:
    plaintext = bytes(range(250)) * (length // 250)
    asked = {
        "secret": MINE.text,
        "other": OTHER.text,
        "file": base64.b64encode(seal(plaintext, [OTHER.recipient, MINE.recipient])).decode(),
        "plaintext": base64.b64encode(plaintext).decode(),
    }
    node = Path(sys.executable).parent / "node"
    script = ORACLE.replace("process.argv[1]", "(await import('node:fs')).readFileSync(0, 'utf8')")
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], cwd=CLIENTS, input=json.dumps(asked), text=True, check=True, capture_output=True
    )
    answer = json.loads(done.stdout)
    assert base64.b64decode(answer["opened"]) == plaintext
    sealed = base64.b64decode(answer["sealed"])
    assert unseal(sealed, [MINE]) == plaintext
    assert check_sealed_shape(sealed, 2, [length]) == length
    reader = ArmorReader(io.BytesIO(answer["armored"].encode()))
    assert b"".join(iter(lambda: reader.read(1_000), b"")) == sealed


@given(st.binary(max_size=300), st.integers(1, 100))
def test_armor_comes_back_however_it_is_cut_into_writes(data: bytes, step: int) -> None:
    sink = io.BytesIO()
    writer = ArmorWriter(sink)
    for at in range(0, len(data), step):
        writer.write(data[at : at + step])
    writer.close()
    reader = ArmorReader(Trickle(sink.getvalue(), step))
    assert b"".join(iter(lambda: reader.read(step), b"")) == data


@given(
    st.binary(max_size=200) | st.text("-BEGIN AGE\nabc=+/ ", max_size=120).map(lambda text: b"-----BEGIN AGE ENCRYPTED FILE-----\n" + text.encode())
)
def test_what_is_no_armor_is_refused_as_armor(raw: bytes) -> None:
    reader = ArmorReader(io.BytesIO(raw))
    assert failure_of(lambda: b"".join(iter(lambda: reader.read(100), b""))) is Failure.ARMOR
