# SPDX-License-Identifier: Apache-2.0
"""Secrets that open: identities of the hybrid kind, X-Wing (ML-KEM-768 and X25519).

Rules of this file: an identity is a 32-byte seed and everything else follows from it. Its representation never shows the
seed. A server must not load this file.

Source: crypto/spec/identities.md; C2SP age.md; draft-connolly-cfrg-xwing-kem §5.2; RFC 9180 §6.1.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from corncrake_crypto.age_format import HYBRID_INFO
from corncrake_crypto.encoding import bech32_decode, bech32_encode
from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.recipients import Recipient

if TYPE_CHECKING:
    from corncrake_crypto.age_format import Header

HRP: Final = "AGE-SECRET-KEY-PQ-"
SEED_LENGTH: Final = 32
_MLKEM_SEED_LENGTH: Final = 64
_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class Identity:
    """One secret key; opens what was sealed to its `recipient`.

    Attributes:
        seed: the 32 bytes it is made of.
        recipient: the public key.
    """

    __slots__ = ("_key", "recipient", "seed")

    def __init__(self, seed: bytes) -> None:
        """Expand the 32-byte seed; see `from_seed`."""
        if len(seed) != SEED_LENGTH:
            raise FileError(Failure.ENCODING, f"an identity has {SEED_LENGTH} bytes")
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_LENGTH + SEED_LENGTH)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_LENGTH])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_LENGTH:])
        self.seed = bytes(seed)
        self.recipient = Recipient(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())
        self._key = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)

    @classmethod
    def generate(cls) -> Identity:
        """Return a new identity."""
        return cls(random_bytes(SEED_LENGTH))

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """Return the identity with this 32-byte seed.

        Raises:
            FileError: `encoding`, when it has another length.

        Source: crypto/spec/identities.md §1.
        """
        return cls(seed)

    @classmethod
    def from_text(cls, text: str) -> Identity:
        """Return the identity of an `AGE-SECRET-KEY-PQ-1…` text of 77 characters, upper case.

        Raises:
            FileError: `encoding`.

        Source: crypto/spec/identities.md §2.
        """
        if len(text) > 2 * len(HRP) + SEED_LENGTH * 2:
            raise FileError(Failure.ENCODING, "this is too long for an identity")
        hrp, seed = bech32_decode(text)
        if hrp != HRP:
            raise FileError(Failure.ENCODING, f"an identity begins with {HRP}1")
        return cls(seed)

    @property
    def text(self) -> str:
        """The `AGE-SECRET-KEY-PQ-1…` text: a secret."""
        return bech32_encode(HRP, self.seed)

    def file_key(self, header: Header) -> bytes | None:
        """Return the 16-byte file key from the first stanza of `header` that opens, or None when none does.

        Source: crypto/spec/unseal.md §1; RFC 9180 §6.1.
        """
        for wrapped in header.hybrid:
            if wrapped is not None and (file_key := self._unwrapped(wrapped)) is not None:
                return file_key
        return None

    def _unwrapped(self, wrapped: bytes) -> bytes | None:
        try:
            return _SUITE.decrypt(wrapped, self._key, HYBRID_INFO)
        except InvalidTag:
            return None

    def __repr__(self) -> str:
        """Return a form that hides the seed."""
        return f"Identity(for {self.recipient!r})"
