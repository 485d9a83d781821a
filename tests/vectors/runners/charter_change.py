# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/charter_change/."""

from datetime import date
from typing import Any

from corncrake_crypto.charter import open_charter
from corncrake_crypto.charter_change import check_change, check_receipt
from corncrake_crypto.encoding import parse_root


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    root, today = parse_root(case["root"]), date.fromisoformat(case["today"])
    previous, raw = case["previous_text"].encode(), case["note_text"].encode()
    first, then = (open_charter(note, root=root, origin=None, today=today) for note in (previous, raw))
    if case["do"] == "check_receipt":
        check_receipt(first, raw, then, today)
        return
    assert case["do"] == "check_change"
    check_change(first, raw, then, None if case["since"] is None else date.fromisoformat(case["since"]))
