# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/proof/."""

import base64
from typing import Any

from corncrake_crypto import proof


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "verify_proof"
    raw = base64.b64decode(case["proof_base64"]) if "proof_base64" in case else case["proof_text"].encode()
    head = proof.verify_proof(raw, bytes.fromhex(case["entry_hex"]), case["origin"], bytes.fromhex(case["key_hex"]))
    assert head.size == case["expected_size"]
    read = proof.read_proof(raw)
    assert proof.write_proof(read.index, read.path, read.checkpoint, read.extra) == raw
