# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/request_signature/."""

import base64
from typing import Any

from corncrake_crypto import request_signature, signatures


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    key = bytes.fromhex(case["key_hex"])
    if case["do"] == "signature_base":
        base = request_signature.signature_base([(name, value) for name, value in case["components"]], case["params"])
        signatures.verify(key, base, base64.b64decode(case["signature_base64"]))
        return
    assert case["do"] == "verify_request"
    request = {name: case[name] for name in ("method", "authority", "path", "query", "headers", "now")}
    found = request_signature.verify_request(**request, key=key)
    assert (found.keyid, found.nonce) == (case["expected_keyid"], case["expected_nonce"])
    assert found.body_sha256.hex() == case["expected_body_sha256"]
    assert request_signature.claimed_keyid(case["headers"]) == found.keyid
