# SPDX-License-Identifier: Apache-2.0
"""Cases of seal.md: the payload, which a given file key and nonce determine, by libsodium and `hmac`."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as encrypt
from oracle import SEEDS
from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, NONCE = bytes(range(16)), bytes(range(16, 32))


def payload(plaintext: bytes) -> bytes:
    """Return nonce and chunks."""
    key = hmac.digest(hmac.digest(NONCE, KEY, "sha256"), b"payload\x01", "sha256")
    pieces = [plaintext[i : i + 65536] for i in range(0, len(plaintext), 65536)] or [b""]
    sealed = [encrypt(piece, None, number.to_bytes(11, "big") + bytes([number == len(pieces) - 1]), key) for number, piece in enumerate(pieces)]
    return NONCE + b"".join(sealed)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    fixed = {"file_key_hex": KEY.hex(), "nonce_hex": NONCE.hex()}
    for name, plaintext, count in (("empty", b"", 1), ("short", b"hello\n", 2), ("two_chunks", b"x" * 65537, 1)):
        seeds = [seed.hex() for seed in SEEDS[:count]]
        yield (
            name,
            {
                "what": f"{len(plaintext)} bytes to {count}; only the payload can be foretold",
                "do": "seal",
                "failure": None,
                "plaintext_base64": b64(plaintext),
                "identity_seeds_hex": seeds,
                **fixed,
                "expected_payload_base64": b64(payload(plaintext)),
                "expected_length": 70 + 1557 * count + len(payload(plaintext)),
            },
        )
    one = SEEDS[0].hex()
    bad: dict[str, tuple[list[str], bytes, bytes, str]] = {
        "no_recipient": ([], KEY, NONCE, "nobody to seal to"),
        "recipients_17": ([one] * 17, KEY, NONCE, "17 recipients"),
        "file_key_15": ([one], KEY[1:], NONCE, "a file key of 15 bytes"),
        "nonce_17": ([one], KEY, NONCE + b"x", "a nonce of 17 bytes"),
    }
    for name, (seeds, key, nonce, what) in bad.items():
        yield (
            name,
            {
                "what": what,
                "do": "seal",
                "failure": "misuse",
                "plaintext_base64": "",
                "identity_seeds_hex": seeds,
                "file_key_hex": key.hex(),
                "nonce_hex": nonce.hex(),
            },
        )
