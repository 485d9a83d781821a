# SPDX-License-Identifier: AGPL-3.0-or-later
"""Of which day a head is, and what a clock that is wrong does to the log."""

import asyncio
from pathlib import Path

import pytest

from corncrake_crypto.encoding import day_text
from corncrake_server.ports.reports import NewReport
from corncrake_server.services.committer import Committer
from corncrake_server.services.queue import Queue
from corncrake_server.services.schedule import Schedule
from tests.server.tree import ONE_DAY, SetClock, Tree, run
from tests.simulators.organisation import TODAY


def test_a_clock_that_was_ahead_once_does_not_stop_the_log_and_days_never_run_backwards(database_url: str, tmp_path: Path) -> None:
    clock = SetClock(TODAY + 5 * ONE_DAY)
    tree = Tree(database_url, tmp_path, clock)

    async def work() -> None:
        schedule = Schedule(tree.publication, clock, "00:15")
        sizes: list[tuple[str, int]] = []
        for day in (5, 0, 1, 6):
            clock.day = TODAY + day * ONE_DAY
            for _ in range(3):
                await schedule.step()
            head = await tree.log.head()
            assert head is not None
            sizes.append((head.day, head.size))
        ahead, after = (day_text(TODAY + days * ONE_DAY) for days in (5, 6))
        assert sizes == [(ahead, 64), (ahead, 128), (ahead, 192), (after, 256)]

    run(tree, work())


def test_a_clock_that_has_leapt_is_not_believed_until_somebody_says_so(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = SetClock()
    tree = Tree(database_url, tmp_path, clock)

    async def work() -> None:
        schedule = Schedule(tree.publication, clock, "00:15")
        await schedule.step()
        clock.day = TODAY + 365 * ONE_DAY
        await schedule.step()
        head = await tree.log.head()
        assert head is not None
        assert head.day == day_text(TODAY)
        assert "publication failed: store: the last head is of 2026-11-25 and the clock says 2027-11-25" in capsys.readouterr().err
        assert await tree.publication.is_late()
        assert (await tree.publication.publish()).day == day_text(clock.day)
        assert not await tree.publication.is_late()

    run(tree, work())


def test_a_log_is_late_when_its_newest_head_is_older_than_yesterday(database_url: str, tmp_path: Path) -> None:
    clock = SetClock()
    tree = Tree(database_url, tmp_path, clock)

    async def work() -> None:
        late: list[bool] = []
        for publish in (False, True):
            if publish:
                await tree.publication.publish()
            start = clock.day
            for _ in range(3):
                late.append(await tree.publication.is_late())
                clock.day += ONE_DAY
            clock.day = start
        assert late == [False, False, True] * 2

    run(tree, work())


def test_a_report_is_promised_for_the_day_on_which_it_is_stored(database_url: str, tmp_path: Path) -> None:
    clock = SetClock()
    tree = Tree(database_url, tmp_path, clock)

    async def work() -> None:
        committer = Committer(tree.reports, Queue(64, 1 << 20, 2), clock)
        committer.start()
        storing = asyncio.create_task(committer.store(NewReport("ab" * 32, "legal", "cd" * 32, 46, b"x")))
        # The report waits now, and midnight passes before its transaction begins.
        await asyncio.sleep(0)
        clock.day += ONE_DAY
        assert (await storing).day == day_text(clock.day)
        await committer.stop()

    run(tree, work())
