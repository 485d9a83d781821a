# SPDX-License-Identifier: Apache-2.0
"""The payload of an age file: chunks of 64 KiB, each encrypted by itself, in order, the last one marked.

Rules of this file: one chunk is in memory at a time, in one direction. A chunk is given out only after it was verified, in its
place; that the stream is whole is known only when the iterator has ended without an error.

Source: crypto/spec/age_format.md §5; C2SP age.md; RFC 8439.
"""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.padding import CHUNK_LENGTH, TAG_LENGTH

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from corncrake_crypto.age_format import BinaryReader

SEALED_CHUNK: Final = CHUNK_LENGTH + TAG_LENGTH


class BinaryWriter(Protocol):
    """Whatever takes bytes in order."""

    def write(self, data: bytes | bytearray | memoryview, /) -> object:
        """Take all of `data` before returning; the caller then uses the buffer again."""
        ...


def payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    """Return the cipher of the payload for a 16-byte file key and the file's 16-byte nonce."""
    return ChaCha20Poly1305(HKDF(hashes.SHA256(), 32, salt=nonce, info=b"payload").derive(file_key))


def chunk_nonce(number: int, *, last: bool) -> bytes:
    """Return the 12-byte nonce of chunk `number`, counted from zero."""
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def read_fully(source: BinaryReader, size: int) -> bytes:
    """Return `size` bytes of `source`, fewer only at its end."""
    piece = source.read(size)
    if len(piece) == size or not piece:
        return piece
    pieces = bytearray(piece)
    while len(pieces) < size and (piece := source.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


@contextmanager
def one_buffer(length: int) -> Generator[tuple[BytesIO, memoryview], None, None]:
    """Give a buffer of `length` bytes, at least one, and the view to fill it; its `getvalue` is then free of a copy.

    Whole objects are sealed and opened into place: at megabytes, each copy costs as much as the cipher.
    """
    buffer = BytesIO()
    buffer.seek(length - 1)
    buffer.write(b"\0")
    with buffer.getbuffer() as view:
        yield buffer, view


def seal_whole(cipher: ChaCha20Poly1305, plaintext: memoryview, target: memoryview) -> None:
    """Encrypt `plaintext` into `target`, which has the exact length of the chunks with their tags.

    Source: crypto/spec/age_format.md §5.
    """
    at = 0
    for number, start in enumerate(range(0, max(1, len(plaintext)), CHUNK_LENGTH)):
        chunk = plaintext[start : start + CHUNK_LENGTH]
        end = at + len(chunk) + TAG_LENGTH
        nonce = chunk_nonce(number, last=start + CHUNK_LENGTH >= len(plaintext))
        cipher.encrypt_into(nonce, chunk, None, target[at:end])
        at = end


def open_whole(cipher: ChaCha20Poly1305, sealed: memoryview) -> bytes:
    """Return the plaintext of the chunks that are all in `sealed`.

    Raises:
        FileError: `payload`, as `open_chunks`.

    Source: crypto/spec/age_format.md §5.
    """
    chunks = max(1, -(-len(sealed) // SEALED_CHUNK))
    length = len(sealed) - TAG_LENGTH * chunks
    if length < 0 or (chunks > 1 and length <= CHUNK_LENGTH * (chunks - 1)):
        raise _payload("a chunk is cut or empty, or there is none")
    if chunks == 1:
        chunk = _opened(cipher, 0, sealed, last=True)
        if chunk is None:
            raise _payload("chunk 0 is altered or out of place")
        return chunk
    with one_buffer(length) as (buffer, target):
        for number in range(chunks):
            start = number * CHUNK_LENGTH
            piece = sealed[number * SEALED_CHUNK : (number + 1) * SEALED_CHUNK]
            try:
                nonce = chunk_nonce(number, last=number == chunks - 1)
                cipher.decrypt_into(nonce, piece, None, target[start : start + len(piece) - TAG_LENGTH])
            except InvalidTag as error:
                raise _payload(f"chunk {number} is altered or out of place") from error
    return buffer.getvalue()


def seal_chunks(cipher: ChaCha20Poly1305, source: BinaryReader, sink: BinaryWriter) -> None:
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


def _marked_otherwise(cipher: ChaCha20Poly1305, number: int, sealed: bytes, *, last: bool) -> Iterator[bytes]:
    """Say what is wrong with a chunk; yield it first, when it is whole but something is missing or too much after it.

    A reader that looks no chunk ahead gives such a chunk out, and the public age suite counts it.
    """
    chunk = _opened(cipher, number, sealed, last=last) if len(sealed) == SEALED_CHUNK else None
    if chunk is None:
        raise _payload(f"chunk {number} is altered or out of place")
    yield chunk
    raise _payload("something follows the last chunk" if last else "the last chunk is missing")


def open_chunks(cipher: ChaCha20Poly1305, source: BinaryReader) -> Iterator[bytes]:
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
            yield from _marked_otherwise(cipher, number, sealed, last=bool(following))
        elif not chunk and number:
            raise _payload("the last chunk is empty")
        else:
            yield chunk
        if not following:
            return
        sealed = following
        number += 1
