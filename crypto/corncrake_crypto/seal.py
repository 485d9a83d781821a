# SPDX-License-Identifier: Apache-2.0
"""Sealing: bytes and recipients in, an age v1 file out.

Rules of this file: hybrid stanzas only, one for each recipient in the order given, 1 to 16 of them. A file key and a nonce are
made for one file and never used again; they may be passed in only so that a test can fix them. A server must not load this
file.

Source: crypto/spec/seal.md; C2SP age.md; RFC 9180 §6.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from corncrake_crypto.age_format import ENCAPSULATED_LENGTH, FILE_KEY_LENGTH, HYBRID, HYBRID_INFO, Stanza, encode_header
from corncrake_crypto.encoding import b64std_nopad
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.padding import MAX_RECIPIENTS, NONCE_LENGTH, wire_size
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.recipients import MLKEM_PUBLIC_LENGTH
from corncrake_crypto.stream import one_buffer, payload_cipher, seal_chunks, seal_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.age_format import BinaryReader
    from corncrake_crypto.recipients import Recipient
    from corncrake_crypto.stream import BinaryWriter

_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def wrap(file_key: bytes, recipient: Recipient) -> Stanza:
    """Return the stanza that wraps the 16-byte `file_key` for `recipient`.

    Source: crypto/spec/age_format.md §3; RFC 9180 §6.1.
    """
    raw = recipient.raw
    key = hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC_LENGTH]),
        X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC_LENGTH:]),
    )
    sealed = _SUITE.encrypt(file_key, key, HYBRID_INFO)
    return Stanza(HYBRID, (b64std_nopad(sealed[:ENCAPSULATED_LENGTH]),), sealed[ENCAPSULATED_LENGTH:])


def _header(file_key: bytes, recipients: Sequence[Recipient]) -> bytes:
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise UsageError(Failure.MISUSE, f"a sealed object has 1 to {MAX_RECIPIENTS} recipients")
    if len(file_key) != FILE_KEY_LENGTH:
        raise UsageError(Failure.MISUSE, f"a file key has {FILE_KEY_LENGTH} bytes")
    return encode_header([wrap(file_key, recipient) for recipient in recipients], file_key)


def seal(
    plaintext: bytes,
    recipients: Sequence[Recipient],
    *,
    file_key: bytes | None = None,
    nonce: bytes | None = None,
) -> bytes:
    """Return the age file that seals `plaintext` to `recipients`, `wire_size(len(recipients), len(plaintext))` bytes long.

    Args:
        plaintext: usually an archive filled to its class; the caller pads.
        recipients: 1 to 16, in the order of their stanzas.
        file_key: 16 random bytes; for tests.
        nonce: 16 random bytes; for tests.

    Raises:
        UsageError: `misuse`: no recipient, more than 16, or a file key or nonce of another length.

    Source: crypto/spec/seal.md §1.
    """
    file_key = random_bytes(FILE_KEY_LENGTH) if file_key is None else file_key
    nonce = random_bytes(NONCE_LENGTH) if nonce is None else nonce
    if len(nonce) != NONCE_LENGTH:
        raise UsageError(Failure.MISUSE, f"a nonce has {NONCE_LENGTH} bytes")
    header = _header(file_key, recipients)
    start = len(header) + NONCE_LENGTH
    with one_buffer(wire_size(len(recipients), len(plaintext))) as (buffer, target):
        target[:start] = header + nonce
        seal_whole(payload_cipher(file_key, nonce), memoryview(plaintext), target[start:])
    return buffer.getvalue()


def seal_stream(source: BinaryReader, sink: BinaryWriter, recipients: Sequence[Recipient]) -> None:
    """Seal all that `source` gives into `sink`; memory does not grow with its length.

    Raises:
        UsageError: `misuse`, as `seal`, before anything is written.

    Source: crypto/spec/seal.md §2.
    """
    file_key, nonce = random_bytes(FILE_KEY_LENGTH), random_bytes(NONCE_LENGTH)
    sink.write(_header(file_key, recipients) + nonce)
    seal_chunks(payload_cipher(file_key, nonce), source, sink)
