# SPDX-License-Identifier: Apache-2.0
"""Cases of identities.md; the recipients are computed by another implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle import SECRETS, recipient_of

from corncrake_crypto.encoding import bech32_decode, bech32_encode

if TYPE_CHECKING:
    from collections.abc import Iterator

# The example of C2SP age.md.
EXAMPLE = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    for name, text in {"c2sp_example": EXAMPLE, "seed_of_ones": SECRETS[0], "seed_of_twos": SECRETS[1]}.items():
        yield (
            name,
            {
                "what": "an identity and its recipient",
                "do": "from_text",
                "failure": None,
                "text": text,
                "expected_seed_hex": bech32_decode(text)[1].hex(),
                "expected_recipient_text": recipient_of(text),
            },
        )
    seed = bytes(32)
    bad = {
        "lower_case": (EXAMPLE.lower(), "an identity is upper case"),
        "x25519": ("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "an X25519 identity"),
        "short": (bech32_encode("AGE-SECRET-KEY-PQ-", seed[:-1]), "31 bytes"),
        "long": (bech32_encode("AGE-SECRET-KEY-PQ-", seed + b"\0"), "33 bytes"),
        "wrong_checksum": (EXAMPLE[:-1] + "Q", "a wrong checksum"),
        "empty": ("", "nothing"),
    }
    for name, (text, what) in bad.items():
        yield name, {"what": what, "do": "from_text", "failure": "encoding", "text": text}
