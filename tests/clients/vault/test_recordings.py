# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recordings: asked for without knowing how many blocks there are, closed by a mark or a message, or never."""

from __future__ import annotations

import secrets
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.block import block_ids
from corncrake_vault.threads.expected import WINDOW
from tests.clients.vault.exports import exported, look, pushed, serve, wanted
from tests.clients.vault.films import Recording

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said
    from tests.simulators.server import SimulatedReporter


def recorded(desk: Desk, count: int = 3) -> tuple[Recording, SimulatedReporter]:
    """Bring the report that a recording has begun."""
    made = Recording([secrets.token_bytes(1_000 + index) for index in range(count)])
    reporter = desk.reporter()
    desk.server.take(reporter.report(files=(made.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    return made, reporter


def shown(desk: Desk) -> dict[str, Any]:
    return desk.run("show", "1").data["messages"][0]["files"][0]


def saved(desk: Desk, *words: str) -> tuple[dict[str, Any], bytes]:
    file = desk.run("save", "1", str(desk.folder / "saved"), *words).data["files"][0]
    return file, Path(file["path"]).read_bytes() if file["path"] else b""


def close(desk: Desk, reporter: SimulatedReporter, made: Recording, kind: str = "follow_up", **changes: Any) -> Said:
    desk.server.take(reporter.report(kind=kind, closed=(made.closed(**changes),)))
    return desk.bring(desk.server.parcel(1))


def test_a_recording_is_asked_for_in_windows_beyond_the_last_block_that_came(desk: Desk) -> None:
    made, _ = recorded(desk, 300)
    ids = list(islice(block_ids(made.secret.block_key), 100 + WINDOW))
    assert wanted(exported(desk)[1]) == ids[:WINDOW]
    desk.server.blocks = made.block(0) | made.block(99)
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 2
    assert set(wanted(exported(desk)[1])) == set(ids) - {ids[0], ids[99]}


def test_a_recording_with_a_last_block_is_whole_though_nobody_signed_its_hash(desk: Desk) -> None:
    made, _ = recorded(desk)
    desk.server.blocks = made.blocks(closed=True)
    assert desk.bring(desk.server.parcel(1)).code == 0
    file, data = saved(desk)
    assert (data, file["signed"], file["failure"]) == (made.data, False, None)
    assert "signed no hash" in file["note"]
    assert (shown(desk)["ended"], shown(desk)["custody"]["found"]) == ("last", "unsigned")
    assert wanted(exported(desk)[1]) == []


def test_a_recording_that_a_later_message_closes_has_the_hash_that_it_signed(desk: Desk) -> None:
    made, reporter = recorded(desk)
    desk.server.blocks = made.blocks(closed=True)
    assert close(desk, reporter, made).code == 0
    file, data = saved(desk)
    assert (data, file["signed"], file["note"]) == (made.data, True, None)
    assert (shown(desk)["ended"], shown(desk)["custody"]["found"], shown(desk)["size"]) == ("closed", "right", len(made.data))


def test_a_recording_that_was_cut_off_is_saved_as_far_as_it_came_and_says_so(desk: Desk) -> None:
    made, _ = recorded(desk)
    desk.server.blocks = made.blocks(closed=False)
    assert desk.bring(desk.server.parcel(1)).code == 0
    file, data = saved(desk)
    assert (data, file["signed"]) == (made.data, False)
    assert "ended without a closing mark" in file["note"]
    assert "ended without a closing mark" in shown(desk)["note"]
    assert len(wanted(exported(desk)[1])) == WINDOW


def test_blocks_that_may_not_exist_are_not_called_missing_to_anybody(desk: Desk) -> None:
    made, reporter = recorded(desk)
    desk.server.blocks = made.block(0) | made.block(2)
    desk.bring(desk.server.parcel(1))
    desk.server.blocks = {}
    for _ in range(4):
        parcel, members = exported(desk)
        serve(desk, members)
        desk.bring(desk.server.parcel(1, pushed=pushed(parcel)))
    thread = desk.run("show", "1").data
    assert (thread["blocks_waiting"], thread["blocks_missing"]) == (0, 1)
    assert [reply.missing_blocks for reply in look(desk, reporter, exported(desk)[1])] == [(made.ids[1],)]
    # But they are asked for, or the server would remove them when they come late after all.
    assert len(wanted(exported(desk)[1])) == WINDOW + 1
    desk.server.blocks = made.block(1)
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 1
    assert len(wanted(exported(desk)[1])) == WINDOW


def test_recordings_that_broke_off_do_not_keep_the_files_of_a_later_message_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corncrake_vault.threads.expected.AHEAD", WINDOW)
    _, reporter = recorded(desk)
    exported(desk)
    file = reporter.attach("bridge.jpg", b"the bridge")
    desk.server.take(reporter.report("And this.", kind="follow_up", files=(file,)))
    assert desk.bring(desk.server.parcel(1)).code == 0
    assert wanted(exported(desk)[1])[0] == next(iter(reporter.blocks))


def test_a_window_grows_with_the_recording(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corncrake_vault.threads.expected.WINDOW", 2)
    made, _ = recorded(desk, 8)
    for here, asked in ((0, 2), (2, 2), (4, 4), (8, 8)):
        desk.server.blocks = {block: data for place in range(here) for block, data in made.block(place).items()}
        desk.bring(desk.server.parcel(1))
        assert len(wanted(exported(desk)[1])) == asked


def test_a_lost_block_costs_its_own_seconds_only_and_is_named(desk: Desk) -> None:
    made, reporter = recorded(desk)
    sealed = made.blocks(closed=True)
    desk.server.blocks = {block: data for block, data in sealed.items() if block != made.ids[1]}
    close(desk, reporter, made)
    file, _ = saved(desk)
    assert (file["failure"], file["path"]) == ("incomplete", None)
    assert "waiting for 1 of 3 blocks (2)" in file["detail"]
    file, data = saved(desk, "--partial")
    assert (data, file["gaps"], file["sha256"]) == (made.pieces[0] + made.pieces[2], [[1_000, 1_000]], None)
    assert "1000\n" in Path(f"{file['path']}.gaps.txt").read_text(encoding="ascii")


def test_the_first_message_that_closes_a_recording_counts_and_another_is_shown(desk: Desk) -> None:
    made, reporter = recorded(desk)
    desk.server.blocks = made.blocks(closed=True)
    close(desk, reporter, made)
    close(desk, reporter, made, size=5)
    thread = desk.run("show", "1")
    assert (thread.code, [fault["failure"] for fault in thread.data["faults"]]) == (1, ["block"])
    assert "closed before" in thread.err
    assert shown(desk)["custody"]["found"] == "right"


@pytest.mark.parametrize("wrong", [{"kind": "first"}, {"file": "AAAAAAAAAAAAAAAAAAAAAA"}])
def test_a_message_that_closes_what_it_cannot_is_shown_and_closes_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    made, reporter = recorded(desk)
    desk.server.blocks = made.blocks(closed=False)
    close(desk, reporter, made, **wrong)
    thread = desk.run("show", "1")
    assert (thread.code, [fault["failure"] for fault in thread.data["faults"]]) == (1, ["block"])
    assert shown(desk)["ended"] is None


def test_a_recording_of_another_thread_is_not_closed(desk: Desk) -> None:
    made, _ = recorded(desk)
    other = desk.reporter()
    close(desk, other, made)
    assert shown(desk)["ended"] is None
    assert desk.run("show", "2").code == 1


def test_a_closing_message_that_comes_before_its_recording_is_named_closes_it_then(desk: Desk) -> None:
    made, reporter = Recording([b"one", b"two"]), desk.reporter()
    closing = reporter.report(kind="follow_up", closed=(made.closed(),))
    desk.server.take(closing)
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.take(reporter.report(files=(made.file(),)))
    desk.server.blocks = made.blocks(closed=True)
    desk.bring(desk.server.parcel(1))
    file = desk.run("show", "1").data["messages"][1]["files"][0]
    assert (file["ended"], file["custody"]["found"]) == ("closed", "right")


def test_a_block_that_contradicts_the_closing_message_is_asked_for_again(desk: Desk) -> None:
    made, reporter = recorded(desk)
    desk.server.blocks = made.blocks(closed=False)
    desk.bring(desk.server.parcel(1))
    desk.server.blocks = {}
    close(desk, reporter, made)
    assert wanted(exported(desk)[1]) == [made.ids[2]]
    desk.server.blocks = made.block(2, last=True)
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 1
    assert shown(desk)["custody"]["found"] == "right"


def test_a_recording_that_is_not_what_its_reporter_signed_is_a_fault_and_is_not_saved(desk: Desk) -> None:
    made, reporter = recorded(desk)
    desk.server.blocks = made.blocks(closed=True)
    said = close(desk, reporter, made, sha256="ab" * 32)
    assert (said.code, [fault["failure"] for fault in said.data["faults"]]) == (1, ["block"])
    assert desk.run("show", "1").code == 1
    assert shown(desk)["custody"]["found"] == "other"
    assert saved(desk)[0]["failure"] == "block"


def test_an_empty_last_block_ends_a_recording(desk: Desk) -> None:
    made, reporter = recorded(desk)
    made.pieces[2] = b""
    desk.server.blocks = made.blocks(closed=True)
    assert close(desk, reporter, made).code == 0
    assert saved(desk)[1] == made.data
