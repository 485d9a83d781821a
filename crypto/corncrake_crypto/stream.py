# SPDX-License-Identifier: Apache-2.0
"""The payload of an age file: chunks of 64 KiB, each encrypted by itself, in order, the last one marked.

Rules of this file: one chunk is in memory at a time, in one direction. A chunk is given out only after it was verified, in its
place; that the stream is whole is known only when the iterator has ended without an error.

Source: crypto/spec/age_format.md §5; C2SP age.md; RFC 8439.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.padding import CHUNK_LENGTH, TAG_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corncrake_crypto.age_format import BinaryReader

SEALED_CHUNK: Final = CHUNK_LENGTH + TAG_LENGTH


class BinaryWriter(Protocol):
    """Whatever takes bytes in order."""

    def write(self, data: bytes | bytearray | memoryview, /) -> object:
        """Take all of `data` before returning; the caller then uses the buffer again."""
        ...


class MemoryReader:
    """A reader over bytes that are in memory already, whose slices are views, not copies."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        """Begin at byte `at` of `data`."""
        self._data = memoryview(data)
        self._at = at

    def read(self, size: int, /) -> memoryview:
        """Return at most `size` bytes."""
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece


def payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    """Return the cipher of the payload for a 16-byte file key and the file's 16-byte nonce."""
    return ChaCha20Poly1305(HKDF(hashes.SHA256(), 32, salt=nonce, info=b"payload").derive(file_key))


def chunk_nonce(number: int, *, last: bool) -> bytes:
    """Return the 12-byte nonce of chunk `number`, counted from zero."""
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def read_fully(source: BinaryReader | MemoryReader, size: int) -> bytes | memoryview:
    """Return `size` bytes of `source`, fewer only at its end."""
    piece = source.read(size)
    if len(piece) == size or not piece:
        return piece
    pieces = bytearray(piece)
    while len(pieces) < size and (piece := source.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def seal_chunks(cipher: ChaCha20Poly1305, source: BinaryReader | MemoryReader, sink: BinaryWriter) -> None:
    """Encrypt all of `source` into `sink`; two chunks are in memory, whatever the length.

    Source: crypto/spec/age_format.md §5.
    """
    out = memoryview(bytearray(SEALED_CHUNK))
    number = 0
    chunk = read_fully(source, CHUNK_LENGTH)
    while True:
        following = read_fully(source, CHUNK_LENGTH) if len(chunk) == CHUNK_LENGTH else b""
        sealed = out[: len(chunk) + TAG_LENGTH]
        cipher.encrypt_into(chunk_nonce(number, last=not following), chunk, None, sealed)
        sink.write(sealed)
        if not following:
            return
        chunk = following
        number += 1


def _payload(detail: str) -> FileError:
    return FileError(Failure.PAYLOAD, detail)


def _opened(cipher: ChaCha20Poly1305, number: int, sealed: bytes | memoryview, *, last: bool) -> bytes | None:
    try:
        return cipher.decrypt(chunk_nonce(number, last=last), sealed, None)
    except InvalidTag:
        return None


def open_chunks(cipher: ChaCha20Poly1305, source: BinaryReader | MemoryReader) -> Iterator[bytes]:
    """Yield the verified chunks of the payload that `source` holds to its end.

    Raises:
        FileError: `payload`: a chunk is altered, cut, out of place or missing, or something follows the last one. What was
            yielded before stands as it was sent, but is not the whole.

    Source: crypto/spec/age_format.md §5.
    """
    number = 0
    sealed = read_fully(source, SEALED_CHUNK)
    while True:
        following = read_fully(source, SEALED_CHUNK) if len(sealed) == SEALED_CHUNK else b""
        if len(sealed) < TAG_LENGTH:
            raise _payload("a chunk is cut, or there is none")
        chunk = _opened(cipher, number, sealed, last=not following)
        if chunk is None:
            raise _payload(f"chunk {number} is altered or out of place")
        if not following:
            if not chunk and number:
                raise _payload("the last chunk is empty")
            yield chunk
            return
        yield chunk
        sealed = following
        number += 1
