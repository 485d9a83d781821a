# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/edition/."""

from datetime import date
from typing import Any

from corncrake_crypto import edition
from corncrake_crypto.charter import open_charter
from corncrake_crypto.encoding import parse_root


def _run_heads(case: dict[str, Any]) -> None:
    day = date.fromisoformat(case["clock_day"])
    opened = open_charter(case["charter_text"].encode(), root=parse_root(case["root"]), origin=None, today=day)
    heads = edition.newest_heads(opened, case["desk"], [note.encode() for note in case["heads"]])
    presence = edition.check_heads(opened, heads, day)
    expected = case["expected"]
    assert [head.edition.number for head in heads] == expected["numbers"]
    assert presence.today.isoformat() == expected["today"]
    assert (presence.last_seen and presence.last_seen.isoformat()) == expected["last_seen"]
    assert presence.quiet == expected["quiet"]


def _run_unseen(case: dict[str, Any]) -> None:
    today = date.fromisoformat(case["today"])
    opened = open_charter(case["charter_text"].encode(), root=parse_root(case["root"]), origin=None, today=today)
    heads = edition.newest_heads(opened, case["desk"], [note.encode() for note in case["heads"]])
    found = edition.unseen_voices(opened, case["desk"], heads, today)
    assert [[one.reviewer, one.last_seen and one.last_seen.isoformat()] for one in found] == case["expected"]


def _run_tile(case: dict[str, Any]) -> None:
    raw = b"".join(bytes([tag]) * 16 + bytes([slot]) * 7_803 for slot, tag in enumerate(case["tag_bytes"]))
    tile = edition.read_tile(raw, case["slots"], case["sha256"])
    found = edition.find(tile, bytes.fromhex(case["tag_hex"]))
    assert (found and found[0]) == case["expected_slot"]
    assert edition.write_tile(tile, case["slots"]) == raw


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "open_edition":
        where = {"root": parse_root(case["root"]), "identity": bytes.fromhex(case["identity_hex"])}
        opened = edition.open_edition(case["note_text"].encode(), desk=case["desk"], reviewer=case["reviewer"], **where)
        assert {"number": opened.edition.number, "sha256": opened.sha256} == case["expected"]
    elif case["do"] == "check_heads":
        _run_heads(case)
    elif case["do"] == "unseen_voices":
        _run_unseen(case)
    elif case["do"] == "bucket":
        assert edition.bucket(case["desk"], bytes.fromhex(case["thread_hex"]), case["bits"]) == case["expected"]
    elif case["do"] == "reply_tag":
        key = bytes.fromhex(case["reply_tag_hex"])
        assert (
            edition.reply_tag(key, bytes.fromhex(case["thread_hex"]), case["desk"], case["reviewer"], case["number"], case["part"]).hex()
            == case["expected_hex"]
        )
    else:
        assert case["do"] == "read_tile"
        _run_tile(case)
