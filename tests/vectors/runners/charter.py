# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/charter/."""

from datetime import date
from typing import Any

from corncrake_crypto import charter
from corncrake_crypto.encoding import parse_root, root_text
from corncrake_crypto.fields import CharterRef


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "root_of":
        assert root_text(charter.root_of(bytes.fromhex(case["public_hex"]))) == case["expected_text"]
        return
    if case["do"] == "tells_emergency":
        today = date.fromisoformat(case["today"])
        opened = charter.open_charter(case["note_text"].encode(), root=parse_root(case["root"]), origin=None, today=today)
        assert charter.tells_emergency(opened.charter, today) == case["expected"]
        return
    assert case["do"] == "open_charter"
    floor = case["floor"] and CharterRef(**case["floor"])
    today = date.fromisoformat(case["today"])
    opened = charter.open_charter(case["note_text"].encode(), root=parse_root(case["root"]), origin=case["origin"], today=today, floor=floor)
    assert {"sequence": opened.charter.sequence, "sha256": opened.sha256} == case["expected"]
