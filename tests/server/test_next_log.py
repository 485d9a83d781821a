# SPDX-License-Identifier: AGPL-3.0-or-later
"""A charter that names the next log: the server puts the former one away, and publishes again what it has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import Log
from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import b64url, day_text, unb64url
from corncrake_crypto.fields import LogHead
from corncrake_crypto.merkle import EMPTY_ROOT, leaf_hash, tree_root
from corncrake_crypto.note import unverified_text
from corncrake_crypto.receipt import Opening, commitment, open_receipt, opening_commitment, read_openings, report_id
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import entries_path, is_public, leaf_entry, read_entries
from corncrake_server.ports.log import Waiting
from corncrake_server.ports.reports import NewReport, Promise
from corncrake_server.services.leaves import leaves_of
from corncrake_server.services.publication import Publication
from corncrake_server.storage.former_logs import begin_log
from corncrake_server.storage.log_key import LogKeyFiles
from tests.server.house import refused
from tests.server.running import PATIENCE_S, RunningServer, failure
from tests.server.tree import Only, PowerCutError, Tree, run
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_crypto.receipt import Receipt
    from tests.server.house import House, Run

KINDS = ("charter", "prekeys", "edition")


def begin_next(server: RunningServer, sequence: int = 2) -> Log:
    """Make the next log's key, and bring the charter that names it."""
    made = server.command("new-log")
    assert made.returncode == 0, made.stderr
    _, origin, key = made.stdout.split()
    log = Log(origin=origin, key=key)
    server.charter = server.sign_charter(sequence=sequence, log=log, issued=TODAY)
    answer = server.bring(server.charter)
    assert answer.returncode == 0, answer.stderr
    # A process that did not bring it itself goes by the one before for a second at most.
    deadline = time.monotonic() + PATIENCE_S
    while server.get("/v1/charter").content != server.charter:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return log


def entries_of(server: RunningServer, log: Log) -> list[bytes]:
    """Read a log as a stranger does, checked under its last head."""
    number = log.origin.rsplit("/", 1)[1]
    head = open_checkpoint(server.get(f"/log/{number}/checkpoint").content, log.origin, unb64url(log.key, 32))
    found: list[bytes] = []
    for at in range(0, head.size, 256):
        found += read_entries(server.get(f"/log/{number}/{entries_path(at // 256, min(256, head.size - at))}").content)
    assert tree_root([leaf_hash(entry) for entry in found]) == head.root
    return found


def first_log(server: RunningServer) -> Log:
    return Log(origin=server.log_origin, key=b64url(server.log_key))


def received(server: RunningServer, log: Log) -> Receipt:
    """Send a report, and open its receipt by a log's key."""
    body = server.report()
    answer = server.send(body)
    assert answer.status_code == 201, answer.text
    return open_receipt(answer.content, log.origin, unb64url(log.key, 32), report_id(body), "legal")


def opened(server: RunningServer, end: int) -> list[Opening]:
    return list(read_openings(server.fetch(f"/v1/courier/openings?start=0&end={end}").content))


def test_what_was_promised_under_the_former_log_stands_in_the_next_one(fresh_server: RunningServer) -> None:
    server, first = fresh_server, first_log(fresh_server)
    published = [received(server, first) for _ in range(5)]
    server.publish()
    waiting = received(server, first)
    before = entries_of(server, first)
    log = begin_next(server)
    assert log.origin == server.log_origin.replace("/log/1", "/log/2")
    assert failure(server.get("/log/2/checkpoint")) == (404, "range")
    after = received(server, log)
    server.publish()
    entries = entries_of(server, log)
    assert {commitment(one) for one in [*published, waiting, after]} <= set(entries)
    charter = leaf_entry("charter", unverified_text(server.charter))
    assert charter in entries
    assert {entry.split(b"\n")[1].decode() for entry in entries if is_public(entry)} == set(KINDS)
    # The former log stays as it was.
    assert entries_of(server, first) == before
    openings = {one.index: one for one in opened(server, len(entries))}
    assert {at for at, entry in enumerate(entries) if not is_public(entry)} == openings.keys()
    assert all(entries[at] == opening_commitment(one) for at, one in openings.items())


def test_what_stands_again_is_in_the_order_that_was_drawn_first(fresh_server: RunningServer) -> None:
    server, first = fresh_server, first_log(fresh_server)
    for _ in range(9):
        received(server, first)
    server.publish()
    order = [one.id for one in opened(server, 1_000) if one.id is not None]
    for sequence in (2, 3):
        begin_next(server, sequence)
        server.publish()
        assert [one.id for one in opened(server, 1_000) if one.id is not None] == order
    assert server.get("/log/2/checkpoint").status_code == 200
    assert server.get("/log/3/checkpoint").status_code == 200


def test_what_waits_stands_in_nobodys_place_in_the_next_log(tmp_path: Path) -> None:
    tree = Tree(f"sqlite+aiosqlite:///{tmp_path}/database", tmp_path)
    names: list[str] = []

    async def take(count: int) -> None:
        new = [report_id(f"{len(names) + at}".encode()) for at in range(count)]
        names.extend(new)
        await tree.reports.store([NewReport(name, "legal", "ab" * 32, 46, b"report") for name in new], day_text(TODAY))

    async def begin() -> None:
        async with tree.database.writing() as connection:
            await begin_log(connection, tree.database, f"example.org/log/{len(names)}")
        tree.key.note_head(0, EMPTY_ROOT)

    async def work() -> None:
        for _ in range(6):
            # One that is published, and a long row of those that wait behind it.
            await take(1)
            await tree.publication.publish()
            await take(60)
            await begin()
            await take(1)
            await begin()
            published = await tree.publication.publish()
            stand = [leaf.report for leaf in await tree.log.leaves(0, published.size) if leaf.report is not None]
            assert sorted(stand) == sorted(names)

    run(tree, work())


def test_a_server_takes_a_charter_only_if_it_has_the_key_of_the_log(fresh_server: RunningServer) -> None:
    server = fresh_server
    other = b64url(SigningKey.generate().public)
    for log in (Log(origin=server.log_origin, key=other), Log(origin=server.log_origin.replace("/log/1", "/log/2"), key=other)):
        answer = server.bring(server.sign_charter(sequence=2, log=log))
        assert (answer.returncode, answer.stderr.split(":")[0]) == (1, "charter")
    begin_next(server)
    back = server.bring(server.sign_charter(sequence=3, log=first_log(server)))
    assert (back.returncode, back.stderr.split(":")[0]) == (1, "charter"), "no log comes back"


@pytest.mark.parametrize("left", [b"", bytes(60)])
def test_a_damaged_key_is_told_as_such_and_does_not_stand_in_the_way_of_the_next_log(tmp_path: Path, left: bytes) -> None:
    server = RunningServer(tmp_path, "")
    server.prepare()
    (server.data / "log.key").write_bytes(left)
    assert server.command("publish").stderr.startswith("store: log.key is damaged: bring back your copy of it, or move it away and")
    _, origin, key = server.command("new-log").stdout.split()
    answer = server.bring(server.sign_charter(sequence=2, log=Log(origin=origin, key=key), issued=TODAY))
    assert answer.returncode == 0, answer.stderr
    server.publish()


def test_after_a_restart_the_next_log_goes_on(fresh_server: RunningServer) -> None:
    server = fresh_server
    log = begin_next(server)
    server.publish()
    size = len(entries_of(server, log))
    server.end()
    server.start()
    received(server, log)
    server.publish()
    assert len(entries_of(server, log)) > size
    checked = server.command("check").stdout
    assert f"size {len(entries_of(server, log))}, as the key has signed" in checked


def test_an_export_that_names_the_former_log_is_refused_and_one_that_names_the_next_is_taken(fresh_server: RunningServer) -> None:
    server = fresh_server
    server.publish()
    log = begin_next(server)
    old = server.edition(2, log=LogHead(origin=server.log_origin, size=0, root=b64url(EMPTY_ROOT)))
    assert failure(server.push("ana", 2, server.parcel("ana", 2, old))) == (400, "origin")
    new = server.edition(2, log=LogHead(origin=log.origin, size=0, root=b64url(EMPTY_ROOT)))
    assert server.push("ana", 2, server.parcel("ana", 2, new)).status_code == 201


def test_what_was_planned_and_never_signed_is_no_part_of_a_former_log(run: Run) -> None:
    class CutOff(LogKeyFiles):
        """A key whose head is not noted, since the power goes."""

        def note_head(self, size: int, root: bytes) -> None:  # noqa: ARG002 - of a key
            raise PowerCutError

    async def work(house: House) -> None:
        reader = house.services.log_reader
        await house.publish()
        with pytest.raises(PowerCutError):
            await Publication(house.services.log, Only(CutOff(house.server.data)), house.clock).publish()
        paths = [f"tile/{level}/000.p/{size}" for level in ("0", "entries") for size in (65, 129)]
        before = [await reader.tile(1, path) for path in paths if path.endswith("65")]
        await house.begin_log(2)
        await house.publish()
        assert [await reader.tile(1, path) for path in paths if path.endswith("65")] == before
        for path in paths:
            if path.endswith("129"):
                assert await refused(reader.tile(1, path)) == "range"

    run(work)


def test_what_is_no_log_is_not_there(fresh_server: RunningServer) -> None:
    begin_next(fresh_server)
    for path in ("0/checkpoint", "01/checkpoint", "2x/checkpoint", "3/checkpoint", "99999/checkpoint", "9/tile/0/000.p/1"):
        assert failure(fresh_server.get(f"/log/{path}")) == (404, "range"), path


def test_before_the_first_charter_there_is_no_next_log(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RunningServer(tmp_path_factory.mktemp("none"), "")
    assert server.command("init", "--origin", server.origin).returncode == 0
    assert server.command("new-log").stderr.startswith("misuse: ")


@pytest.mark.parametrize("counts", [{}, {"2026-11-20": 3}, {"2026-11-20": 64, "2026-11-21": 65, "2026-11-25": 1}])
def test_each_day_that_stands_again_has_dummies_of_its_own(counts: dict[str, int]) -> None:
    again = [Promise(f"{day[-2:]}{at:062d}", "legal", day, "ab" * 32) for day, count in counts.items() for at in range(count)]
    found = leaves_of(Waiting([], [], again), 0, "2026-11-26")
    days = [leaf.day for leaf in found]
    assert days == sorted(days, key=str)
    assert {day: days.count(day) for day in set(days)} == {day: -(-count // 64) * 64 for day, count in counts.items()} | {"2026-11-26": 64}
    assert [leaf.report for leaf in found if leaf.report is not None] == [one.id for one in again]
