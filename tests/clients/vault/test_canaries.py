# SPDX-License-Identifier: AGPL-3.0-or-later
"""Canaries in a vault: made like reports, waited for, and told of when they do not come back."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.acknowledgement import open_acknowledgement
from corncrake_crypto.canary import read_slip
from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.prekeys import epoch_days
from corncrake_crypto.receipt import report_id
from corncrake_vault.store.block_files import BlockFiles
from corncrake_vault.store.folders import write_whole
from tests.clients.vault.exports import exported
from tests.simulators.organisation import EPOCH

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said

LAST = epoch_days(EPOCH)[1]
LATE = LAST + timedelta(days=15)
"""The first day on which a canary of this week is missing."""


def bring(desk: Desk) -> Said:
    desk.server.publish(day=desk.server.day)
    return desk.bring(desk.server.parcel())


def begin(desk: Desk, **prekeys: int) -> None:
    """Let the vault know the keys that the server has for this week: of both reviewers, but for those with a 0."""
    desk.server.prekeys = [desk.organisation.prekey(name) for name in desk.organisation.reviewers if prekeys.get(name, 1)]
    # Ana's simulated key is of other days than the one that her vault made: the vault says so, and takes the parcel.
    answer = bring(desk)
    assert answer.data.get("log"), answer.err


def make(desk: Desk, *words: str) -> list[Path]:
    told = desk.run("canary", "legal", str(desk.folder / "stick"), *words)
    assert told.code == 0, told.err
    assert told.data["last"] == LAST.isoformat()
    return [Path(one["file"]) for one in told.data["canaries"]]


def withheld(said: Said) -> list[str]:
    return [fault["detail"] for fault in said.data["faults"] if fault["failure"] == "withheld" and fault["detail"].startswith("canary")]


def states(desk: Desk) -> list[str]:
    return [one["state"] for one in desk.run("canary").data["canaries"]]


def test_a_canary_is_as_long_as_a_short_report_and_its_slip_says_where_and_when(desk: Desk) -> None:
    begin(desk)
    files = make(desk, "--count", "3")
    report = desk.reporter().report()
    assert [len(file.read_bytes()) for file in files] == [len(report)] * 3
    slips = [read_slip(file.with_suffix(".json").read_bytes()) for file in files]
    assert [(slip.desk, slip.epoch) for slip in slips] == [("legal", EPOCH)] * 3
    assert len({slip.id for slip in slips}) == 3
    assert states(desk) == ["given"] * 3


def test_a_canary_that_comes_back_is_back_and_in_no_list(desk: Desk) -> None:
    begin(desk)
    (file,) = make(desk)
    desk.server.take(file.read_bytes())
    answer = bring(desk)
    assert (answer.data["canaries"], answer.data["kept_aside"]) == ([1], [])
    assert states(desk) == ["back"]
    listed = desk.run("list").data
    assert (listed["threads"], listed["aside"]) == ([], [])
    desk.travel(LATE)
    assert withheld(desk.run("status")) == []


def test_a_canary_is_answered_like_a_report(desk: Desk) -> None:
    begin(desk)
    (file,) = make(desk)
    sealed = [file.read_bytes(), desk.reporter().report()]
    for one in sealed:
        desk.server.take(one)
    bring(desk)
    _, members = exported(desk)
    ana = desk.organisation.reviewers["ana"].public
    note = open_acknowledgement(members["acknowledgement.note"], root=desk.organisation.root, reviewer="ana", identity=ana)
    assert set(note.reports) == {report_id(one) for one in sealed}


def test_a_server_that_drops_a_canary_is_told_until_it_comes_after_all(desk: Desk) -> None:
    begin(desk)
    (file,) = make(desk)
    desk.travel(LATE - timedelta(days=1))
    assert (withheld(desk.run("status")), states(desk)) == ([], ["given"])
    desk.travel(LATE)
    status = desk.run("status")
    (said,) = withheld(status)
    assert status.code == 1
    assert "canary 1 for the desk legal" in said
    assert LAST.isoformat() in said
    assert states(desk) == ["missing"]
    # An import says it as well; the one after which it is there does not.
    assert len(withheld(bring(desk))) == 1
    desk.server.take(file.read_bytes())
    assert withheld(bring(desk)) == []
    assert states(desk) == ["back"]


def test_a_canary_that_nobody_posted_is_forgotten_and_still_comes_back(desk: Desk) -> None:
    begin(desk)
    (file, _) = make(desk, "--count", "2")
    desk.travel(LATE)
    assert len(withheld(desk.run("status"))) == 2
    assert desk.run("canary", "--forget", "1").code == 0
    assert states(desk) == ["dropped", "missing"]
    assert len(withheld(desk.run("status"))) == 1
    desk.server.take(file.read_bytes())
    bring(desk)
    assert states(desk) == ["back", "missing"]


def test_forgetting_one_that_was_never_made_is_refused(desk: Desk) -> None:
    told = desk.run("canary", "--forget", "7")
    assert (told.code, told.data["failure"]) == (1, "misuse")


def test_without_keys_of_enough_reviewers_none_is_made(desk: Desk) -> None:
    told = desk.run("canary", "legal", str(desk.folder / "stick"))
    assert (told.code, told.data["failure"]) == (1, "charter")
    begin(desk, bo=0)
    told = desk.run("canary", "legal", str(desk.folder / "stick"))
    assert (told.code, told.data["failure"]) == (1, "too-few")
    assert not (desk.folder / "stick").exists()
    assert states(desk) == []


def test_a_key_that_a_courier_made_up_is_not_sealed_to(desk: Desk) -> None:
    organisation = desk.organisation
    desk.server.prekeys = [organisation.prekey("ana"), organisation.prekey("bo", signer=organisation.reviewers["ana"])]
    bring(desk)
    told = desk.run("canary", "legal", str(desk.folder / "stick"))
    assert (told.code, told.data["failure"]) == (1, "signature")
    assert states(desk) == []


def test_a_week_of_which_no_keys_came_and_a_desk_of_others_are_refused(desk: Desk) -> None:
    begin(desk)
    told = desk.run("canary", "legal", str(desk.folder / "stick"), "--week", "1")
    assert (told.code, told.data["failure"]) == (1, "too-few")
    told = desk.run("canary", "press", str(desk.folder / "stick"))
    assert (told.code, told.data["failure"]) == (1, "misuse")


def test_no_file_of_another_vault_is_written_over_and_nothing_half_made_stays(desk: Desk) -> None:
    begin(desk)
    stick = desk.folder / "stick"
    stick.mkdir()
    (stick / "canary-2.age").write_bytes(b"another vault's")
    told = desk.run("canary", "legal", str(stick), "--count", "3")
    assert (told.code, told.data["failure"]) == (1, "misuse")
    assert [(path.name, path.read_bytes()) for path in stick.iterdir()] == [("canary-2.age", b"another vault's")]
    assert states(desk) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StoreError(Failure.STORE, "full")], ids=["ended", "full"])
@pytest.mark.parametrize("at", ["canary-2.json", "canary-2.age", "commit"])
def test_no_canary_lies_there_that_nobody_waits_for(desk: Desk, monkeypatch: pytest.MonkeyPatch, error: BaseException, at: str) -> None:
    begin(desk)
    stick, sync = desk.folder / "stick", BlockFiles.sync

    def write(path: Path, data: bytes) -> None:
        if path.name == at:
            raise error
        write_whole(path, data)

    def commit(blocks: BlockFiles) -> None:
        if stick.exists():
            raise error
        sync(blocks)

    with monkeypatch.context() as patched:
        patched.setattr("corncrake_vault.canaries.making.write_whole", write)
        if at == "commit":
            patched.setattr(BlockFiles, "sync", commit)
        with suppress(KeyboardInterrupt):
            assert desk.run("canary", "legal", str(stick), "--count", "2").code == 1
    assert (states(desk), list(stick.iterdir())) == ([], [])
    assert len(make(desk, "--count", "2")) == 2
