# SPDX-License-Identifier: AGPL-3.0-or-later
"""How editions are laid out, and that no flood of threads keeps a vault from exporting."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.edition import SLOT, bucket
from corncrake_crypto.note import read_bundle
from corncrake_vault.replies.editions import MOST_IN_TILE, MOST_SLOTS, Layout, Live, bits_for, lay_out, slots_for
from tests.clients.vault.exports import exported, look
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.simulators.server import SimulatedReporter

PUSH_LIMIT = 64 << 20


def threads(count: int, *, aimed: bool = False) -> list[Live]:
    """Threads with an acknowledgement each: anybody's, or all of the one bucket that an attacker has chosen."""
    found: list[Live] = []
    number = 0
    while len(found) < count:
        number += 1
        key = hashlib.sha256(b"%d" % number).digest()
        if not aimed or bucket("legal", key, 6) == 0:
            found.append(Live(key, 1, has_text=False))
    return found


def laid_out(live: list[Live], **more: tuple[int, int]) -> Layout:
    layout = lay_out("legal", live, MOST_SLOTS, **more)
    assert layout is not None
    assert (layout.slots << layout.bits) * SLOT <= PUSH_LIMIT // 2
    return layout


def test_a_desk_has_one_bucket_up_to_200_live_threads() -> None:
    assert [bits_for(live) for live in (0, 200, 201, 400, 401)] == [0, 0, 1, 1, 2]


def test_slots_double_and_never_shrink_while_the_bits_stay() -> None:
    assert [slots_for(taken, before) for taken, before in ((0, 0), (8, 0), (9, 0), (33, 16), (1, 64))] == [8, 8, 16, 64, 64]
    assert laid_out(threads(3), before=(0, 64)) == Layout(0, 64, frozenset())
    assert laid_out(threads(3), before=(1, 64)) == Layout(0, 8, frozenset())


@pytest.mark.parametrize("count", [0, 1, 200, 201, 1_000, 2_000])
def test_the_threads_of_a_busy_desk_all_have_a_slot(count: int) -> None:
    assert laid_out(threads(count)).left_out == frozenset()


@pytest.mark.parametrize(("count", "aimed"), [(6_401, False), (13_000, False), (1_030, True)])
def test_an_edition_stays_within_its_budget_however_many_threads_there_are(count: int, *, aimed: bool) -> None:
    live = threads(count, aimed=aimed)
    layout = laid_out(live)
    assert 0 < len(layout.left_out) < count
    assert layout.slots <= MOST_IN_TILE


def test_more_tiles_are_taken_before_larger_ones() -> None:
    long = [live._replace(parts=4, has_text=True) for live in threads(200)]
    layout = laid_out(long)
    assert (layout.bits > 0, layout.left_out) == (True, frozenset())


def test_the_oldest_threads_with_only_an_acknowledgement_go_without_first() -> None:
    live = threads(600, aimed=True)
    live[0] = live[0]._replace(parts=2, has_text=True)
    layout = lay_out("legal", live, 512)
    assert layout is not None
    assert layout.left_out == frozenset(range(1, 1 + len(layout.left_out)))
    assert layout.left_out


def test_replies_that_no_budget_holds_leave_no_layout() -> None:
    assert lay_out("legal", [live._replace(has_text=True) for live in threads(9)], 8) is None


def bring(desk: Desk, count: int) -> list[SimulatedReporter]:
    reporters = [desk.reporter() for _ in range(count)]
    for day, reporter in enumerate(reporters):
        desk.travel(TODAY + timedelta(days=day // 4))
        desk.server.day = TODAY + timedelta(days=day // 4)
        desk.server.take(reporter.report())
        desk.server.publish()
        assert desk.bring(desk.server.parcel()).code == 0
    return reporters


def test_an_export_says_how_many_threads_had_no_room_and_the_newest_have_it(desk: Desk) -> None:
    desk.monkeypatch.setattr("corncrake_vault.export.exporting.MOST_SLOTS", 8)
    reporters = bring(desk, 9)
    assert desk.run("reply", "1", "-", stdin="Thank you.").code == 0
    said = desk.run("export", str(desk.folder / "out.parcel"))
    assert (said.code, said.data["left_out"]) == (0, [{"desk": "legal", "threads": 1}])
    _, members = exported(desk)
    found = [bool(look(desk, reporter, members)) for reporter in reporters]
    assert found == [True, False, *[True] * 7]


def test_an_edition_that_has_no_room_is_left_out_and_the_rest_travels(desk: Desk) -> None:
    desk.monkeypatch.setattr("corncrake_vault.export.exporting.MOST_SLOTS", 4)
    bring(desk, 1)
    said = desk.run("export", str(desk.folder / "out.parcel"))
    assert (said.code, said.data["editions"], said.data["without_edition"]) == (0, [], ["legal"])
    assert any("no room for an edition of legal" in need for need in said.data["needs"])
    _, members = exported(desk)
    assert len(read_bundle(members["prekeys.json"])) == 8
    assert "acknowledgement.note" in members
    desk.monkeypatch.setattr("corncrake_vault.export.exporting.MOST_SLOTS", 8)
    assert desk.run("export", str(desk.folder / "out.parcel")).data["editions"] == [{"desk": "legal", "number": 1}]
