# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log grows by publications only, never says how many reports came, and never has two histories."""

import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.merkle import verify_consistency
from corncrake_crypto.receipt import report_id
from corncrake_crypto.tiles import consistency_proof
from corncrake_server.clock import SystemClock
from corncrake_server.ports.reports import NewReport
from corncrake_server.services.publication import Publication
from corncrake_server.storage.log_key import LogKeyFiles
from tests.server.conftest import MakeServer
from tests.server.tree import Only, PowerCutError, Tree, run
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from corncrake_server.ports.log import StoredHead


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
        heads = list["StoredHead"]()
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
            await Publication(tree.log, Only(broken), SystemClock()).publish()
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


def test_reports_of_a_publication_that_is_not_finished_are_still_among_those_that_couriers_are_shown(database_url: str, tmp_path: Path) -> None:
    tree = Tree(database_url, tmp_path)

    async def work() -> None:
        first = await tree.take(3)
        await tree.publication.publish()
        here = set(await tree.take(5)) - set(first)
        with pytest.raises(PowerCutError):
            await Publication(tree.log, Only(CutOff(tmp_path)), SystemClock()).publish()
        here |= set(await tree.take(7)) - set(first)
        shown = [promise.id for promise in await tree.reports.unpublished(100)]
        assert shown == sorted(here)
        assert [promise.id for promise in await tree.reports.unpublished(3)] == shown[:3]
        await tree.publication.publish()
        assert not await tree.reports.unpublished(100)

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


def test_a_server_publishes_by_itself(make_server: MakeServer) -> None:
    server = make_server(publish_at="00:00")
    server.start()
    answer = server.get("/log/1/checkpoint")
    while answer.status_code == 404:
        answer = server.get("/log/1/checkpoint")
    assert open_checkpoint(answer.content, server.log_origin, server.log_key).size == 65


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
