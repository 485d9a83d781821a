# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/block/."""

import base64
import hashlib
from typing import Any

import msgspec

from corncrake_crypto import block


def _run_read(case: dict[str, Any]) -> None:
    plaintext = base64.b64decode(case["plaintext_base64"]).ljust(case["plaintext_length"], b"\0")
    opened = block.read_block(plaintext)
    assert msgspec.to_builtins(opened.block) == case["expected"]
    assert opened.data == base64.b64decode(case["expected_base64"])
    assert block.write_block(opened.block, opened.data) == plaintext


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "block_ids":
        assert list(block.block_ids(bytes.fromhex(case["block_key_hex"]), case["count"])) == case["expected"]
    elif case["do"] == "plan":
        assert block.plan(case["size"]) == tuple(case["expected"][name] for name in ("class", "data_blocks", "total_blocks"))
    elif case["do"] == "read_block":
        _run_read(case)
    elif case["do"] == "write_block":
        head = msgspec.convert(case["block"], block.Block)
        plaintext = block.write_block(head, base64.b64decode(case["data_base64"]), case["class"])
        assert hashlib.sha256(plaintext).hexdigest() == case["expected_sha256"]
    else:
        assert case["do"] == "check_place"
        opened = block.OpenedBlock(msgspec.convert(case["block"], block.Block), bytes(case["data_length"]))
        place = block.Place(case["file"], case["index"], case["data_blocks"], case["class"], live=case.get("live", False))
        block.check_place(opened, place)
