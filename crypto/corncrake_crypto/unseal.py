# SPDX-License-Identifier: Apache-2.0
"""Opening: an age v1 file and identities in, verified bytes out.

Rules of this file: nothing is given out before its chunk was verified. In Corncrake's own channels a file has hybrid stanzas
only (`strict`, the default); the `age` command also reads files that others made, whose unknown stanzas are passed over.
A server must not load this file.

Source: crypto/spec/unseal.md; C2SP age.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from corncrake_crypto.age_format import FILE_KEY_LENGTH, check_mac, parse_header, read_header
from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.padding import MAX_RECIPIENTS, NONCE_LENGTH
from corncrake_crypto.stream import open_chunks, open_whole, payload_cipher, read_fully

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corncrake_crypto.age_format import BinaryReader, Header


class Unwrapper(Protocol):
    """What can open a header: an `Identity`, or for files of others what the `age` command brings."""

    def file_key(self, header: Header, /) -> bytes | None:
        """Return the file key, None when no stanza is for it; raise `header` when a stanza of its type has a wrong form."""
        ...


def open_file_key(header: Header, identities: Sequence[Unwrapper], *, strict: bool = True) -> tuple[bytes, int]:
    """Return the 16-byte file key of a file, the header's MAC verified, and which identity opened it, counted from 0.

    Identities are tried in their order, each on the stanzas in theirs: the caller puts the likeliest first.

    Args:
        header: as parsed.
        identities: what may open it.
        strict: refuse a header with any stanza that is not hybrid, or with more than 16.

    Raises:
        FileError: `header`, `no-match`, `hmac`.

    Source: crypto/spec/unseal.md §1.
    """
    if strict and len(header.stanzas) > MAX_RECIPIENTS:
        raise FileError(Failure.HEADER, f"a sealed object has at most {MAX_RECIPIENTS} stanzas")
    if strict and None in header.hybrid:
        raise FileError(Failure.HEADER, "a sealed object has hybrid stanzas only")
    for place, identity in enumerate(identities):
        file_key = identity.file_key(header)
        if file_key is not None:
            if len(file_key) != FILE_KEY_LENGTH:
                raise FileError(Failure.HEADER, f"a file key has {FILE_KEY_LENGTH} bytes")
            check_mac(header, file_key)
            return file_key, place
    raise FileError(Failure.NO_MATCH, "none of the stanzas is for these identities")


class Unsealed(NamedTuple):
    """What was in a sealed object, how many stanzas it has, and which identity opened it, counted from 0."""

    plaintext: bytes
    stanzas: int
    opened_by: int


def unseal(sealed: bytes, identities: Sequence[Unwrapper]) -> bytes:
    """Return the plaintext of a sealed object that is in memory; see `unseal_whole`."""
    return unseal_whole(sealed, identities).plaintext


def unseal_whole(sealed: bytes, identities: Sequence[Unwrapper]) -> Unsealed:
    """Open a sealed object that is in memory.

    Args:
        sealed: the whole age file, hybrid stanzas only.
        identities: the likeliest first.

    Raises:
        FileError: `header`, `no-match`, `hmac` or `payload`.

    Source: crypto/spec/unseal.md §1.
    """
    header, length = parse_header(sealed)
    file_key, place = open_file_key(header, identities)
    nonce = sealed[length : length + NONCE_LENGTH]
    if len(nonce) != NONCE_LENGTH:
        raise FileError(Failure.HEADER, "the file ends before its payload")
    cipher = payload_cipher(file_key, nonce)
    return Unsealed(open_whole(cipher, memoryview(sealed)[length + NONCE_LENGTH :]), len(header.stanzas), place)


class _Rest:
    """What was read beyond the header, then the rest of the source."""

    def __init__(self, ahead: bytes, source: BinaryReader) -> None:
        self._ahead = memoryview(ahead)
        self._source = source

    def read(self, size: int, /) -> bytes:
        if self._ahead:
            piece = bytes(self._ahead[:size])
            self._ahead = self._ahead[size:]
            return piece
        return self._source.read(size)


def unseal_stream(source: BinaryReader, identities: Sequence[Unwrapper], *, strict: bool = True) -> Iterator[bytes]:
    """Yield the plaintext of an age file chunk by chunk, each verified; memory does not grow with the file.

    What was yielded is the whole only when the iterator ends without raising: act on nothing before.

    Args:
        source: the age file, binary.
        identities: the likeliest first.
        strict: as in `open_file_key`.

    Raises:
        FileError: `header`, `no-match`, `hmac` or `payload`, while it is iterated.

    Source: crypto/spec/unseal.md §2.
    """
    header, ahead = read_header(source)
    file_key, _ = open_file_key(header, identities, strict=strict)
    rest = _Rest(ahead, source)
    nonce = bytes(read_fully(rest, NONCE_LENGTH))
    if len(nonce) != NONCE_LENGTH:
        raise FileError(Failure.HEADER, "the file ends before its payload")
    yield from open_chunks(payload_cipher(file_key, nonce), rest)
