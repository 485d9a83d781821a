# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that nobody claims go after their time, those that a reviewer waits for stay, and no clock empties a store."""

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from corncrake_crypto.encoding import canonical
from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_server.app import Process
from corncrake_server.services.deletion import ReportDeletion
from corncrake_server.services.schedule import Schedule
from corncrake_server.settings import load_settings
from corncrake_server.storage.day_marks import FileDayMarks
from tests.server.blocks import SMALL, StoreKind, credentials, day_of_the_service, make_block, new_id, pieces_of
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

HOURS = 3_600
ONE = timedelta(days=1)
DAYS = 9


@dataclass
class SetClock:
    """A clock that a test sets, and a machine's counter that it lets run."""

    day: date = TODAY
    counter: float = 1_000.0

    def today(self) -> date:
        return self.day

    def now(self) -> int:
        return int(datetime.combine(self.day, time(12), UTC).timestamp())

    def monotonic(self) -> float:
        return self.counter

    def uptime(self) -> float:
        return self.counter

    def live(self, days: int) -> None:
        """A number of days pass, for machine and clock alike."""
        self.day += days * ONE
        self.counter += days * 24 * HOURS


class Machine:
    """A server's parts in this process, on a store whose service, if it is one, has the time of `clock`."""

    def __init__(self, server: RunningServer, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
        with credentials():
            self.process = Process(load_settings(None, {}, server.environment), clock)
        self.server, self.clock = server, clock
        self.blocks = self.process.blocks
        self.is_bucket = server.environment.get("CORNCRAKE_BLOCK_STORE") == "s3"
        if self.is_bucket:
            # Objects have the service's real day. Its clock goes on as far as that of the test has gone.
            start = clock.day
            self.began = began = day_of_the_service()

            async def day_now(_: date) -> date:
                return began + (clock.day - start)

            monkeypatch.setattr(self.blocks, "day_now", day_now)

    async def put(self) -> str:
        name = new_id()
        assert await self.process.services.blocks.put(name, SMALL, pieces_of(make_block()))
        return name

    async def want(self, reviewer: str, number: int, *names: str) -> None:
        """Bring a parcel of a reviewer who waits for these blocks."""
        parcel = self.server.parcel(reviewer, number, [("wanted.json", canonical({"blocks": list(names)}))])
        services = self.process.services
        assert await services.inbox.receive(reviewer, number, hashlib.sha256(parcel).digest(), len(parcel), pieces_of(parcel))

    async def has(self, *names: str) -> list[bool]:
        return [await self.process.services.blocks.has(name) for name in names]

    async def sweep(self) -> int:
        """Publish, as an operator says to, and remove what has expired."""
        head = await self.process.services.publication.publish()
        return await self.process.services.expiry.sweep(date.fromisoformat(head.day))

    async def live(self, days: int) -> int:
        """Let days pass, each with its publication; return how many blocks went."""
        removed = 0
        for _ in range(days):
            self.clock.live(1)
            removed += await self.sweep()
        return removed


Work = Callable[[Machine], Awaitable[None]]
Run = Callable[[Work], None]


@pytest.fixture
def run(store_kind: StoreKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs something on a prepared server's parts."""
    server = RunningServer(tmp_path, "", block_days=DAYS, **store_kind.settings)
    with credentials():
        server.prepare()

    async def work(act: Work) -> None:
        machine = Machine(server, SetClock(), monkeypatch)
        try:
            await machine.process.start()
            await act(machine)
        finally:
            await machine.process.stop()

    return lambda act: asyncio.run(work(act))


def test_a_block_that_nobody_claims_goes_after_its_days_and_not_before(run: Run) -> None:
    async def act(machine: Machine) -> None:
        first = await machine.put()
        assert await machine.live(DAYS) == 0
        assert await machine.has(first) == [True]
        assert await machine.live(1) == 1
        assert await machine.has(first) == [False]

    run(act)


def test_a_younger_block_stays_when_an_older_one_goes(run: Run) -> None:
    async def act(machine: Machine) -> None:
        first = await machine.put()
        if machine.is_bucket:
            return  # all its objects are of the service's one day
        assert await machine.live(5) == 0
        second = await machine.put()
        assert await machine.live(5) == 1
        assert await machine.has(first, second) == [False, True]

    run(act)


def test_a_block_that_a_reviewer_waits_for_stays_until_nobody_waits_any_more(run: Run) -> None:
    async def act(machine: Machine) -> None:
        for_ana, for_both, for_nobody = [await machine.put() for _ in range(3)]
        await machine.want("ana", 1, for_ana, for_both)
        await machine.want("bo", 1, for_both)
        assert await machine.live(DAYS + 2) == 1
        assert await machine.has(for_ana, for_both, for_nobody) == [True, True, False]
        await machine.want("ana", 2)
        assert await machine.live(1) == 1
        assert await machine.has(for_ana, for_both) == [False, True]

    run(act)


def test_a_parcel_that_comes_while_blocks_go_keeps_those_that_have_not_gone_yet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(machine: Machine) -> None:
        names = [await machine.put() for _ in range(50)]
        assert await machine.live(DAYS) == 0
        remove, brought = machine.blocks.remove, list[str]()

        async def remove_slowly(block_id: str) -> None:
            if not brought:
                brought.append(block_id)
                await machine.want("ana", 1, *names)
            await remove(block_id)

        monkeypatch.setattr(machine.blocks, "remove", remove_slowly)
        gone = await machine.live(1)
        assert 1 <= gone <= 20
        assert sum(await machine.has(*names)) == len(names) - gone

    run(act)


def test_a_parcel_that_does_not_say_what_it_waits_for_changes_nothing(run: Run) -> None:
    async def act(machine: Machine) -> None:
        name = await machine.put()
        await machine.want("ana", 1, name)
        parcel = machine.server.parcel("ana", 2, [machine.server.prekeys("ana")])
        assert await machine.process.services.inbox.receive("ana", 2, hashlib.sha256(parcel).digest(), len(parcel), pieces_of(parcel))
        assert await machine.live(DAYS + 2) == 0

    run(act)


@pytest.mark.parametrize("leap", [9, 20_000])
def test_a_clock_that_leaps_does_not_empty_the_store(run: Run, leap: int) -> None:
    async def act(machine: Machine) -> None:
        if not machine.is_bucket:
            assert await machine.live(DAYS) == 0
        name = await machine.put()
        for _ in range(4):
            machine.clock.day += leap * ONE
            machine.clock.counter += HOURS
            # Somebody even says, each time, that the clock is right.
            assert await machine.sweep() == 0
        assert await machine.has(name) == [True]
        # Whatever the clock says, the machine has lived through its days then.
        assert await machine.live(9) == 1

    run(act)


def test_a_block_that_came_while_the_clock_was_behind_has_the_day_of_the_newest_head(run: Run) -> None:
    async def act(machine: Machine) -> None:
        await machine.live(1)
        machine.clock.day = date(1970, 1, 1)
        machine.clock.counter += 61
        name = await machine.put()
        day = {block.id: block.day async for block in machine.blocks.stored()}[name]
        assert day == (machine.began if machine.is_bucket else TODAY + ONE)

    run(act)


def test_the_schedule_removes_what_has_expired_after_it_has_published(run: Run) -> None:
    async def act(machine: Machine) -> None:
        name = await machine.put()
        services = machine.process.services
        schedule = Schedule(services.publication, machine.clock, "00:15", services.expiry)
        for _ in range(DAYS + 1):
            machine.clock.live(1)
            await schedule.step()
        assert await machine.has(name) == [False]

    run(act)


def test_a_store_that_fails_does_not_end_the_schedule_and_is_looked_through_the_next_day(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(machine: Machine) -> None:
        name = await machine.put()
        services, said = machine.process.services, io.StringIO()
        schedule = Schedule(services.publication, machine.clock, "00:15", services.expiry)
        for _ in range(DAYS):
            machine.clock.live(1)
            await schedule.step()

        async def fail(*, alone: bool) -> None:
            raise StoreError(Failure.STORE, f"no answer, alone {alone}")

        with monkeypatch.context() as broken, redirect_stderr(said):
            broken.setattr(machine.blocks, "clear", fail)
            machine.clock.live(1)
            assert await schedule.step() > 0
        assert "not all was removed whose time has come" in said.getvalue()
        assert name not in said.getvalue()
        machine.clock.live(1)
        await schedule.step()
        assert await machine.has(name) == [False]

    run(act)


def test_a_process_that_ends_while_reports_are_deleted_does_not_begin_with_blocks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(machine: Machine) -> None:
        begun: list[bool] = []

        async def wait(_sweep: ReportDeletion, _today: date) -> int:
            return int(await asyncio.Event().wait())

        async def clear(*, alone: bool) -> None:
            begun.append(alone)

        expiry = machine.process.services.expiry
        with monkeypatch.context() as slow:
            slow.setattr(ReportDeletion, "sweep", wait)
            slow.setattr(machine.blocks, "clear", clear)
            task = asyncio.create_task(expiry.sweep(machine.clock.day))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        assert begun == []

    run(act)


def note(folder: Path, clock: SetClock) -> date | None:
    """What a process that has just begun says of eight days ago."""
    return asyncio.run(FileDayMarks(folder / "days", clock).note(clock.day, 8))


def test_a_day_is_long_ago_when_the_machine_has_lived_through_it(tmp_path: Path) -> None:
    clock = SetClock()
    for days in range(8):
        assert note(tmp_path, clock) is None, days
        clock.live(1)
    assert note(tmp_path, clock) == TODAY
    clock.live(1)
    assert note(tmp_path, clock) == TODAY + ONE


def test_a_machine_that_starts_again_counts_what_it_has_run_since_and_no_more(tmp_path: Path) -> None:
    clock = SetClock()
    for _ in range(8):
        assert note(tmp_path, clock) is None
        # A day later by the clock; but the machine has run for two hours only since it started.
        clock.day += ONE
        clock.counter = 2 * HOURS
    for _ in range(8):
        assert note(tmp_path, clock) is None
        clock.live(1)
    assert note(tmp_path, clock) is not None


def test_a_folder_that_is_moved_to_an_older_machine_gains_a_day_at_most(tmp_path: Path) -> None:
    clock = SetClock()
    note(tmp_path, clock)
    clock.day += ONE
    clock.counter += 1_000 * 24 * HOURS
    for _ in range(7):
        assert note(tmp_path, clock) is None
        clock.live(1)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[" * 100, bytes(2_000_000)])
def test_a_note_of_days_that_is_damaged_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    clock = SetClock()
    for _ in range(9):
        note(tmp_path, clock)
        clock.live(1)
    assert note(tmp_path, clock) is not None
    (tmp_path / "days").write_bytes(damage)
    assert note(tmp_path, clock) is None


@pytest.mark.parametrize(("days", "taken"), [("6", False), ("0", False), ("-60", False), ("7", True)])
def test_fewer_than_seven_days_are_refused(tmp_path: Path, days: str, taken: bool) -> None:
    environment = {"CORNCRAKE_DATA_DIR": str(tmp_path), "CORNCRAKE_BLOCK_DAYS": days}
    if taken:
        assert load_settings(None, {}, environment).block_days == 7
    else:
        with pytest.raises(UsageError):
            load_settings(None, {}, environment)
