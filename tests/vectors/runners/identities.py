# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/identities/."""

from __future__ import annotations

from typing import Any

from corncrake_crypto.identities import Identity


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "from_text"
    identity = Identity.from_text(case["text"])
    assert identity.seed.hex() == case["expected_seed_hex"]
    assert identity.recipient.text == case["expected_recipient_text"]
    assert Identity.from_seed(identity.seed).text == case["text"]
