# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that are not here: bad ones, missing ones, and whose are asked for first."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from corncrake_courier.push import Wanted
from corncrake_crypto.block import plan
from corncrake_crypto.encoding import decode_canonical
from corncrake_crypto.padding import LARGE_BLOCK_CLASS
from corncrake_server.services.outbound import MOST_WANTED
from corncrake_vault.threads.blocks import MAX_WANTED
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.exports import exported, look, pushed, serve, wanted
from tests.clients.vault.films import film_of
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    import pytest

    from tests.clients.vault.conftest import Desk
    from tests.simulators.server import SimulatedReporter


def attach(desk: Desk, size: int = 600_000) -> SimulatedReporter:
    """Bring a report with one file of which no block has come."""
    reporter = desk.reporter()
    desk.server.take(reporter.report(files=(reporter.attach("bridge.jpg", secrets.token_bytes(size)),)))
    assert desk.bring(desk.server.parcel()).code == 0
    return reporter


def test_other_bytes_under_a_blocks_name_are_told_and_do_not_keep_the_right_ones_out(desk: Desk) -> None:
    reporter = attach(desk, 1_000)
    exported(desk)
    (name,) = reporter.blocks
    desk.server.blocks = {name: b"garbage"}
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, said.data["blocks"]) == (1, 0)
    assert "block: 1 blocks of file 1 of thread 1 are" in said.err
    assert wanted(exported(desk)[1]) == [name]
    desk.server.blocks = reporter.blocks
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, said.data["blocks"]) == (0, 1)
    assert desk.run("save", "1", str(desk.folder / "saved")).code == 0


def test_a_stored_block_that_is_not_what_was_sealed_is_asked_for_again_by_save(desk: Desk) -> None:
    reporter = attach(desk)
    exported(desk)
    desk.server.blocks = reporter.blocks
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 3
    first, second, _ = reporter.blocks
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    with vault.store, vault.store.transaction():
        vault.store.blocks.put(second, reporter.blocks[first])
    assert desk.run("save", "1", str(desk.folder / "saved")).data["files"][0]["failure"] == "incomplete"
    assert wanted(exported(desk)[1]) == [second]
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 1
    assert desk.run("save", "1", str(desk.folder / "saved")).code == 0


def test_a_report_that_claims_many_blocks_does_not_stand_in_the_way_of_others(desk: Desk) -> None:
    desk.monkeypatch.setattr("corncrake_vault.threads.blocks.MAX_WANTED", 4)
    honest, greedy = desk.reporter(), desk.reporter()
    desk.server.take(honest.report(files=(honest.attach("bridge.jpg", b"the bridge"),)))
    files = tuple(greedy.attach(f"{number}.bin", b"x" * 600_000) for number in range(5))
    desk.server.take(greedy.report(files=files))
    assert desk.bring(desk.server.parcel()).code == 0
    asked = set(wanted(exported(desk)[1]))
    assert len(asked) == 4
    assert asked >= set(honest.blocks)


def test_threads_that_claim_many_blocks_share_the_rows_and_a_marked_one_need_not(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corncrake_vault.threads.expected.SHARED", 4)
    monkeypatch.setattr("corncrake_vault.threads.expected.LEAST", 1)
    for _ in range(2):
        attach(desk, 1_200_000)
    asked = wanted(exported(desk)[1])
    assert len(asked) == 4 + 2
    assert desk.run("mark", "2", "open").code == 0
    assert len(wanted(exported(desk)[1])) == 4 + 5


def test_beyond_what_a_server_takes_each_thread_is_cut_at_the_end_of_its_turns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corncrake_vault.threads.blocks.MAX_WANTED", 4)
    first, second = attach(desk), attach(desk)
    asked = wanted(exported(desk)[1])
    assert asked == [list(reporter.blocks)[turn] for turn in (0, 1) for reporter in (second, first)]


def test_100_000_blocks_are_named_in_what_a_server_takes_and_a_courier_reads(desk: Desk) -> None:
    count = plan(60 << 30).data_blocks
    for _ in range(7):
        desk.server.take(desk.reporter().report(files=(film_of(b"").file(size=60 << 30, class_=LARGE_BLOCK_CLASS, blocks=count),)))
    assert desk.bring(desk.server.parcel()).code == 0
    for thread in range(1, 8):
        assert desk.run("mark", str(thread), "open").code == 0
    raw = exported(desk)[1]["wanted.json"]
    asked = decode_canonical(raw, Wanted).blocks
    assert len(set(asked)) == len(asked) == MAX_WANTED == MOST_WANTED
    assert len(raw) < 4 << 20


def test_a_thread_that_a_reviewer_has_marked_as_open_comes_first(desk: Desk) -> None:
    desk.monkeypatch.setattr("corncrake_vault.threads.blocks.MAX_WANTED", 1)
    first, second = attach(desk, 100), attach(desk, 100)
    assert wanted(exported(desk)[1]) == list(second.blocks)
    assert desk.run("mark", "1", "open").code == 0
    assert wanted(exported(desk)[1]) == list(first.blocks)


def test_a_block_is_missing_only_after_a_courier_has_looked_for_it(desk: Desk) -> None:
    desk.monkeypatch.setattr("corncrake_vault.threads.blocks.MAX_WANTED", 2)
    reporter = attach(desk)
    parcel, members = exported(desk)
    asked = set(wanted(members))
    assert len(asked) == 2
    for said in (None, pushed(parcel, looked=False)):
        assert desk.bring(desk.server.parcel(1, pushed=said)).code == 0
        assert look(desk, reporter, exported(desk)[1])[0].missing_blocks == ()
    assert desk.bring(desk.server.parcel(1, pushed=pushed(parcel))).code == 0
    assert set(look(desk, reporter, exported(desk)[1])[0].missing_blocks) == asked


def ask_in_vain(desk: Desk, times: int) -> None:
    for _ in range(times):
        parcel, members = exported(desk)
        serve(desk, members)
        assert desk.bring(desk.server.parcel(1, pushed=pushed(parcel))).code == 0


def test_a_block_looked_for_three_times_in_vain_is_shown_and_still_asked_for(desk: Desk) -> None:
    attach(desk, 100)
    ask_in_vain(desk, 2)
    assert [thread["blocks_missing"] for thread in desk.run("list").data["threads"]] == [0]
    ask_in_vain(desk, 1)
    assert len(wanted(exported(desk)[1])) == 1
    listed = desk.run("list").data
    assert [(thread["blocks_waiting"], thread["blocks_missing"]) for thread in listed["threads"]] == [(0, 1)]
    assert any("'ask 1' asks again" in need for need in listed["needs"])


def in_vain_and_new(desk: Desk) -> list[str]:
    """Look for a thread's block three times in vain, then claim another in the same thread; return both, the older one first."""
    reporter = attach(desk, 100)
    ask_in_vain(desk, 3)
    desk.server.take(reporter.report("And this.", kind="follow_up", files=(reporter.attach("van.jpg", b"the van"),)))
    assert desk.bring(desk.server.parcel(1)).code == 0
    return list(reporter.blocks)


def test_what_was_looked_for_in_vain_is_asked_for_last_of_its_thread(desk: Desk) -> None:
    reporter = attach(desk)
    first, *others = reporter.blocks
    desk.server.blocks = {block: reporter.blocks[block] for block in others}
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    with vault.store, vault.store.transaction():
        vault.store.run("UPDATE blocks SET tries = 3 WHERE id = ?", (first,))
    assert wanted(exported(desk)[1]) == [*others, first]


def test_what_was_given_up_waits_again_when_a_person_says_so(desk: Desk) -> None:
    attach(desk, 100)
    ask_in_vain(desk, 3)
    assert desk.run("ask", "1").data["blocks"] == 1
    assert [(thread["blocks_waiting"], thread["blocks_missing"]) for thread in desk.run("list").data["threads"]] == [(1, 0)]


def test_what_was_given_up_waits_again_when_the_reporter_writes_behind_what_is_new(desk: Desk) -> None:
    older, newer = in_vain_and_new(desk)
    assert wanted(exported(desk)[1]) == [newer, older]
    assert [(thread["blocks_waiting"], thread["blocks_missing"]) for thread in desk.run("list").data["threads"]] == [(2, 0)]


def test_a_slow_sending_that_comes_after_many_rounds_in_vain_is_taken(desk: Desk) -> None:
    reporter = attach(desk, 100)
    ask_in_vain(desk, 9)
    parcel, members = exported(desk)
    desk.server.blocks = {block: reporter.blocks[block] for block in wanted(members)}
    assert desk.bring(desk.server.parcel(1, pushed=pushed(parcel))).data["blocks"] == 1
