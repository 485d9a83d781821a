# SPDX-License-Identifier: AGPL-3.0-or-later
"""Four lines of reports: who goes first, who is never forgotten, and when a line is full."""

import asyncio
from collections.abc import Callable

import pytest

from corncrake_server.ports.reports import NewReport
from corncrake_server.refusals import Full
from corncrake_server.services.queue import LINES, PLACES, Queue


def report(name: int | str, size: int = 10) -> NewReport:
    return NewReport(str(name), "legal", "salt", 1, bytes(size))


def in_loop(check: Callable[[], None]) -> None:
    """Run what makes futures where they can be made."""

    async def run() -> None:
        check()

    asyncio.run(run())


def filled(queue: Queue, count: int) -> None:
    for line in range(LINES):
        for at in range(count):
            queue.put(report(f"{line}-{at}"), line)


def names(queue: Queue) -> list[str]:
    return [entry.report.id for entry in queue.batch(1 << 20)]


def test_of_sixteen_places_the_highest_line_has_thirteen_and_each_lower_one_has_one() -> None:
    def check() -> None:
        queue = Queue(PLACES, 1 << 20, 2)
        filled(queue, 100)
        for _ in range(3):
            taken = [name.split("-")[0] for name in names(queue)]
            assert [taken.count(str(line)) for line in range(LINES)] == [1, 1, 1, 13]

    in_loop(check)


def test_the_lowest_line_has_its_place_also_when_a_batch_has_only_one() -> None:
    def check() -> None:
        queue = Queue(1, 1 << 20, 2)
        filled(queue, 100)
        taken = [names(queue)[0].split("-")[0] for _ in range(2 * PLACES)]
        assert taken.count("0") == 2

    in_loop(check)


def test_in_a_line_whoever_came_first_goes_first() -> None:
    def check() -> None:
        queue = Queue(64, 1 << 20, 2)
        for at in range(10):
            queue.put(report(at), 2)
        assert names(queue) == [str(at) for at in range(10)]

    in_loop(check)


def test_a_line_full_of_unpaid_reports_takes_no_place_of_paid_ones() -> None:
    def check() -> None:
        queue = Queue(2, 160, 2)
        for at in range(8):
            queue.put(report(at), 0)
        with pytest.raises(Full):
            queue.put(report("late"), 0)
        assert queue.step_wanted() == 1
        queue.put(report("paid"), 1)
        assert queue.batch(1 << 20)[1].report.id == "paid"

    in_loop(check)


def test_what_is_wanted_rises_with_the_lines_that_fill() -> None:
    def check() -> None:
        queue = Queue(2, 160, 2)
        wanted = [queue.step_wanted()]
        for line in range(1, LINES):
            for at in range(2):
                queue.put(report(f"{line}-{at}"), line)
            wanted.append(queue.step_wanted())
        assert wanted == [1, 2, 3, 3]

    in_loop(check)


def test_a_line_holds_what_is_stored_in_the_time_that_was_set() -> None:
    def check() -> None:
        queue = Queue(2, 1 << 20, 2)
        # Four a second: eight in two seconds.
        queue.note_speed(2, 0.5)
        for at in range(8):
            assert not queue.is_full(0, 10)
            queue.put(report(at), 0)
        assert queue.is_full(0, 10)

    in_loop(check)


def test_an_empty_line_takes_a_report_of_any_size() -> None:
    def check() -> None:
        queue = Queue(2, 100, 2)
        queue.put(report("large", 1_000), 3)
        with pytest.raises(Full):
            queue.put(report("next", 1), 3)

    in_loop(check)


def test_the_same_report_waits_once_and_moves_up_when_it_has_paid_more() -> None:
    def check() -> None:
        queue = Queue(64, 1 << 20, 2)
        queue.put(report("before"), 0)
        first = queue.put(report("same"), 0)
        second = queue.put(report("same"), 3)
        third = queue.put(report("same"), 1)
        assert len(queue) == 2
        taken = {entry.report.id: entry for entry in queue.batch(1 << 20)}
        assert taken["same"].line == 3
        assert taken["same"].waiters == [first, second, third]

    in_loop(check)
