# SPDX-License-Identifier: Apache-2.0
"""Cases of recipients.md; the good keys are made by another implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle import SECRETS, recipient_of

from corncrake_crypto.encoding import bech32_decode, bech32_encode

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDER_8 = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    text = recipient_of(SECRETS[0])
    raw = bech32_decode(text)[1]
    yield "good", {"what": "a recipient", "do": "from_text", "failure": None, "text": text, "expected_hex": raw.hex()}
    bad = {
        "upper_case": (text.upper(), "a recipient is lower case"),
        "wrong_checksum": (text[:-1] + ("q" if text[-1] != "q" else "p"), "a wrong checksum"),
        "x25519": ("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "a recipient that is not post-quantum"),
        "other_prefix": (bech32_encode("age1pr", raw), "another prefix of the same length"),
        "short": (bech32_encode("age1pq", raw[:-1]), "1,215 bytes"),
        "long": (bech32_encode("age1pq", raw + b"\0"), "1,217 bytes"),
        "not_reduced": (bech32_encode("age1pq", b"\xff\xff\xff" + raw[3:]), "two coefficients of 4,095"),
        "x25519_zero": (bech32_encode("age1pq", raw[:1184] + bytes(32)), "the X25519 half is zero"),
        "x25519_order_8": (bech32_encode("age1pq", raw[:1184] + ORDER_8), "the X25519 half is a point of order 8"),
        "x25519_top_bit": (bech32_encode("age1pq", raw[:1184] + b"\x01" + bytes(30) + b"\x80"), "1 with its top bit set"),
        "space": (text + " ", "a space"),
        "empty": ("", "nothing"),
    }
    for name, (wrong, what) in bad.items():
        yield name, {"what": what, "do": "from_text", "failure": "encoding", "text": wrong}
