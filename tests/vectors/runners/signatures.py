# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/signatures/."""

from typing import Any

from corncrake_crypto import signatures


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "sign_statement":
        key = signatures.SigningKey.from_seed(bytes.fromhex(case["seed_hex"]))
        assert signatures.sign_statement(key, case["kind"], case["value"]) == case["expected_text"]
        return
    public = bytes.fromhex(case["public_hex"])
    if case["do"] == "verify":
        signatures.verify(public, case["message_text"].encode(), bytes.fromhex(case["signature_hex"]))
        return
    assert case["do"] == "verify_statement"
    signatures.verify_statement(public, case["kind"], case["value"], case["signature"])
