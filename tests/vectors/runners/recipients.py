# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/recipients/."""

from __future__ import annotations

from typing import Any

from corncrake_crypto.recipients import Recipient


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "from_text"
    recipient = Recipient.from_text(case["text"])
    assert recipient.raw.hex() == case["expected_hex"]
    assert Recipient.from_raw(recipient.raw).text == case["text"]
