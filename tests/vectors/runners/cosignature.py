# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/cosignature/."""

from typing import Any

from corncrake_crypto import cosignature
from corncrake_crypto.charter import Witness, Witnesses
from corncrake_crypto.encoding import b64std, b64url
from corncrake_crypto.note import NoteKey
from corncrake_crypto.signatures import SigningKey


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "cosign":
        line = cosignature.cosign(case["text"], case["name"], SigningKey.from_seed(bytes.fromhex(case["seed_hex"])), case["time"])
        assert line.decode() == case["expected_text"]
        return
    if case["do"] == "read_asked":
        asked = cosignature.read_asked(case["asked_text"].encode())
        assert asked.old == case["expected_old"]
        assert [b64std(node) for node in asked.path] == case["expected_path_base64"]
        assert cosignature.write_asked(*asked).decode() == case["asked_text"]
        return
    raw = case["note_text"].encode()
    witnesses = [NoteKey(one["name"], bytes.fromhex(one["public_hex"])) for one in case["witnesses"]]
    if case["do"] == "check_cosigned":
        named = tuple(Witness(name=one.name, key=b64url(one.public)) for one in witnesses)
        demanded = None if case["threshold"] is None else Witnesses(keys=named, threshold=case["threshold"])
        assert cosignature.is_cosigned(raw, demanded) == (case["failure"] is None)
        cosignature.check_cosigned(raw, demanded)
        return
    if case["do"] == "add_cosignatures":
        whole = cosignature.add_cosignatures(raw, case["answer_text"].encode(), *witnesses)
        assert whole.decode() == case["expected_text"]
        assert cosignature.add_cosignatures(whole, b"", *witnesses) == whole
        return
    assert case["do"] == "cosignatures"
    found = cosignature.cosignatures(raw, witnesses)
    assert [{"name": one.witness.name, "time": one.time} for one in found] == case["expected"]
