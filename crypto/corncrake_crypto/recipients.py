# SPDX-License-Identifier: Apache-2.0
"""Whom one can seal to: public keys of the hybrid kind, X-Wing (ML-KEM-768 and X25519).

Rules of this file: it knows the form of a public key and nothing that encrypts or decrypts, so that a server may load it. One
encoding per key: coefficients of ML-KEM are reduced, and points of small order, with which the X25519 half of a share is
all zero for everybody, are refused.

Source: crypto/spec/recipients.md; C2SP age.md; FIPS 203 §7.2; RFC 7748 §6.1.
"""

from __future__ import annotations

from typing import Final

from corncrake_crypto.encoding import bech32_decode, bech32_encode
from corncrake_crypto.errors import Failure, FileError

HRP: Final = "age1pq"
MLKEM_PUBLIC_LENGTH: Final = 1_184
X25519_LENGTH: Final = 32
RECIPIENT_LENGTH: Final = MLKEM_PUBLIC_LENGTH + X25519_LENGTH

_MLKEM_Q: Final = 3_329
_MLKEM_COEFFICIENTS: Final = 1_152
_P: Final = 2**255 - 19
# u coordinates of the points whose order divides 8, on the curve and on its twist, in every spelling below 2^255.
_SMALL_ORDER: Final = frozenset(
    value.to_bytes(32, "little")
    for value in (
        0,
        1,
        _P - 1,
        _P,
        _P + 1,
        0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    )
)


def is_small_order(point: bytes) -> bool:
    """Say whether X25519 with these 32 bytes gives all zeros whatever the secret is. The top bit does not count."""
    return point[:31] + bytes((point[31] & 0x7F,)) in _SMALL_ORDER


def _is_reduced(coefficients: bytes) -> bool:
    """Say whether every 12-bit little-endian coefficient is below q: the modulus check of FIPS 203 §7.2."""
    for low, middle, high in zip(coefficients[0::3], coefficients[1::3], coefficients[2::3], strict=True):
        if (low | (middle & 15) << 8) >= _MLKEM_Q or (middle >> 4 | high << 4) >= _MLKEM_Q:
            return False
    return True


class Recipient:
    """One public key to seal to; equal when the bytes are.

    Attributes:
        raw: the 1,216 bytes: ML-KEM-768 encapsulation key, then X25519 public key.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        """Take and check the 1,216 bytes; see `from_raw`."""
        if len(raw) != RECIPIENT_LENGTH:
            raise FileError(Failure.ENCODING, f"a recipient has {RECIPIENT_LENGTH} bytes")
        if not _is_reduced(raw[:_MLKEM_COEFFICIENTS]):
            raise FileError(Failure.ENCODING, "a coefficient of the ML-KEM key is not reduced")
        if is_small_order(raw[MLKEM_PUBLIC_LENGTH:]):
            raise FileError(Failure.ENCODING, "the X25519 key is a point of small order")
        self.raw = bytes(raw)

    @classmethod
    def from_raw(cls, raw: bytes) -> Recipient:
        """Return the recipient with these 1,216 bytes.

        Raises:
            FileError: `encoding`.

        Source: crypto/spec/recipients.md §1.
        """
        return cls(raw)

    @classmethod
    def from_text(cls, text: str) -> Recipient:
        """Return the recipient of an `age1pq1…` text of 1,959 characters, lower case.

        Raises:
            FileError: `encoding`.

        Source: crypto/spec/recipients.md §2.
        """
        if len(text) != _TEXT_LENGTH:
            raise FileError(Failure.ENCODING, f"a recipient has {_TEXT_LENGTH} characters")
        hrp, raw = bech32_decode(text)
        if hrp != HRP:
            raise FileError(Failure.ENCODING, f"a recipient begins with {HRP}1")
        return cls(raw)

    @property
    def text(self) -> str:
        """The `age1pq1…` text."""
        return bech32_encode(HRP, self.raw)

    def __str__(self) -> str:
        """Return the `age1pq1…` text."""
        return self.text

    def __repr__(self) -> str:
        """Return a form short enough for a log."""
        return f"Recipient({self.text[:20]}…)"

    def __eq__(self, other: object) -> bool:
        """Compare the bytes."""
        return isinstance(other, Recipient) and self.raw == other.raw

    def __hash__(self) -> int:
        """Hash the bytes."""
        return hash(self.raw)


# hrp, separator, five bits to a character, checksum.
_TEXT_LENGTH: Final = len(HRP) + 1 + -(-RECIPIENT_LENGTH * 8 // 5) + 6
