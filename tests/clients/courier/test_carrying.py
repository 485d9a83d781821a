# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a real server to a real vault and back, on sticks."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corncrake_courier.state import load
from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.merkle import Frontier

if TYPE_CHECKING:
    from tests.clients.courier.conftest import Town

pytestmark = pytest.mark.needs_system


def test_a_report_its_file_and_the_reply_go_the_whole_way(town: Town) -> None:
    reporter, data = town.reporter(), secrets.token_bytes(300_000)
    sent = town.send(reporter, "A van, no plates.", (reporter.attach("van.jpg", data),))
    pulled = town.courier("pull", "--out", "in.parcel")
    assert (pulled.code, pulled.data["pending"]) == (0, 1), pulled.err
    for who in ("ana", "bo"):
        told = town.vault(who, "import", "in.parcel")
        assert (told.code, told.data["reports"], told.data["kept_aside"]) == (0, [sent], []), told.err
    assert town.vault("ana", "reply", "1", "Thank you.").code == 0
    assert town.carry_back("ana")["wanted"] == 2
    town.operate("publish")
    again = town.courier("pull", "--out", "in2.parcel")
    assert (again.code, again.data["reports"], again.data["blocks"], again.data["missing"]) == (0, 1, 2, []), again.err
    told = town.vault("ana", "import", "in2.parcel")
    assert (told.code, told.data["reports"], told.data["blocks"], told.data["faults"]) == (0, [], 2, []), told.err
    saved = town.vault("ana", "save", "1", "files")
    assert saved.code == 0, saved.err
    assert (town.folder / Path(saved.data["files"][0]["path"])).read_bytes() == data


def test_a_block_that_was_not_there_is_looked_for_last_after_a_push(town: Town) -> None:
    reporter, blocks = town.reporter(), dict[str, bytes]()
    for name in ("one.jpg", "two.jpg"):
        file = reporter.attach(name, secrets.token_bytes(1_000))
        blocks |= reporter.blocks
        reporter.blocks.clear()
        town.send(reporter, "Its file is late.", (file,))
    assert town.courier("pull", "--out", "in.parcel").code == 0
    assert town.vault("ana", "import", "in.parcel").code == 0
    assert town.carry_back("ana")["wanted"] == 2
    first, second = left_to_look_for(town)
    with town.client() as client:
        assert client.put(f"/v1/blocks/{second}", content=blocks[second]).status_code == 201
    assert town.courier("pull", "--out", "in2.parcel").data["missing"] == [first]
    # This parcel is not imported: the vault asks for both again, in its order.
    assert town.carry_back("ana")["wanted"] == 2
    assert left_to_look_for(town) == [second, first]


def left_to_look_for(town: Town) -> list[str]:
    """The blocks that the courier will ask a server for, in that order."""
    (asked,) = (one for one in load(town.folder / "state").asked if one.left)
    return asked.left


def test_a_stick_that_is_full_loses_nothing(town: Town) -> None:
    town.send(town.reporter(), "A van, no plates.")
    full = town.courier("pull", "--out", "/dev/full/in.parcel")
    assert (full.code, full.data["failure"]) == (1, "store")
    assert "nothing is lost" in full.err
    good = town.courier("pull", "--out", "in.parcel")
    assert (good.code, good.data["number"], good.data["pending"]) == (0, 1, 1)


def test_a_pull_that_could_not_write_its_parcel_fetches_nothing_twice(town: Town) -> None:
    sent = town.send(town.reporter(), "A van, no plates.")
    fetched = town.folder / "state" / "downloads" / f"report-{sent}.age"
    assert town.courier("pull", "--out", "/dev/full/in.parcel").code == 1
    first = fetched.stat().st_mtime_ns
    assert town.courier("pull", "--out", "/dev/full/in.parcel").code == 1
    assert fetched.stat().st_mtime_ns == first
    assert town.courier("pull", "--out", "in.parcel").code == 0
    assert not fetched.exists()


def test_a_pull_goes_on_after_the_server_went_away(town: Town) -> None:
    town.send(town.reporter(), "A van, no plates.")
    town.stop()
    broken = town.courier("pull", "--out", "in.parcel")
    assert (broken.code, broken.data["failure"]) == (1, "store")
    assert not (town.folder / "in.parcel").exists()
    town.start()
    assert town.courier("pull", "--out", "in.parcel").code == 0


def test_a_parcel_pushed_twice_is_applied_once(town: Town) -> None:
    assert town.vault("ana", "export", "back.parcel").code == 0
    assert town.courier("push", "back.parcel").data["new"] is True
    assert town.courier("push", "back.parcel").data["new"] is False


def test_whoever_pushes_an_older_export_is_told_to_push_the_newest(town: Town) -> None:
    for name in ("older.parcel", "newer.parcel"):
        assert town.vault("ana", "export", name).code == 0
    assert town.courier("push", "newer.parcel").code == 0
    told = town.courier("push", "older.parcel")
    assert (told.code, told.data["failure"]) == (1, "repeated")
    assert "Push the newest export" in told.err


def test_a_parcel_that_was_altered_on_the_way_back_is_not_carried(town: Town) -> None:
    assert town.vault("ana", "export", "back.parcel").code == 0
    path = town.folder / "back.parcel"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    told = town.courier("push", "back.parcel")
    assert (told.code, told.data["failure"]) == (1, "altered")


def test_a_lost_parcel_is_out_of_range_and_carried_again_from_the_beginning(town: Town) -> None:
    town.send(town.reporter(), "A van, no plates.")
    town.operate("publish")
    assert town.courier("pull", "--out", "lost.parcel").code == 0
    town.send(town.reporter(), "Another van.")
    town.operate("publish")
    assert town.courier("pull", "--out", "next.parcel").code == 0
    told = town.vault("ana", "import", "next.parcel")
    assert (told.code, told.data["failure"]) == (1, "range")
    assert town.courier("pull", "--from", "0", "--out", "all.parcel").code == 0
    told = town.vault("ana", "import", "all.parcel")
    assert (told.code, len(told.data["reports"]), told.data["faults"]) == (0, 2, []), told.err


def test_a_parcel_that_is_there_is_not_written_over(town: Town) -> None:
    assert town.courier("pull", "--out", "in.parcel").code == 0
    before = (town.folder / "in.parcel").read_bytes()
    again = town.courier("pull", "--out", "in.parcel")
    assert again.code == 1
    assert "has it been imported?" in again.err
    assert (town.folder / "in.parcel").read_bytes() == before
    assert town.courier("pull", "--out", "in.parcel", "--replace").code == 0


def test_a_desk_that_is_not_there_is_refused_and_the_next_pull_misses_nothing(town: Town) -> None:
    report = town.send(town.reporter(), "It happened on the bridge.")
    town.operate("publish")
    told = town.courier("pull", "--out", "wrong.parcel", "--desk", "lega")
    assert (told.code, told.data.get("failure")) == (1, "desk"), told.err
    assert town.courier("pull", "--out", "in.parcel").data["reports"] == 1
    said = town.vault("ana", "import", "in.parcel")
    assert (said.code, said.data["reports"], said.data["faults"]) == (0, [report], []), said.err


def test_a_state_is_for_one_desk_or_for_all_since_what_a_parcel_passed_over_does_not_come_with_the_next(town: Town) -> None:
    town.send(town.reporter(), "It happened on the bridge.")
    town.operate("publish")
    assert town.courier("pull", "--out", "1.parcel", "--desk", "legal").data["reports"] == 1
    told = town.courier("pull", "--out", "2.parcel")
    assert (told.code, told.data["failure"]) == (1, "misuse")
    assert "for the desk legal only: name another --state, or say --from 0" in told.err
    assert town.courier("pull", "--out", "2.parcel", "--desk", "legal").code == 0
    assert town.courier("pull", "--out", "3.parcel", "--from", "0").data["reports"] == 1
    told = town.courier("pull", "--out", "4.parcel", "--desk", "legal")
    assert "for all desks" in told.err
    assert town.courier("pull", "--out", "4.parcel").code == 0


def test_a_courier_that_the_charter_does_not_name_gets_nothing(town: Town) -> None:
    (town.folder / "courier.key").unlink()
    town.program("corncrake_courier", "keygen", "--id", "eve", "--key", "courier.key", "--json")
    told = town.courier("pull", "--out", "in.parcel")
    assert (told.code, told.data["failure"]) == (1, "signature")


def test_a_server_with_another_root_is_refused(town: Town) -> None:
    town.root = "a" * 52
    told = town.courier("pull", "--out", "in.parcel")
    assert (told.code, told.data["failure"]) == (1, "root")


def carried_before(town: Town, leaves: int) -> None:
    """Make the courier remember a log of so many leaves that the server does not have."""
    frontier = Frontier()
    for number in range(leaves):
        frontier.append(bytes([number]) * 32)
    state = town.folder / "state" / "state.json"
    state.write_bytes(canonical({**decode_canonical(state.read_bytes(), dict[str, object]), "frontier": frontier.encode().hex()}))


def test_a_log_that_became_shorter_is_not_carried(town: Town) -> None:
    town.operate("publish")
    carried_before(town, 200)
    told = town.courier("pull", "--out", "in.parcel")
    assert (told.code, told.data["failure"]) == (1, "shrunken")


def test_a_log_that_was_changed_is_not_carried(town: Town) -> None:
    town.operate("publish")
    carried_before(town, 2)
    told = town.courier("pull", "--out", "in.parcel")
    assert (told.code, told.data["failure"]) == (1, "fork")
    assert not (town.folder / "in.parcel").exists()
