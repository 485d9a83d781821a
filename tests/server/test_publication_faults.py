# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fails while a publication is made, and what is said of it."""

import asyncio
from pathlib import Path

import pytest

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import StoreError
from corncrake_server.app import Process, create_app
from corncrake_server.ports.log import StoredHead
from corncrake_server.services.publication import Publication
from corncrake_server.services.schedule import Schedule
from corncrake_server.settings import load_settings
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.log_key import LogKeyFiles
from tests.server.conftest import MakeServer
from tests.server.running import RunningServer
from tests.server.tree import ONE_DAY, Only, PowerCutError, SetClock, Tree, run
from tests.simulators.organisation import TODAY


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
        publication = Publication(tree.log, Only(FullDisk(keys)), SetClock())
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
        await Schedule(Publication(BrokenLog(tree.database), Only(tree.key), SetClock()), SetClock(), "00:15").step()
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


class CutOff(LogKeyFiles):
    """A key whose head is not noted, since the power goes."""

    def note_head(self, size: int, root: bytes) -> None:  # noqa: ARG002 - of a key
        raise PowerCutError


def test_a_host_that_does_not_publish_signs_nothing_when_it_starts(make_server: MakeServer) -> None:
    server = make_server()

    async def start(**settings: str) -> tuple[bool, int]:
        """Start a host; return whether the publication is finished then, and what is noted beside its key."""
        process = Process(load_settings(None, settings, server.environment), SetClock())
        try:
            await process.start()
            return await process.services.log.planned() is None, LogKeyFiles(server.data).noted_head()[0]
        finally:
            await process.stop()

    async def work() -> None:
        process = Process(load_settings(None, {}, server.environment), SetClock())
        try:
            with pytest.raises(PowerCutError):
                await Publication(process.services.log, Only(CutOff(server.data)), SetClock()).publish()
        finally:
            await process.stop()
        # The host that publishes would not have it noted that this head was signed.
        assert await start(publish_at="") == (False, 0)
        assert await start(publish_at="00:15") == (True, 65)

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
