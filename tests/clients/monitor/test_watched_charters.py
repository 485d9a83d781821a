# SPDX-License-Identifier: AGPL-3.0-or-later
"""Charters as a monitor watches them: who was let in, what must not follow, what the log has and clients are not shown."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from corncrake_crypto.charter import Log, Reviewer, sign_charter, sign_succession
from corncrake_crypto.encoding import b64url, day_text
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import leaf_entry
from tests.clients.monitor.test_hostile_server import Liar, behind, plain
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from corncrake_crypto.charter import Desk
    from tests.clients.monitor.conftest import Monitor, Ran
    from tests.server.running import RunningServer


def test_a_charter_that_lets_somebody_in_unseen_is_found_and_one_that_says_emergency_is_told(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    stranger = SigningKey.generate()
    desk = server.organisation.desk()
    desk = replace(desk, reviewers=(*desk.reviewers, Reviewer(id="eve", identity=b64url(stranger.public))))
    unseen = server.sign_charter(sequence=2, desks=(desk,))
    assert server.bring(unseen).returncode != 0
    told = server.sign_charter(sequence=2, desks=(desk,), emergency=True, issued=TODAY)
    assert server.bring(told).returncode == 0
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["emergency"])
    assert "eve at legal" in ran.said["found"][0]["says"]


def with_eve(server: RunningServer) -> Desk:
    """The desk, and a stranger who reads there."""
    desk = server.organisation.desk()
    return replace(desk, reviewers=(*desk.reviewers, Reviewer(id="eve", identity=b64url(SigningKey.generate().public))))


def trust(server: RunningServer, sequence: int, days_ago: int, desk: Desk, **changes: Any) -> None:
    """Have a server show a charter as if it had just come, whatever day it bears."""
    issued = TODAY - timedelta(days=days_ago)
    put_charter(
        server, sequence, server.sign_charter(sequence=sequence, desks=(desk,), issued=issued, expires=issued + timedelta(days=90), **changes)
    )


def days_later(server: RunningServer, days: int) -> str:
    """Let days pass at the server; publish, and return the day."""
    day = day_text(TODAY + timedelta(days=days))
    server.environment["CORNCRAKE_TODAY"] = day
    server.end()
    server.publish()
    server.start()
    return day


def of(ran: Ran, word: str) -> list[str]:
    return [one["says"] for one in ran.said["found"] if one["word"] == word]


def test_an_emergency_of_a_day_long_past_that_the_next_charter_does_not_tell_is_told_for_thirty_days(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    desk = with_eve(server)
    trust(server, 2, 31, desk, emergency=True)
    trust(server, 3, 0, desk)
    restart(server)
    first = monitor.watch(server)
    assert first.words == ["emergency"]
    assert "charter 2 let somebody in" in first.said["found"][0]["says"]
    assert len(of(monitor.watch(server, today=days_later(server, 29)), "emergency")) == 1
    assert of(monitor.watch(server, today=days_later(server, 30)), "emergency") == []


def test_who_is_let_in_by_a_charter_that_says_nothing_is_found_by_every_pass_for_thirty_days(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    desk = with_eve(server)
    trust(server, 2, 0, desk)
    trust(server, 3, 0, desk)
    restart(server)
    for days in (0, 29):
        (said,) = of(monitor.watch(server, today=days_later(server, days)), "signature")
        assert "eve at legal" in said
    assert of(monitor.watch(server, today=days_later(server, 30)), "signature") == []


def test_a_monitor_that_comes_later_tells_who_was_let_in_before_it(server: RunningServer, monitor: Monitor) -> None:
    desk = with_eve(server)
    trust(server, 2, 60, desk, emergency=True)
    trust(server, 3, 0, desk)
    restart(server)
    assert monitor.watch(server).words == ["emergency"]


def test_an_emergency_that_clients_are_shown_and_that_let_in_nobody_whom_the_monitor_knows_is_told(server: RunningServer, monitor: Monitor) -> None:
    assert server.bring(server.sign_charter(sequence=2, emergency=True, issued=TODAY)).returncode == 0
    (said,) = of(monitor.watch(server), "emergency")
    assert "says that somebody was let in" in said


@pytest.mark.parametrize(("days_ago", "found"), [(30, False), (31, True)])
def test_an_emergency_must_be_told_for_thirty_days_from_the_charter_that_let_somebody_in(
    server: RunningServer, monitor: Monitor, days_ago: int, found: bool
) -> None:
    desk = with_eve(server)
    trust(server, 2, 60, desk, emergency=True)
    trust(server, 3, 35, desk, emergency=True)
    trust(server, 4, days_ago, desk)
    restart(server)
    assert monitor.watch(server).words == (["charter", "emergency"] if found else ["emergency"])


def shown(server: RunningServer, monitor: Monitor, charter: bytes) -> Ran:
    """One pass over a server that shows this charter, and is honest in all else."""

    def show(to: BaseHTTPRequestHandler, _body: bytes) -> None:
        plain(to, charter)

    server.end()
    behind(server, server.folder)
    with Liar(server) as liar:
        liar.path, liar.trick = "/v1/charter", show
        ran = monitor.watch(server)
    restart(server)
    return ran


def test_a_charter_whose_log_must_not_follow_stays_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    elsewhere = Log(origin="elsewhere.example/log/2", key=b64url(SigningKey.generate().public))
    moved = server.sign_charter(sequence=2, log=elsewhere, issued=TODAY)
    assert "charter" in shown(server, monitor, moved).words
    again = shown(server, monitor, moved)
    assert (again.code, [one["word"] for one in again.said["kept"]]) == (1, ["charter"])


def test_an_old_key_of_the_organisation_leads_no_monitor_to_another_log(server: RunningServer, monitor: Monitor) -> None:
    org, new = server.organisation, SigningKey.generate()
    chain = (sign_succession(org.root, 1, org.key, new).decode(),)
    log = Log(origin=server.log_origin, key=b64url(server.log_key))

    def by_new_key(sequence: int) -> bytes:
        holder = replace(org.charter().organisation, key=b64url(new.public))
        return sign_charter(org.charter(sequence=sequence, successions=chain, organisation=holder, origin=server.origin, log=log), new)

    put_charter(server, 2, by_new_key(2))
    restart(server)
    well = monitor.watch(server)
    assert well.code == 0
    thiefs = Log(origin=server.log_origin.removesuffix("1") + "2", key=b64url(SigningKey.generate().public))
    ran = shown(server, monitor, server.sign_charter(sequence=3, log=thiefs, issued=TODAY))
    assert (ran.code, ran.words, ran.said["size"]) == (1, ["equivocation"], well.said["size"])
    # The organisation goes on with its own key, and is accused of nothing.
    for sequence in (2, 3):
        put_charter(server, sequence, by_new_key(sequence))
        restart(server)
        ran = monitor.watch(server)
        assert (ran.words, [one["word"] for one in ran.said["kept"]]) == ([], ["equivocation"])


def test_a_charter_that_the_log_has_after_a_later_one_stays_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    for sequence in (3, 2):
        note = server.sign_charter(sequence=sequence, issued=TODAY)
        put_charter(server, sequence, note)
        with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
            database.execute("INSERT INTO public_leaves (entry) VALUES (?)", (leaf_entry("charter", unverified_text(note)),))
    restart(server)
    server.publish()
    assert monitor.watch(server).words == ["rollback"]
    again = monitor.watch(server)
    assert (again.code, [one["word"] for one in again.said["kept"]]) == (1, ["rollback"])


def test_an_older_charter_and_another_of_the_same_number_are_found(server: RunningServer, monitor: Monitor) -> None:
    following = server.sign_charter(sequence=2)
    assert server.bring(following).returncode == 0
    assert monitor.watch(server).code == 0
    put_charter(server, 2, server.sign_charter(sequence=2, expires=TODAY + timedelta(days=70)))
    restart(server)
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["equivocation"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]
    drop_charter(server, 2)
    restart(server)
    assert "rollback" in monitor.watch(server).words


def test_a_charter_that_clients_are_shown_and_the_log_is_not_is_found(server: RunningServer, monitor: Monitor) -> None:
    put_charter(server, 2, server.sign_charter(sequence=2))
    assert monitor.watch(server).code == 0
    later = day_text(TODAY + timedelta(days=2))
    server.environment["CORNCRAKE_TODAY"] = later
    server.end()
    server.publish()
    server.start()
    ran = monitor.watch(server, today=later)
    assert ran.words == ["withheld"]
    assert "charter 2" in ran.said["found"][0]["says"]


def restart(server: RunningServer) -> None:
    """Start anew: a running server remembers its charter."""
    server.end()
    server.start()


def put_charter(server: RunningServer, sequence: int, note: bytes) -> None:
    """Put a charter into the database, past the checks of an honest server."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("INSERT OR REPLACE INTO charters VALUES (?, ?, ?)", (sequence, text_hash(unverified_text(note)), note))


def drop_charter(server: RunningServer, sequence: int) -> None:
    """Take a charter out of the database."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("DELETE FROM charters WHERE sequence = ?", (sequence,))
