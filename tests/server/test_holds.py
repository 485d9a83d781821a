# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is held is not deleted: by whom, since when, and until who says so."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

from corncrake_crypto.legal_hold import Overruled
from corncrake_crypto.signatures import SigningKey
from tests.server.blocks import SMALL, make_block, new_id, pieces_of
from tests.server.house import DAYS, refused

if TYPE_CHECKING:
    from tests.server.house import House, Run


def test_a_held_report_stays_until_its_holder_lets_go(run: Run) -> None:
    async def act(house: House) -> None:
        held, other = await house.take(), await house.take()
        await house.acknowledge("ana", held, other)
        # The last word that was needed, and the hold, in one parcel.
        await house.bring("bo", await house.note("bo", held, other), house.hold("bo", 1, reports=(held,)))
        await house.live(DAYS + 10)
        assert [await house.has(held), await house.has(other)] == [True, False]
        await house.bring("ana", house.hold("ana", 1))
        await house.live(1)
        assert await house.has(held)
        await house.bring("bo", house.hold("bo", 2))
        await house.live(1)
        assert not await house.has(held)

    run(act)


def test_a_hold_that_comes_on_the_last_day_wins(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report)
        await house.live(DAYS)
        await house.bring("bo", house.hold("bo", 1, desks=("legal",)))
        await house.live(10)
        assert await house.has(report)

    run(act)


def test_a_hold_that_comes_while_reports_are_deleted_is_before_or_after_and_never_between(run: Run) -> None:
    async def act(house: House) -> None:
        reports = [await house.take() for _ in range(3)]
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, *reports)
        await house.live(DAYS)
        house.clock.live(1)
        head = await house.services.publication.publish()
        holding = house.bring("bo", house.hold("bo", 1, desks=("legal",)))
        await asyncio.gather(house.services.expiry.sweep(date.fromisoformat(head.day)), holding)
        assert len({await house.has(report) for report in reports}) == 1

    run(act)


def test_while_a_desk_is_held_its_reports_and_all_blocks_stay(run: Run) -> None:
    async def act(house: House) -> None:
        report, block = await house.take(), new_id()
        assert await house.services.blocks.put(block, SMALL, pieces_of(make_block()))
        await house.bring("ana", await house.note("ana", report), house.hold("ana", 1, desks=("legal",)))
        await house.acknowledge("bo", report)
        await house.live(30)
        assert [await house.has(report), await house.services.blocks.has(block)] == [True, True]
        await house.bring("ana", house.hold("ana", 2))
        await house.live(1)
        assert [await house.has(report), await house.services.blocks.has(block)] == [False, False]

    run(act)


def test_the_organisation_holds_and_overrules_and_a_reviewer_cannot(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        await house.bring("ana", await house.note("ana", report), house.hold("ana", 1, reports=(report,)))
        await house.acknowledge("bo", report)
        assert await refused(house.bring("bo", house.hold(None, 1, key=house.organisation.reviewers["bo"]))) == "signature"
        await house.bring("bo", house.hold(None, 1, reports=(report,), overruled=(Overruled(reviewer="ana", number=1),)))
        await house.live(DAYS + 1)
        assert await house.has(report)
        # A vault that has the organisation's first hold still carries it after the second: it is passed over.
        await house.bring("bo", house.hold(None, 2, overruled=(Overruled(reviewer="ana", number=1),)))
        await house.bring("ana", house.hold("ana", 1, reports=(report,)), house.hold(None, 1, reports=(report,)))
        await house.live(1)
        assert not await house.has(report)

    run(act)


def test_the_hold_of_a_reviewer_who_reads_no_more_stays(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        await house.bring("bo", await house.note("bo", report), house.hold("bo", 1, reports=(report,)))
        await house.acknowledge("ana", report)
        await house.bring_charter(2, "ana")
        assert await refused(house.bring("bo", house.hold("bo", 2))) == "desk"
        await house.live(DAYS + 5)
        assert await house.has(report)

    run(act)


def test_a_hold_of_another_desk_an_older_one_and_another_of_the_same_number_are_refused(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        elsewhere = await house.take("press")
        assert await refused(house.bring("bo", house.hold("bo", 1, desks=("press",)))) == "desk"
        assert await refused(house.bring("bo", house.hold("bo", 1, reports=(elsewhere,)))) == "desk"
        await house.bring("bo", house.hold("bo", 2, reports=(report,)))
        assert await refused(house.bring("bo", house.hold("bo", 1))) == "repeated"
        assert await refused(house.bring("bo", house.hold("bo", 2))) == "equivocation"
        assert await refused(house.bring("bo", house.hold("bo", 3, key=SigningKey.generate()))) == "signature"

    run(act)


# -- after the organisation's key was handed over --------------------------------------------------------------------------


def test_what_the_organisation_held_by_its_former_key_stays_held_and_no_parcel_that_carries_it_is_refused(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        carried = house.hold(None, 1, reports=(report,))
        await house.bring("bo", await house.note("bo", report), carried)
        await house.acknowledge("ana", report)
        former = await house.succeed(2)
        await house.bring("bo", await house.note("bo", report), carried)
        await house.live(DAYS + 5)
        assert await house.has(report)
        # Only what is here may be by the former key: it holds nothing anew, and lets go of nothing.
        assert await refused(house.bring("ana", house.hold(None, 1, key=former))) == "signature"
        assert await refused(house.bring("ana", house.hold(None, 2, key=former))) == "signature"
        await house.bring("ana", house.hold(None, 2))
        await house.bring("bo", await house.note("bo", report), carried)
        await house.live(1)
        assert not await house.has(report)

    run(act)


# -- where a reviewer reads no longer --------------------------------------------------------------------------------------


def test_what_a_reviewer_held_at_a_desk_of_before_stays_held_until_it_is_let_go_and_nothing_is_added(run: Run) -> None:
    async def act(house: House) -> None:
        await house.bring_charter(2, "ana", "bo", press=("ana", "bo"))
        held, later, here = await house.take("press"), await house.take("press"), await house.take()
        await house.acknowledge("bo", held, later)
        await house.bring("ana", await house.note("ana", held, later), house.hold("ana", 1, reports=(held,)))
        await house.bring_charter(3, "ana", "bo", press=("bo",))
        # The same again, and a new one that says more of what may be held.
        await house.bring("ana", await house.note("ana", held, later), house.hold("ana", 1, reports=(held,)))
        await house.bring("ana", await house.note("ana", held, later), house.hold("ana", 2, reports=(held, here), desks=("legal",)))
        assert await refused(house.bring("ana", house.hold("ana", 3, reports=(held, later)))) == "desk"
        assert await refused(house.bring("ana", house.hold("ana", 3, reports=(held,), desks=("press",)))) == "desk"
        await house.live(DAYS + 1)
        assert [await house.has(held), await house.has(later)] == [True, False]
        await house.bring("ana", await house.note("ana", held), house.hold("ana", 4))
        await house.live(1)
        assert not await house.has(held)

    run(act)


def test_a_desk_that_was_held_before_its_holder_left_stays_held_and_once_overruled_is_not_held_again(run: Run) -> None:
    async def act(house: House) -> None:
        await house.bring_charter(2, "ana", "bo", press=("ana", "bo"))
        report = await house.take("press")
        await house.acknowledge("bo", report)
        await house.bring("ana", await house.note("ana", report), house.hold("ana", 1, desks=("press",)))
        await house.bring_charter(3, "ana", "bo", press=("bo",))
        await house.bring("ana", await house.note("ana", report), house.hold("ana", 2, desks=("press", "legal")))
        await house.live(DAYS + 5)
        assert await house.has(report)
        await house.bring("bo", await house.note("bo", report), house.hold(None, 1, overruled=(Overruled(reviewer="ana", number=2),)))
        # The vault goes on carrying what it has signed; a new one would be a new hold.
        await house.bring("ana", await house.note("ana", report), house.hold("ana", 2, desks=("press", "legal")))
        assert await refused(house.bring("ana", house.hold("ana", 3, desks=("press",)))) == "desk"
        await house.live(1)
        assert not await house.has(report)

    run(act)
