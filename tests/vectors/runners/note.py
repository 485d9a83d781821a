# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/note/."""

import base64
from typing import Any

from corncrake_crypto import note


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "read_bundle":
        notes = note.read_bundle(case["bundle_text"].encode())
        assert [raw.decode() for raw in notes] == case["expected"]
        assert note.write_bundle(notes).decode() == case["bundle_text"]
        return
    assert case["do"] == "open_note"
    raw = case["note_text"].encode() if "note_text" in case else base64.b64decode(case["note_base64"])
    keys = [note.NoteKey(key["name"], bytes.fromhex(key["public_hex"])) for key in case["keys"]]
    assert note.open_note(raw, keys, required=case["required"]) == case["expected_text"]
