# SPDX-License-Identifier: AGPL-3.0-or-later
"""A receipt is found in the log only under a head that enough witnesses have cosigned, in the log that the reviewers have seen."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import Witness, Witnesses
from corncrake_crypto.cosignature import cosign
from corncrake_crypto.encoding import b64url
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from tests.crypto.independent import head

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.reporter.conftest import Run
    from tests.server.running import RunningServer

NAME = "witness.example/one"
KEY = SigningKey.generate()


def put(server: RunningServer, statement: str, *values: object) -> None:
    """Change the database, past the checks of an honest server."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute(statement, values)


def test_a_receipt_is_not_said_to_be_included_before_enough_witnesses_have_cosigned(fresh: RunningServer, run: Run, tmp_path: Path) -> None:
    named = Witnesses(keys=(Witness(name=NAME, key=b64url(KEY.public)),), threshold=1)
    assert fresh.bring(fresh.sign_charter(sequence=2, witnesses=named)).returncode == 0
    path = tmp_path / "receipt.note"
    words = run(fresh, "send", "--json", "--text", "It happened.", "--receipt", str(path)).said["words"]
    fresh.publish()
    before = run(fresh, "check", "--json", "--receipt", str(path), words=words)
    assert before.code == 1
    assert "too-few" in before.err + before.out
    assert "The server keeps something back" in before.err
    note = fresh.get("/log/1/checkpoint").content
    put(fresh, "INSERT INTO cosignatures VALUES (?, ?, ?)", head(note)[1], NAME, cosign(unverified_text(note), NAME, KEY, 1))
    assert run(fresh, "check", "--json", "--receipt", str(path), words=words).said["included"] == "included"


@pytest.mark.parametrize(("more", "word"), [(0, "fork"), (1, "shrunken")])
def test_a_log_that_is_not_the_one_that_a_reviewer_has_seen_is_refused(fresh: RunningServer, run: Run, tmp_path: Path, more: int, word: str) -> None:
    path = tmp_path / "receipt.note"
    words = run(fresh, "send", "--json", "--text", "It happened.", "--receipt", str(path)).said["words"]
    fresh.publish()
    origin, size, _ = head(fresh.get("/log/1/checkpoint").content)
    ref = CharterRef(sequence=1, sha256=text_hash(unverified_text(fresh.charter)))
    note = fresh.organisation.head(number=1, charter=ref, log=LogHead(origin=origin, size=size + more, root=b64url(bytes(32))))
    put(fresh, "UPDATE editions SET note = ?", note)
    ran = run(fresh, "check", "--json", "--receipt", str(path), words=words)
    assert ran.code == 1
    assert word in ran.err + ran.out
