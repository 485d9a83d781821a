# SPDX-License-Identifier: Apache-2.0
"""Points of edwards25519, slowly, to make the signatures that no honest signer makes. Source: RFC 8032 §5.1."""

from __future__ import annotations

import hashlib

from organisation import seed

Point = tuple[int, int]

ORDER = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
BASE: Point = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
ORDER_2: Point = (0, P - 1)


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points."""
    (x1, y1), (x2, y2) = one, other
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def times(number: int, point: Point) -> Point:
    """Return a multiple of a point."""
    result = (0, 1)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def encoded(point: Point) -> bytes:
    """Return the 32 bytes of a point."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def scalar_of(label: str) -> int:
    """Return the secret scalar of a label's signing key."""
    half = int.from_bytes(hashlib.sha512(seed(label)).digest()[:32], "little")
    return half & ~7 & (2**254 - 1) | 2**254


def challenge(r: bytes, public_key: bytes, message: str) -> int:
    """Return k of a signature."""
    return int.from_bytes(hashlib.sha512(r + public_key + message.encode()).digest(), "little") % ORDER
