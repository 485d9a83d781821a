# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log grows by publications only, never says how many reports came, and never has two histories."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.merkle import verify_consistency
from corncrake_crypto.receipt import report_id
from corncrake_crypto.tiles import consistency_proof
from corncrake_server.app import Process, create_app
from corncrake_server.clock import Clock, SystemClock
from corncrake_server.ports import NewReport, StoredHead
from corncrake_server.services.committer import Committer
from corncrake_server.services.publication import Publication
from corncrake_server.services.schedule import Schedule
from corncrake_server.settings import load_settings
from corncrake_server.storage.database import Database
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.log_key import LogKeyFiles
from corncrake_server.storage.reports import SqlReports
from corncrake_server.storage.schema import check_schema, migrate
from tests.server.conftest import MakeServer
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

NOON = time_of_day(12)
ONE_DAY = timedelta(days=1)


class SetClock:
    """A clock that a test sets: a day, at noon."""

    def __init__(self, day: date = TODAY) -> None:
        self.day = day

    def today(self) -> date:
        return self.day

    def now(self) -> int:
        return int(datetime.combine(self.day, NOON, UTC).timestamp())

    def monotonic(self) -> float:
        return time.monotonic()

    def uptime(self) -> float:
        return time.monotonic()


class Tree:
    """A log by itself: database, key, and what publishes."""

    def __init__(self, url: str, folder: Path, clock: Clock | None = None) -> None:
        self.database = Database(url)
        self.log = SqlLog(self.database)
        self.reports = SqlReports(self.database)
        self.folder = folder
        if not (folder / "log.key").exists():
            LogKeyFiles.create(folder, "example.org/log/1")
        self.key = LogKeyFiles(folder)
        self.publication = Publication(self.log, self.key, clock or SystemClock())

    async def take(self, count: int) -> list[str]:
        new = [NewReport(report_id(bytes([n])), "legal", "ab" * 32, 46, bytes([n])) for n in range(count)]
        await self.reports.store(new, day_text(TODAY))
        return [report.id for report in new]


def run(tree: Tree, work: Coroutine[Any, Any, None], *, make: bool = True) -> None:
    async def whole() -> None:
        try:
            if make:
                await migrate(tree.database)
            await work
        finally:
            await tree.database.close()

    asyncio.run(whole())


@pytest.mark.parametrize(("reports", "leaves"), [(0, 64), (1, 64), (64, 64), (65, 128)])
def test_a_publication_adds_a_multiple_of_64_whatever_came(database_url: str, tmp_path: Path, reports: int, leaves: int) -> None:
    tree = Tree(database_url, tmp_path)

    async def work() -> None:
        await tree.take(reports)
        assert (await tree.publication.publish()).size == leaves
        opened = await tree.log.leaves(0, leaves)
        assert len([leaf for leaf in opened if leaf.report is not None]) == reports

    run(tree, work())


def test_reports_do_not_stand_in_the_log_in_the_order_in_which_they_came(database_url: str, tmp_path: Path) -> None:
    tree = Tree(database_url, tmp_path)

    async def work() -> None:
        ids = await tree.take(64)
        await tree.publication.publish()
        stand = [leaf.report for leaf in await tree.log.leaves(0, 64)]
        assert set(stand) == set(ids)
        assert stand not in (ids, sorted(ids))

    run(tree, work())


def test_each_head_continues_the_one_before(database_url: str, tmp_path: Path) -> None:
    tree = Tree(database_url, tmp_path)

    async def work() -> None:
        heads: list[StoredHead] = []
        for _ in range(6):
            await tree.take(3)
            heads.append(await tree.publication.publish())
        for old, new in pairwise(heads):
            tiles = {path: await tree.log.tile(path) for path in PATHS}
            proof = consistency_proof(old.size, new.size, lambda path, tiles=tiles: tiles[path] or b"")
            verify_consistency(old.size, new.size, proof, old.root, new.root)
        assert heads[-1].note is not None
        assert open_checkpoint(heads[-1].note, tree.key.origin, tree.key.key.public).size == 6 * 64

    run(tree, work())


PATHS = [f"tile/{level}/{index:03d}{width}" for level in (0, 1) for index in (0, 1) for width in ("", *(f".p/{n}" for n in range(1, 256)))]


class PowerCutError(RuntimeError):
    """What stands for a power cut."""


class CutOff(LogKeyFiles):
    """A key whose note of the head is written, or not, and then the power goes."""

    written = True

    def note_head(self, size: int, root: bytes) -> None:
        if self.written:
            super().note_head(size, root)
        raise PowerCutError


@pytest.mark.parametrize("written", [True, False])
def test_a_publication_that_was_cut_off_is_finished_as_it_was_planned(database_url: str, tmp_path: Path, written: bool) -> None:
    tree = Tree(database_url, tmp_path)

    async def work() -> None:
        await tree.publication.publish()
        await tree.take(5)
        broken = CutOff(tmp_path)
        broken.written = written
        with pytest.raises(PowerCutError):
            await Publication(tree.log, broken, SystemClock()).publish()
        planned = await tree.log.planned()
        assert planned is not None
        before = await tree.log.head()
        assert before is not None
        assert before.size == 64
        await tree.take(7)
        await tree.publication.check_start()
        after = await tree.log.head()
        assert after is not None
        assert (after.size, after.root) == (planned.size, planned.root)
        assert tree.key.noted_head() == (planned.size, planned.root)
        assert len(await tree.reports.unpublished(100)) == 2

    run(tree, work())


def test_the_key_does_not_sign_for_a_database_from_an_old_backup(tmp_path: Path) -> None:
    path = tmp_path / "database.sqlite"
    tree = Tree(f"sqlite+aiosqlite:///{path}", tmp_path)

    async def first() -> None:
        await tree.publication.publish()

    run(tree, first())
    shutil.copy(path, tmp_path / "old")
    tree = Tree(f"sqlite+aiosqlite:///{path}", tmp_path)
    run(tree, first())
    shutil.copy(tmp_path / "old", path)
    tree = Tree(f"sqlite+aiosqlite:///{path}", tmp_path)

    async def refused() -> None:
        with pytest.raises(StoreError):
            await tree.publication.check_start()
        with pytest.raises(StoreError):
            await tree.publication.publish()

    run(tree, refused(), make=False)


def test_the_key_does_not_sign_another_tree_of_a_size_it_has_signed(tmp_path: Path) -> None:
    trees = [Tree(f"sqlite+aiosqlite:///{tmp_path}/{name}", tmp_path) for name in ("one", "two")]
    LogKeyFiles(tmp_path).note_head(0, bytes(32))

    async def publish(tree: Tree) -> None:
        await tree.publication.publish()

    run(trees[0], publish(trees[0]))
    noted = trees[0].key.noted_head()
    LogKeyFiles(tmp_path).note_head(0, bytes(32))
    run(trees[1], publish(trees[1]))
    LogKeyFiles(tmp_path).note_head(*noted)
    tree = Tree(f"sqlite+aiosqlite:///{tmp_path}/two", tmp_path)

    async def refused() -> None:
        with pytest.raises(StoreError):
            await tree.publication.publish()

    run(tree, refused(), make=False)


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"root":"00","size":1}'])
def test_without_the_note_of_its_last_head_the_key_signs_nothing(tmp_path: Path, damage: bytes) -> None:
    tree = Tree(f"sqlite+aiosqlite:///{tmp_path}/database", tmp_path)
    (tmp_path / "log.head").write_bytes(damage)

    async def work() -> None:
        with pytest.raises(CorncrakeError) as caught:
            await tree.publication.publish()
        assert caught.value.failure is Failure.STORE

    run(tree, work())


def test_tables_go_up_and_down_and_up(database_url: str) -> None:
    database = Database(database_url)

    async def work() -> None:
        try:
            with pytest.raises(StoreError):
                await check_schema(database)
            for revision in ("head", "base", "head"):
                await migrate(database, revision)
            await check_schema(database)
            await migrate(database, "head")
        finally:
            await database.close()

    asyncio.run(work())


def test_the_migrations_make_the_tables_that_the_program_has(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    from corncrake_server.storage.tables import METADATA  # noqa: PLC0415

    database = Database(database_url)

    async def work() -> None:
        try:
            await migrate(database)
            async with database.reading() as connection:
                found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), METADATA))
            assert found == []
        finally:
            await database.close()

    asyncio.run(work())


def test_a_server_publishes_by_itself(make_server: MakeServer) -> None:
    server = make_server(publish_at="00:00")
    server.start()
    answer = server.get("/log/1/checkpoint")
    while answer.status_code == 404:
        answer = server.get("/log/1/checkpoint")
    assert open_checkpoint(answer.content, server.log_origin, server.log_key).size == 65


# -- days ------------------------------------------------------------------------------------------------------------------


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
        committer = Committer(tree.reports, 64, clock)
        committer.start()
        storing = asyncio.create_task(committer.store(NewReport("ab" * 32, "legal", "cd" * 32, 46, b"x")))
        # The report waits now, and midnight passes before its transaction begins.
        await asyncio.sleep(0)
        clock.day += ONE_DAY
        assert (await storing).day == day_text(clock.day)
        await committer.stop()

    run(tree, work())


# -- what fails ------------------------------------------------------------------------------------------------------------


class BrokenLog(SqlLog):
    """A log with a fault that nobody foresaw."""

    async def planned(self) -> StoredHead | None:
        raise PowerCutError


def test_a_publication_that_cannot_be_noted_is_said_tried_again_and_finished(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    tree = Tree(database_url, keys)

    async def work() -> None:
        schedule = Schedule(tree.publication, SetClock(), "00:15")
        # A disk that is gone: the same errors as one that is full or may not be written to.
        keys.rename(tmp_path / "gone")
        await schedule.step()
        assert capsys.readouterr().err.startswith("publication failed: store: ")
        (tmp_path / "gone").rename(keys)
        (keys / "log.key").rename(keys / "log.key.else")
        await schedule.step()
        head = await tree.log.head()
        assert head is not None
        assert head.size == 64

    run(tree, work())


def test_a_head_that_was_planned_and_cannot_be_noted_is_unfinished(database_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    tree = Tree(database_url, keys)

    class FullDisk(LogKeyFiles):
        """The folder's disk goes just when the head is to be noted."""

        def note_head(self, size: int, root: bytes) -> None:
            keys.rename(tmp_path / "gone")
            super().note_head(size, root)

    async def work() -> None:
        publication = Publication(tree.log, FullDisk(keys), SetClock())
        with pytest.raises(StoreError):
            await publication.publish()
        assert await publication.is_unfinished()
        (tmp_path / "gone").rename(keys)
        await tree.publication.publish()
        assert not await publication.is_unfinished()

    run(tree, work())


def test_an_unforeseen_error_does_not_end_the_schedule_and_says_nothing_of_what_it_held(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = Tree(database_url, tmp_path)

    async def work() -> None:
        await Schedule(Publication(BrokenLog(tree.database), tree.key, SetClock()), SetClock(), "00:15").step()
        assert capsys.readouterr().err == "publication failed: unforeseen PowerCutError\n"

    run(tree, work())


def test_a_server_does_not_start_when_its_key_folder_cannot_be_written_to(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", key_dir=str(tmp_path / "keys"))
    server.prepare()

    async def work() -> None:
        process = Process(load_settings(None, {}, server.environment), SetClock())
        (tmp_path / "keys").rename(tmp_path / "gone")
        try:
            with pytest.raises(StoreError, match="nothing can be published"):
                await process.start()
        finally:
            await process.stop()

    asyncio.run(work())


class BrokenClock(SetClock):
    """A clock that fails whoever asks for seconds: the schedule, before anything that it could catch."""

    def now(self) -> int:
        raise PowerCutError


@pytest.mark.filterwarnings("ignore:.*deprecated inferred style")
def test_whatever_has_failed_a_server_that_ends_lets_its_folder_go(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", publish_at="00:15")
    server.prepare()
    settings = load_settings(None, {}, server.environment)

    async def work() -> None:
        async with create_app(settings, BrokenClock()).lifespan():
            await asyncio.sleep(0)
        await Process(settings, SetClock()).stop()

    asyncio.run(work())


def test_a_time_of_day_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", publish_at="24:00")
    server.prepare()
    answer = server.command("serve")
    assert (answer.returncode, answer.stderr) == (1, "misuse: publish_at is HH:MM\n")


def test_health_says_when_nothing_is_published_any_more(make_server: MakeServer) -> None:
    server = make_server(publish_at="00:00")
    server.publish()
    server.environment["CORNCRAKE_TODAY"] = day_text(TODAY + 9 * ONE_DAY)
    server.start()
    assert server.get("/v1/health").json()["checks"]["publication"] is False
    server.publish()
    assert server.get("/v1/health").json()["checks"]["publication"] is True


# -- the order of arrival --------------------------------------------------------------------------------------------------


def test_a_published_report_no_longer_stands_in_the_order_of_its_arrival(tmp_path: Path) -> None:
    tree = Tree(f"sqlite+aiosqlite:///{tmp_path}/database", tmp_path)
    came: list[str] = []

    async def work() -> None:
        for at in range(40):
            name = report_id(bytes([at]))
            came.append(name)
            await tree.reports.store([NewReport(name, "legal", "ab" * 32, 46, bytes([at]))], day_text(TODAY))
            if at in {19, 39}:
                await tree.publication.publish()

    run(tree, work())
    with closing(sqlite3.connect(tmp_path / "database")) as database:
        stand = [row[0] for row in database.execute("SELECT id FROM reports ORDER BY rowid")]
        leaves = [row[0] for row in database.execute("SELECT id FROM reports ORDER BY leaf DESC")]
    assert sorted(stand) == sorted(came)
    assert stand == leaves
