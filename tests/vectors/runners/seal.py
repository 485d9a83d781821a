# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/seal/."""

from __future__ import annotations

import base64
from typing import Any

from corncrake_crypto.identities import Identity
from corncrake_crypto.seal import seal
from corncrake_crypto.unseal import unseal


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    identities = [Identity.from_seed(bytes.fromhex(seed)) for seed in case["identity_seeds_hex"]]
    plaintext = base64.b64decode(case["plaintext_base64"])
    sealed = seal(
        plaintext,
        [identity.recipient for identity in identities],
        file_key=bytes.fromhex(case["file_key_hex"]),
        nonce=bytes.fromhex(case["nonce_hex"]),
    )
    assert len(sealed) == case["expected_length"]
    assert sealed.endswith(base64.b64decode(case["expected_payload_base64"]))
    assert [unseal(sealed, [identity]) for identity in identities] == [plaintext] * len(identities)
