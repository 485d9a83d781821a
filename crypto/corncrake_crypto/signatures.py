# SPDX-License-Identifier: Apache-2.0
"""Ed25519: keys that sign, and what a signature inside a sealed object covers.

Rules of this file: verification is strict (libsodium): keys of small order and signatures with a scalar beyond the order are
refused, as the default of other libraries does not. A signature inside an object covers the line of its kind, the canonical
JSON of all its other fields, and a newline. A representation never shows a seed.

Source: crypto/spec/signatures.md; RFC 8032 §5.1.
"""

import msgspec
from nacl import signing
from nacl.exceptions import BadSignatureError, CryptoError

from corncrake_crypto.encoding import b64url, canonical, unb64url
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.randomness import random_bytes

SEED_LENGTH = 32
PUBLIC_LENGTH = 32
SIGNATURE_LENGTH = 64


class SigningKey:
    """One Ed25519 key.

    Attributes:
        seed: the 32 secret bytes.
        public: the 32 public bytes.
    """

    __slots__ = ("_key", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        """Expand the 32-byte seed; see `from_seed`."""
        if len(seed) != SEED_LENGTH:
            raise UsageError(Failure.MISUSE, f"the seed of a signing key has {SEED_LENGTH} bytes")
        self._key = signing.SigningKey(bytes(seed))
        self.seed = bytes(seed)
        self.public = bytes(self._key.verify_key)

    @classmethod
    def generate(cls) -> "SigningKey":
        """Return a new key."""
        return cls(random_bytes(SEED_LENGTH))

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """Return the key of this 32-byte seed.

        Raises:
            UsageError: `misuse`, when it has another length.

        Source: crypto/spec/signatures.md §1; RFC 8032 §5.1.5.
        """
        return cls(seed)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of `message`."""
        return self._key.sign(message).signature

    def __repr__(self) -> str:
        """Return a form that hides the seed."""
        return f"SigningKey(for {b64url(self.public)})"


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature, strictly.

    Raises:
        PeerError: `signature`, when it is not by the 32-byte key `public`, or key or signature have a form that is refused.

    Source: crypto/spec/signatures.md §1; RFC 8032 §5.1.7.
    """
    try:
        signing.VerifyKey(public).verify(message, signature)
    except (BadSignatureError, CryptoError, ValueError) as error:
        raise PeerError(Failure.SIGNATURE, "the signature is not by the key that must have made it") from error


def statement(kind: str, value: object) -> bytes:
    """Return the bytes that a signature inside an object of `kind` covers.

    Args:
        kind: the word in `corncrake.org/<kind>/v1`.
        value: a Struct or a dict; its field `signature` is left out.

    Source: crypto/spec/signatures.md §2.
    """
    fields = msgspec.to_builtins(value)
    fields = {name: field for name, field in fields.items() if name != "signature"}
    return f"corncrake.org/{kind}/v1\n".encode() + canonical(fields) + b"\n"


def sign_statement(key: SigningKey, kind: str, value: object) -> str:
    """Return the base64url signature, 86 characters, of an object of `kind`; see `statement`."""
    return b64url(key.sign(statement(kind, value)))


def verify_statement(public: bytes, kind: str, value: object, signature: str) -> None:
    """Check the signature inside an object of `kind`.

    Raises:
        PeerError: `signature`.

    Source: crypto/spec/signatures.md §2.
    """
    try:
        raw = unb64url(signature, SIGNATURE_LENGTH)
    except FileError as error:
        raise PeerError(Failure.SIGNATURE, "the signature has not the form of one") from error
    verify(public, statement(kind, value), raw)
