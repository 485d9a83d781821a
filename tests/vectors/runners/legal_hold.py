# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/legal_hold/."""

from typing import Any

from corncrake_crypto.encoding import parse_root
from corncrake_crypto.legal_hold import open_legal_hold


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "open_legal_hold"
    key = bytes.fromhex(case["key_hex"])
    found = open_legal_hold(case["note_text"].encode(), root=parse_root(case["root"]), holder=case["holder"], key=key)
    assert list(found.desks) == case["expected_desks"]
    assert list(found.reports) == case["expected_reports"]
    assert [f"{one.reviewer} {one.number}" for one in found.overruled or ()] == case["expected_overruled"]
