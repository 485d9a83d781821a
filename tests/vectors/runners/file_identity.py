# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/file_identity/."""

from typing import Any

from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.recipients import Recipient


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "file_tag"
    assert file_tag(Recipient.from_text(case["recipient"])) == case["expected_text"]
