# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/acknowledgement/."""

from typing import Any

from corncrake_crypto.acknowledgement import open_acknowledgement
from corncrake_crypto.encoding import parse_root


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "open_acknowledgement"
    identity = bytes.fromhex(case["identity_hex"])
    found = open_acknowledgement(case["note_text"].encode(), root=parse_root(case["root"]), reviewer=case["reviewer"], identity=identity)
    assert list(found.reports) == case["expected"]
    assert list(found.aside) == case["expected_aside"]
