# SPDX-License-Identifier: AGPL-3.0-or-later
"""More than one parcel holds: floods, many files, and what a courier says of both."""

from __future__ import annotations

import json
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_courier import __main__ as courier
from corncrake_courier.state import Asked, State, load, save
from tests.clients.courier.conftest import ORIGIN
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.courier.conftest import Town

pytestmark = pytest.mark.needs_system


def pull(town: Town, capsys: pytest.CaptureFixture[str], out: str, *words: str) -> dict[str, Any]:
    """Pull in this process, so that a test can set how much a parcel holds."""
    place = ["--server", ORIGIN, "--uds", town.socket, "--root", town.root, "--key", str(town.folder / "courier.key")]
    place += ["--state", str(town.folder / "state"), "--out", str(town.folder / out)]
    capsys.readouterr()
    assert courier.main(["pull", *place, *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_flood_comes_in_a_series_of_parcels_and_every_report_is_read(
    town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corncrake_courier.sealed.MOST_SEALED", 2)
    sent = [town.send(town.reporter(), f"Van {number}.") for number in range(4)]
    town.operate("publish")
    sent.append(town.send(town.reporter(), "Van 4."))
    seen: list[str] = []
    for number, left in enumerate((3, 1, 0)):
        pulled = pull(town, capsys, f"{number}.parcel")
        assert pulled["left"] == left
        told = town.vault("ana", "import", f"{number}.parcel")
        assert (told.code, told.data["faults"]) == (0, []), told.err
        seen += told.data["reports"]
    assert sorted(seen) == sorted(sent)
    assert pull(town, capsys, "last.parcel")["left"] == 0


def test_a_person_is_told_that_there_is_more(town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corncrake_courier.sealed.MOST_SEALED", 1)
    for number in range(2):
        town.send(town.reporter(), f"Van {number}.")
    place = ["--server", ORIGIN, "--uds", town.socket, "--root", town.root, "--key", str(town.folder / "courier.key")]
    assert courier.main(["pull", *place, "--state", str(town.folder / "state"), "--out", str(town.folder / "in.parcel")]) == 0
    assert "There is more: 1 reports and blocks are left. Run pull again" in capsys.readouterr().out


def test_a_file_larger_than_a_stick_comes_in_several_parcels_and_none_of_it_is_called_missing(town: Town) -> None:
    reporter, data = town.reporter(), secrets.token_bytes(257_536 * 5)
    town.send(reporter, "A film.", (reporter.attach("van.mp4", data),))
    assert town.courier("pull", "--out", "0.parcel").code == 0
    assert town.vault("ana", "import", "0.parcel").code == 0
    assert town.carry_back("ana")["wanted"] == 5
    town.operate("publish")
    for number in (1, 2):
        pulled = town.courier("pull", "--out", f"{number}.parcel", "--most-mib", "1")
        assert pulled.code == 0, pulled.err
        told = town.vault("ana", "import", f"{number}.parcel")
        assert (told.code, told.data["faults"]) == (0, []), told.err
        if pulled.data["left"]:
            shown = town.vault("ana", "show", "1").data
            assert (shown["blocks_waiting"], shown["messages"][0]["files"][0]["blocks"]) == (5 - pulled.data["blocks"], shown_blocks(pulled.data))
    saved = town.vault("ana", "save", "1", "files")
    assert saved.code == 0, saved.err
    assert (town.folder / Path(saved.data["files"][0]["path"])).read_bytes() == data


def shown_blocks(pulled: dict[str, Any]) -> dict[str, int]:
    return {"here": pulled["blocks"], "asked": 5 - pulled["blocks"]}


def test_blocks_have_room_beside_a_flood_of_reports(town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    reporter = town.reporter()
    town.send(reporter, "A van.", (reporter.attach("van.jpg", b"the van"),))
    assert town.courier("pull", "--out", "0.parcel").code == 0
    assert town.vault("ana", "import", "0.parcel").code == 0
    assert town.carry_back("ana")["wanted"] == 1
    for number in range(6):
        town.send(town.reporter(), f"Flood {number}.")
    monkeypatch.setattr("corncrake_courier.sealed.MOST_SEALED", 4)
    pulled = pull(town, capsys, "1.parcel")
    assert (pulled["pending"], pulled["blocks"], pulled["left"]) == (3, 1, 3)


def test_a_block_that_the_server_has_not_is_missing_after_the_pull_that_looked(town: Town) -> None:
    reporter = town.reporter()
    file = reporter.attach("van.jpg", b"the van")
    blocks, reporter.blocks = reporter.blocks, {}
    town.send(reporter, "A van.", (file,))
    assert town.courier("pull", "--out", "0.parcel").code == 0
    assert town.vault("ana", "import", "0.parcel").code == 0
    town.carry_back("ana")
    pulled = town.courier("pull", "--out", "1.parcel")
    assert (pulled.data["missing"], pulled.data["left"]) == (list(blocks), 0)
    assert town.vault("ana", "import", "1.parcel").code == 0
    assert town.vault("ana", "show", "1").data["messages"][0]["files"][0]["blocks"] == {"missing": 1}
    # It is looked for again at each pull, and carried when it is there.
    with town.client() as client:
        assert client.put(f"/v1/blocks/{next(iter(blocks))}", content=next(iter(blocks.values()))).status_code == 201
    assert town.courier("pull", "--out", "2.parcel").data["blocks"] == 1
    assert town.vault("ana", "import", "2.parcel").data["blocks"] == 1


def test_an_export_that_never_left_the_stick_is_noticed_and_one_that_did_is_not(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert town.courier("pull", "--out", "0.parcel").code == 0
    told = town.vault("ana", "import", "0.parcel")
    assert (told.code, told.data["faults"]) == (0, [])
    assert town.vault("ana", "status").data["weeks_at_server"] == 8
    monkeypatch.setenv("CORNCRAKE_TODAY", (TODAY + timedelta(days=35)).isoformat())
    assert town.vault("ana", "export", "lost.parcel").code == 0
    assert town.courier("pull", "--out", "1.parcel").code == 0
    told = town.vault("ana", "import", "1.parcel")
    assert any("the server has your keys for 3 weeks only, of 8" in need for need in told.data["needs"])


def test_the_next_charter_is_brought_after_the_last_one_has_run_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert town.vault("ana", "export", "back.parcel").code == 0
    late = TODAY + timedelta(days=91)
    monkeypatch.setenv("CORNCRAKE_TODAY", late.isoformat())
    told = town.courier("pull", "--out", "in.parcel")
    assert (told.code, told.data["failure"]) == (1, "expired")
    assert "push the export of a vault that has it" in told.err
    assert town.courier("push", "back.parcel").code == 0


def test_the_folders_of_parcel_and_state_are_synced_after_the_renames(
    town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Path] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        found.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH115 - a descriptor's
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    pull(town, capsys, "in.parcel")
    state = town.folder / "state"
    assert found[-4:] == [town.folder / ".in.parcel.part", town.folder, state / ".state.json.part", state]


def test_a_reviewer_whose_id_has_a_dash_is_remembered(tmp_path: Path) -> None:
    load(tmp_path)
    state = State(asked=[Asked(reviewer="ana-maria", number=3, left=["00" * 16])])
    save(tmp_path, state)
    assert load(tmp_path) == state
