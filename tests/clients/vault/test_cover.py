# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cover reports in a vault: to the server they are reports like others, to people they are not there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from corncrake_crypto.acknowledgement import open_acknowledgement
from tests.clients.vault.exports import exported, look, wanted

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said


def bring(desk: Desk) -> Said:
    desk.server.publish()
    answer = desk.bring(desk.server.parcel())
    assert answer.code == 0, answer.err
    return answer


def test_a_cover_report_is_in_no_list_and_is_acknowledged_answered_and_asked_for_like_another(desk: Desk) -> None:
    real, cover = desk.reporter(), desk.reporter()
    size = 300_000
    sealed = [
        real.report(files=(real.attach("a.txt", bytes(size)),)),
        cover.report(kind="cover", files=(cover.attach("b.txt", bytes(size)),)),
    ]
    for one in sealed:
        desk.server.take(one)
    bring(desk)
    (listed,) = desk.run("list").data["threads"]
    assert listed["thread"] == real.thread
    _, members = exported(desk)
    # The server reads this: both are acknowledged, and as many blocks of each are wanted.
    ana = desk.organisation.reviewers["ana"].public
    note = open_acknowledgement(members["acknowledgement.note"], root=desk.organisation.root, reviewer="ana", identity=ana)
    assert set(note.reports) == {hashlib.sha256(one).hexdigest() for one in sealed}
    assert set(wanted(members)) == {*real.blocks, *cover.blocks}
    # Whoever covers finds what a reporter finds.
    assert [len(reply.acknowledged) for one in (real, cover) for reply in look(desk, one, members)] == [1, 1]


def test_blocks_of_cover_are_not_asked_for_again_and_take_no_room(desk: Desk) -> None:
    cover = desk.reporter()
    desk.server.take(cover.report(kind="cover", files=(cover.attach("b.txt", bytes(300_000)),)))
    bring(desk)
    exported(desk)
    desk.server.blocks = dict(cover.blocks)
    bring(desk)
    _, members = exported(desk)
    assert not wanted(members)
    there = [path for path in desk.folder.rglob("*") if path.is_file() and path.name in cover.blocks]
    assert there == []
    assert desk.run("list").data["threads"] == []


def test_an_import_tells_a_person_of_no_cover(desk: Desk) -> None:
    real, cover = desk.reporter(), desk.reporter()
    for who, kind in ((real, "first"), (cover, "cover")):
        desk.server.take(who.report(kind=kind, files=(who.attach("b.txt", bytes(300_000)),)))
    first = bring(desk)
    assert first.data["done"].startswith("Imported: 1 new reports, 0 blocks;")
    exported(desk)
    desk.server.blocks = {**real.blocks, **cover.blocks}
    second = bring(desk)
    assert second.data["done"].startswith(f"Imported: 0 new reports, {len(real.blocks)} blocks;")


def test_altered_blocks_of_cover_are_asked_for_again_like_others_and_told_to_nobody(desk: Desk) -> None:
    cover = desk.reporter()
    desk.server.take(cover.report(kind="cover", files=(cover.attach("b.txt", bytes(300_000)),)))
    bring(desk)
    exported(desk)
    desk.server.blocks = {name: block[:-1] + bytes([block[-1] ^ 1]) for name, block in cover.blocks.items()}
    assert bring(desk).data["faults"] == []
    _, members = exported(desk)
    assert set(wanted(members)) == set(cover.blocks)


def test_a_thread_that_covered_and_then_says_something_is_shown(desk: Desk) -> None:
    person = desk.reporter()
    desk.server.take(person.report(kind="cover"))
    bring(desk)
    assert desk.run("list").data["threads"] == []
    desk.server.take(person.report(kind="follow_up"))
    bring(desk)
    (listed,) = desk.run("list").data["threads"]
    assert (listed["thread"], listed["state"]) == (person.thread, "new")
