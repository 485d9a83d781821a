# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report goes when enough reviewers have it, 14 days after the last that was needed; never by one alone or by a clock."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.event import listen, remove
from sqlalchemy.util import await_only

from corncrake_crypto.acknowledgement import Acknowledgement, open_acknowledgement
from corncrake_crypto.charter import KIND, Charter
from corncrake_crypto.deletion import check_deletion
from corncrake_crypto.encoding import b64url
from corncrake_crypto.fields import LogHead
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.receipt import report_id
from corncrake_crypto.signatures import SigningKey
from corncrake_server.migrations.versions import retention
from corncrake_server.ports.retention import Acknowledged
from corncrake_server.services.intake import Allowed
from corncrake_server.storage.schema import migrate
from tests.server.house import DAYS, House, refused
from tests.server.running import PATIENCE_S, RunningServer
from tests.server.test_expiry import HOURS, ONE, SetClock
from tests.simulators.organisation import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corncrake_server.ports.retention import Candidate
    from tests.server.house import Run


def test_a_report_that_all_reviewers_have_goes_after_fourteen_days_and_not_before(run: Run) -> None:
    async def act(house: House) -> None:
        both, one = await house.take(), await house.take()
        await house.acknowledge("ana", both, one)
        await house.live(20)
        await house.acknowledge("bo", both)
        await house.live(DAYS)
        assert await house.has(both)
        await house.live(1)
        assert [await house.has(both), await house.has(one)] == [False, True]
        await house.live(60)
        assert await house.has(one)

    run(act)


def test_nothing_of_a_deleted_report_is_left_in_the_files_of_sqlite(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "")
    server.prepare()

    async def act() -> None:
        house = House(server, SetClock())
        await house.process.start()
        body = server.report()
        await house.services.intake.take("legal", EPOCH, Allowed(2), body)
        await house.publish()
        kept = await house.take()
        pieces = [body[at : at + 64] for at in range(100, len(body) - 64, 500)]
        assert all(found(piece) for piece in pieces)
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report_id(body))
        await house.live(DAYS + 1)
        assert not await house.has(report_id(body))
        assert not any(found(piece) for piece in pieces)
        assert await house.has(kept)
        await house.process.stop()
        assert not any(found(piece) for piece in pieces)

    def found(piece: bytes) -> bool:
        return any(piece in path.read_bytes() for path in server.data.glob("*.sqlite*"))

    asyncio.run(act())


def test_who_reads_the_database_of_sqlite_keeps_reporters_waiting_for_a_moment_and_what_was_deleted_for_a_day(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "")
    server.prepare()

    async def act() -> None:
        house = House(server, SetClock())
        await house.process.start()
        body = server.report()
        await house.services.intake.take("legal", EPOCH, Allowed(2), body)
        await house.publish()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report_id(body))
        await house.live(DAYS)
        with closing(sqlite3.connect(server.data / "corncrake.sqlite3")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM reports").fetchone()
            swept = asyncio.create_task(house.live(1))
            await asyncio.wait([swept], timeout=PATIENCE_S)
            assert swept.done()
            assert "the next publication tries again" in str(swept.exception())
        await house.live(1)
        assert not any(body[100:164] in path.read_bytes() for path in server.data.glob("*.sqlite*"))
        await house.process.stop()

    asyncio.run(act())


def test_a_quorum_of_the_sealing_charter_suffices_and_a_later_one_changes_nothing(run: Run) -> None:
    async def act(house: House) -> None:
        house.organisation.reviewers["cy"] = SigningKey.generate()
        await house.bring_charter(2, "ana", "bo", "cy")
        before = await house.take()
        await house.bring_charter(3, "ana", "bo", "cy", quorum=2)
        after = await house.take()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, before, after)
        await house.live(DAYS + 1)
        assert [await house.has(before), await house.has(after)] == [True, False]
        # The third is let go of; the charter of the day still wants its word.
        await house.bring_charter(4, "ana", "bo", quorum=2)
        await house.live(DAYS + 1)
        assert await house.has(before)

    run(act)


def test_an_acknowledgement_that_no_longer_names_a_report_takes_its_word_back(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        await house.acknowledge("ana", report)
        await house.acknowledge("bo", report)
        await house.live(DAYS - 1)
        await house.acknowledge("bo")
        await house.live(DAYS)
        assert await house.has(report)
        await house.acknowledge("bo", report)
        await house.live(DAYS)
        assert await house.has(report)
        await house.live(1)
        assert not await house.has(report)

    run(act)


def test_what_nobody_can_open_goes_when_all_have_it_and_counts_for_no_quorum(run: Run) -> None:
    async def act(house: House) -> None:
        house.organisation.reviewers["cy"] = SigningKey.generate()
        await house.bring_charter(2, "ana", "bo", "cy", quorum=2)
        rubbish, strange = await house.take(), await house.take()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, aside=(rubbish, strange))
        await house.acknowledge("cy", aside=(rubbish,))
        await house.live(DAYS + 1)
        assert [await house.has(rubbish), await house.has(strange)] == [False, True]

    run(act)


def test_an_acknowledgement_counts_from_when_it_has_seen_the_commitment(run: Run) -> None:
    async def act(house: House) -> None:
        await house.publish()
        early = await house.log()
        report = await house.take()
        await house.acknowledge("ana", report)
        await house.acknowledge("bo", report, log=early)
        await house.live(DAYS + 1)
        assert await house.has(report)
        await house.acknowledge("bo", report)
        await house.live(DAYS + 1)
        assert not await house.has(report)

    run(act)


def test_an_old_acknowledgement_and_one_of_another_side_of_the_log_are_refused(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        await house.acknowledge("ana", report, number=7)
        assert await refused(house.acknowledge("ana", report, number=7)) == "repeated"
        assert await refused(house.acknowledge("ana", report, number=6)) == "repeated"
        log = await house.log()
        other = LogHead(origin=log.origin, size=log.size, root=b64url(bytes(32)))
        assert await refused(house.acknowledge("bo", report, log=other)) == "fork"
        assert await refused(house.acknowledge("bo", report, log=LogHead(origin="elsewhere/log/1", size=log.size, root=log.root))) == "origin"
        await house.live(DAYS + 1)
        assert await house.has(report)

    run(act)


@pytest.mark.parametrize("leap", [15, 20_000])
def test_a_clock_that_leaps_deletes_nothing(run: Run, leap: int) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report)
        for _ in range(3):
            house.clock.day += leap * ONE
            house.clock.counter += HOURS
            await house.publish()
        assert await house.has(report)

    run(act)


def test_reports_that_were_published_before_there_were_deletions_learn_their_sealing_charter(run: Run) -> None:
    async def act(house: House) -> None:
        early = await house.take()
        await house.bring_charter(2, "ana", "bo", quorum=2)
        late = await house.take()
        await migrate(house.process.database, retention.down_revision)
        await migrate(house.process.database)
        candidates: list[Candidate] = []

        def look(candidate: Candidate) -> Sequence[Acknowledged]:
            candidates.append(candidate)
            return ()

        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, early, late)
        await house.services.retention.delete("9999-12-31", look, "")
        assert {one.report: one.charter for one in candidates} == {early: 1, late: 2}

    run(act)


# -- afterwards ------------------------------------------------------------------------------------------------------------


def test_couriers_are_told_of_a_deletion_by_what_reviewers_signed(run: Run) -> None:
    async def act(house: House) -> None:
        first, second = await house.take(), await house.take()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, first)
        await house.live(DAYS + 1)
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, second)
            await house.acknowledge(reviewer, second)
        retention = house.services.retention
        size = (await house.log()).size
        (told,) = await retention.deletions(1)
        assert await retention.deletions(2) == []
        assert told.reports == (first,)
        stored = await house.services.documents.charter_of(told.charter)
        assert stored is not None
        charter = read_document(unverified_text(stored.note), KIND, Charter)
        leaves = await house.services.log_reader.leaves(0, size)
        (leaf,) = [leaf for leaf in leaves if leaf.report == first]
        assert leaf.desk is not None
        assert leaf.salt is not None
        notes: list[Acknowledgement] = []
        for named in told.acknowledgements:
            note = await retention.acknowledgement(named.reviewer, named.number)
            assert note is not None
            key = house.organisation.reviewers[named.reviewer].public
            notes.append(open_acknowledgement(note, root=house.organisation.root, reviewer=named.reviewer, identity=key))
        assert check_deletion(charter, leaf.desk, first, leaf.index, notes) == ("ana", "bo")
        # What no deletion rests on, and is not the newest, is not kept.
        assert [await retention.acknowledgement("ana", number) is not None for number in (1, 2, 3)] == [True, False, True]

    run(act)


def test_the_bytes_of_a_deleted_report_get_their_first_receipt_again_and_are_not_stored(run: Run) -> None:
    async def act(house: House) -> None:
        body = house.server.report()
        first = await house.services.intake.take("legal", EPOCH, Allowed(2), body)
        await house.publish()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report_id(body))
        await house.live(DAYS + 1)
        again = await house.services.intake.take("legal", EPOCH, Allowed(2), body)
        assert (again.receipt, again.new) == (first.receipt, False)
        assert not await house.has(report_id(body))

    run(act)


def test_a_deletion_is_judged_by_the_key_that_the_sealing_charter_names(run: Run) -> None:
    async def act(house: House) -> None:
        report = await house.take()
        old = house.organisation.reviewers["bo"]
        house.organisation.reviewers["bo"] = SigningKey.generate()
        await house.bring_charter(2, "ana", "bo")
        await house.acknowledge("ana", report)
        await house.acknowledge("bo", report)
        await house.live(DAYS + 1)
        assert await house.has(report)
        assert old.public != house.organisation.reviewers["bo"].public

    run(act)


def test_bytes_that_were_deleted_in_the_former_log_are_refused_and_stop_no_later_deletion(run: Run) -> None:
    async def act(house: House) -> None:
        body = house.server.report()
        await house.services.intake.take("legal", EPOCH, Allowed(2), body)
        await house.publish()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report_id(body))
        await house.live(DAYS + 1)
        await house.begin_log(2)
        await house.publish()
        assert await refused(house.services.intake.take("legal", EPOCH, Allowed(2), body)) == "repeated"
        other = await house.take()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report_id(body), other)
        await house.live(DAYS + 1)
        assert [await house.has(report_id(body)), await house.has(other)] == [False, False]

    run(act)


@pytest.mark.parametrize(("first", "at"), [("store", "SELECT reports.id, reports.desk"), ("delete", "UPDATE acknowledgements")])
def test_bytes_that_come_again_while_they_are_deleted_keep_their_receipt_and_go(run: Run, first: str, at: str) -> None:
    async def act(house: House) -> None:
        body, sender = house.server.report(), asyncio.get_running_loop()
        receipt = (await house.services.intake.take("legal", EPOCH, Allowed(2), body)).receipt
        await house.publish()
        for reviewer in ("ana", "bo"):
            await house.acknowledge(reviewer, report_id(body))
        house.clock.live(DAYS + 1)
        await house.services.publication.publish()
        other: list[asyncio.Task[object]] = []

        async def meanwhile() -> None:
            # The one that came first stands between its two halves, and the other has its time.
            other.append(sender.create_task(delete() if first == "store" else send()))
            await asyncio.wait(other, timeout=1)

        def between(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith(at) and not other:
                await_only(meanwhile())

        async def send() -> None:
            assert (await house.services.intake.take("legal", EPOCH, Allowed(2), body)).receipt == receipt

        async def delete() -> None:
            everybody = [Acknowledged(one, b64url(house.organisation.reviewers[one].public), 1, opened=True) for one in ("ana", "bo")]
            await house.services.retention.delete("9999-12-31", lambda _: everybody, "")

        listen(sa.Engine, "before_cursor_execute", between)
        try:
            async with asyncio.timeout(30):
                await (send() if first == "store" else delete())
                await other[0]
        finally:
            remove(sa.Engine, "before_cursor_execute", between)
        assert not await house.has(report_id(body))
        # And the next one is taken.
        assert await house.has(await house.take())

    run(act)
