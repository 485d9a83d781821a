# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/checkpoint/."""

from typing import Any

from corncrake_crypto import checkpoint


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "parse_checkpoint_text":
        head = checkpoint.parse_checkpoint_text(case["text"])
        assert (head.origin, head.size, head.root.hex()) == (case["expected_origin"], case["expected_size"], case["expected_root_hex"])
        return
    assert case["do"] == "open_checkpoint"
    found = checkpoint.open_checkpoint(case["note_text"].encode(), case["origin"], bytes.fromhex(case["key_hex"]))
    assert (found.size, found.root.hex(), found.day.isoformat()) == (case["expected_size"], case["expected_root_hex"], case["expected_day"])
