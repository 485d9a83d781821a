# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/reply/."""

import base64
import hashlib
from typing import Any

import msgspec

from corncrake_crypto import reply
from corncrake_crypto.signatures import SigningKey


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "build_reply":
        draft = msgspec.convert(case["draft"], reply.ReplyDraft)
        plaintext = reply.build_reply(draft, SigningKey.from_seed(bytes.fromhex(case["seed_hex"])))
        assert hashlib.sha256(plaintext).hexdigest() == case["expected_sha256"]
        return
    if case["do"] == "join_replies":
        assert reply.join_replies(msgspec.convert(case["replies"], list[reply.Reply])) == case["expected_text"]
        return
    assert case["do"] == "read_reply"
    plaintext = base64.b64decode(case["plaintext_base64"]).ljust(case["plaintext_length"], b"\0")
    place = reply.ReplyPlace(public=bytes.fromhex(case["identity_hex"]), **case["place"])
    found = msgspec.json.decode(msgspec.json.encode(reply.read_reply(plaintext, place)))
    del found["signature"]
    assert found == case["expected"]
