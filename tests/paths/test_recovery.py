# SPDX-License-Identifier: AGPL-3.0-or-later
"""All vaults are lost: what paper brings back on a new machine, what it does not, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.clients.vault.paper import share_on, text_of

if TYPE_CHECKING:
    from tests.paths.world import World

QUARTER = "2026-Q4"


def with_recovery(world: World) -> None:
    """Open the desk, and give it a recovery key that ana agrees to."""
    world.open_for("ana", "bo")
    said = world.change("2.note", "recovery", "legal", QUARTER, "2", "3", str(world.file("recovery")))
    assert said.code == 0, said
    assert world.countersign("ana", "2.note").data["complete"]
    world.put_in_force("2.note")
    for who in world.alive:
        world.work(who)


def start_again(world: World) -> None:
    """Lose all vaults; enrol a new reviewer on a new machine, in an emergency, and retire the lost ones."""
    world.alive = []
    request = world.join("eve")
    assert world.change("3.note", "enrol", "legal", request, "--voice", "--emergency").code == 0
    assert world.change("4.note", "revoke", "ana").code == 0
    assert world.change("5.note", "revoke", "bo").code == 0
    world.alive = ["eve"]
    for name in ("3.note", "4.note", "5.note"):
        world.put_in_force(name)


def test_two_of_three_sheets_open_on_a_new_machine_what_all_lost_vaults_had(world: World) -> None:
    world.open_for("ana", "bo")
    early = world.report("Before there was a recovery key.")
    assert world.change("2.note", "recovery", "legal", QUARTER, "2", "3", str(world.file("recovery"))).code == 0
    assert world.countersign("ana", "2.note").data["complete"]
    world.put_in_force("2.note")
    world.work("ana")
    late = world.report("After.")
    start_again(world)
    world.work("eve")
    said = world.carry()["eve"]
    assert {one["report"]: one["failure"] for one in said.data["kept_aside"]} == {early.report: "no-match", late.report: "no-match"}
    typed = "\n".join(share_on(world.file("recovery") / f"share-{place}.pdf") for place in (1, 3))
    drilled = world.vault("eve", "recovery", "drill", "legal", QUARTER, stdin=typed + "\n\n")
    assert (drilled.code, len(drilled.data["proven"])) == (0, 3)
    assert world.opens(world.keys_in(world.file("eve"))) == set(), "a drill keeps nothing"
    used = world.vault("eve", "recovery", "use", "legal", QUARTER, stdin=typed + "\n\n")
    assert (used.code, used.data["opened"]) == (0, [late.report])
    shown = world.unlocked("eve", "show", "1")
    assert "After." in str(shown)
    assert world.opens(world.keys_in(world.file("eve"))) == {late.report}


def test_one_sheet_or_sheets_of_another_quarter_open_nothing(world: World) -> None:
    with_recovery(world)
    said = world.change("3.note", "recovery", "legal", "2027-Q1", "2", "2", str(world.file("later")))
    assert said.code == 0, said
    one = world.vault("ana", "recovery", "use", "legal", QUARTER, "--share", world.share("recovery", 1))
    assert (one.code, one.data["failure"]) == (1, "checksum")
    both = [word for place in (1, 2) for word in ("--share", world.share("later", place))]
    for step in ("drill", "use"):
        other = world.vault("ana", "recovery", step, "legal", QUARTER, *both)
        assert (other.code, other.data["failure"]) == (1, "checksum")
    assert not world.vault("ana", "list").data.get("opened")


def test_to_use_the_paper_takes_no_option_that_it_would_not_heed(world: World) -> None:
    with_recovery(world)
    both = [word for place in (1, 2) for word in ("--share", world.share("recovery", place))]
    record = ("--record", str(world.file("record.pdf")))
    assert world.vault("ana", "recovery", "use", "legal", QUARTER, *both, *record).code == 2
    assert not world.file("record.pdf").exists()
    assert world.vault("ana", "recovery", "drill", "legal", QUARTER, *both, *record).code == 0
    assert "2 sheets were read back" in " ".join(text_of(world.file("record.pdf")).split())


def test_paper_is_to_be_destroyed_90_days_after_its_quarter_and_opens_nothing_then(world: World) -> None:
    with_recovery(world)
    late = world.report("In the last quarter of the year.")
    both = [word for place in (1, 2) for word in ("--share", world.share("recovery", place))]
    assert world.vault("ana", "recovery", "use", "legal", QUARTER, *both).code == 0
    for days in (40, 40, 40):
        world.pass_days(days)
        world.vault("ana", "--confirm-date", world.day.isoformat(), "list")
        world.vault("org", "--confirm-date", world.day.isoformat(), "organisation", "schedule")
    # 2027-03-25: the weekly key is long gone, the recovery key has a week to live.
    assert world.opens(world.keys_in(world.file("ana"))) == {late.report}
    assert world.org("schedule").data["overdue"] == []
    world.pass_days(8)
    assert world.org("schedule").data["overdue"] == [2]
    assert world.opens(world.keys_in(world.file("ana"))) == set()
    assert world.change("9.note", "renew").code == 0
    assert world.take("ana", "9.note").code == 0
    said = world.vault("ana", "recovery", "use", "legal", QUARTER, *both)
    assert (said.code, said.data["failure"]) == (1, "expired")
    world.org("shares-destroyed", "2")
    assert world.org("schedule").data["overdue"] == []


def test_lost_sheets_are_replaced_within_their_quarter_and_what_was_sealed_before_still_opens_with_the_old(world: World) -> None:
    with_recovery(world)
    before = world.report("To the first key of the quarter.")
    words = ("recovery", "legal", QUARTER, "2", "2", str(world.file("anew")))
    refused = world.change("3.note", *words)
    assert (refused.code, refused.data["failure"]) == (1, "misuse")
    assert "--replace" in refused.err
    said = world.change("3.note", *words, "--replace")
    assert [one["needed"] for one in said.data["countersign"] if one["after"] == 2] == [1]
    assert any("sheets of set 2" in need for need in said.data["needs"])
    assert world.countersign("bo", "3.note").data["complete"]
    world.put_in_force("3.note")
    for who in world.alive:
        world.work(who)
    after = world.report("To the second.")
    assert [(one.quarter, one.number) for one in world.opened("3.note").charter.desks[0].recovery or ()] == [(QUARTER, 2)]
    old, new = ([word for place in (1, 2) for word in ("--share", world.share(name, place))] for name in ("recovery", "anew"))
    assert world.vault("ana", "recovery", "drill", "legal", QUARTER, *old).data["failure"] == "checksum"
    assert world.vault("ana", "recovery", "drill", "legal", QUARTER, *new).code == 0
    by_paper: list[set[str]] = []
    for who, sheets in (("ana", new), ("bo", old)):
        weekly = len(world.keys_in(world.file(who)))
        assert world.vault(who, "recovery", "use", "legal", QUARTER, *sheets).code == 0
        by_paper.append(world.opens(world.keys_in(world.file(who))[weekly:]))
    assert by_paper == [{after.report}, {before.report}]


def test_nothing_is_replaced_where_there_is_nothing(world: World) -> None:
    world.open_for("ana")
    said = world.change("2.note", "recovery", "legal", QUARTER, "2", "3", str(world.file("anew")), "--replace")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not world.file("anew").exists()
