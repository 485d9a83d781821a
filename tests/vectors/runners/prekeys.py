# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/prekeys/."""

from datetime import date
from typing import Any

import msgspec

from corncrake_crypto import prekeys
from corncrake_crypto.charter import open_charter
from corncrake_crypto.encoding import parse_root


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "epoch_of":
        day = date.fromisoformat(case["day"])
        epoch = prekeys.epoch_of(day)
        first, last = prekeys.epoch_days(epoch)
        assert epoch == case["expected"]
        assert first <= day <= last
        return
    assert case["do"] == "choose_recipients"
    today = date.fromisoformat(case["today"])
    charter = open_charter(case["charter_text"].encode(), root=parse_root(case["root"]), origin=None, today=today).charter
    chosen = prekeys.choose_recipients(charter, case["desk"], case["epoch"], [note.encode() for note in case["notes"]], today)
    expected = case["expected"]
    assert list(chosen.stanzas) == msgspec.convert(expected["stanzas"], list[prekeys.SealedTo])
    assert [recipient.text for recipient in chosen.recipients] == expected["recipients"]
    assert list(chosen.left_out) == expected["left_out"]
