# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/receipt/."""

from typing import Any

import msgspec

from corncrake_crypto import receipt
from corncrake_crypto.encoding import parse_day


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "report_id":
        assert receipt.report_id(case["sealed_text"].encode()) == case["expected"]
        return
    if case["do"] == "read_openings":
        raw = case["openings_text"].encode()
        openings = receipt.read_openings(raw)
        assert [receipt.opening_commitment(opening).hex() for opening in openings] == [case["expected_commitment_hex"]]
        assert receipt.write_openings(openings) == raw
        return
    assert case["do"] == "open_receipt"
    key = bytes.fromhex(case["key_hex"])
    raw, today = case["note_text"].encode(), parse_day(case["today"])
    found = receipt.open_receipt(raw, case["origin"], key, report=case["report"], desk=case["desk"], today=today)
    assert msgspec.to_builtins(found) == case["expected"]
