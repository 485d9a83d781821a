# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stamps at a real server: not asked for at idle; under load they go before; what is not of now is worth nothing."""

import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.receipt import open_receipt, report_id
from corncrake_crypto.stamp import Search, stamp_text
from tests.server.conftest import MakeServer
from tests.server.running import RunningServer, failure
from tests.simulators.organisation import EPOCH, TODAY

STEPS = (4, 7, 10)
CROWD = 12


def with_stamps(server: RunningServer) -> None:
    """Bring a charter that has steps."""
    charter = server.sign_charter(sequence=2, stamps=STEPS)
    answer = server.bring(charter)
    assert answer.returncode == 0, answer.stderr
    server.charter = charter


def stamp(server: RunningServer, body: bytes, step: int, **changes: Any) -> str:
    """A stamp of that step."""
    place: dict[str, Any] = {
        "origin": server.origin,
        "charter": text_hash(unverified_text(server.charter)),
        "day": TODAY,
        "report": report_id(body),
    } | changes
    found = Search(**place).run(STEPS[step - 1], 1 << 20)
    assert found is not None
    return stamp_text(found)


class Crowd:
    """Senders without stamps, who come again at once, so that their line is full until they are let go."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.stored: list[bytes] = []
        self.over = threading.Event()
        self.refused = threading.Event()
        self.threads = [threading.Thread(target=self._send) for _ in range(CROWD)]

    def _send(self) -> None:
        body = self.server.report()
        while not self.over.is_set():
            answer = self.server.send(body)
            if answer.status_code == 503:
                self.refused.set()
                self.over.wait(0.1)
            else:
                assert answer.status_code == 201
                self.stored.append(body)
                body = self.server.report()

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        assert self.refused.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def slow_server(make_server: MakeServer) -> RunningServer:
    """One that stores four reports a second, one at a time."""
    server = make_server(reports_per_second=4, batch_reports=1, busy_seconds=1, graceful_seconds=1)
    with_stamps(server)
    server.start()
    server.open_desk()
    return server


@pytest.fixture(scope="module")
def idle_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One with stamps in its charter and nothing to do."""
    server = RunningServer(tmp_path_factory.mktemp("idle"), "")
    server.prepare()
    with_stamps(server)
    server.start()
    server.open_desk()
    yield server
    server.end(signal.SIGKILL)


def send(server: RunningServer, body: bytes, *stamps: str) -> httpx.Response:
    url = f"{server.origin}/v1/desks/legal/epochs/{EPOCH}/reports"
    return httpx.post(url, content=body, headers=[("corncrake-stamp", one) for one in stamps], timeout=60)


def test_at_idle_a_report_without_a_stamp_is_taken_and_nothing_asks_for_one(idle_server: RunningServer) -> None:
    answer = idle_server.send(idle_server.report())
    assert answer.status_code == 201
    assert not [name for name in answer.headers if "stamp" in name]


@pytest.mark.parametrize(
    "change", [{"day": TODAY - timedelta(days=3)}, {"day": TODAY + timedelta(days=3)}, {"charter": "00" * 32}, {"origin": "https://a.example"}]
)
def test_a_stamp_that_is_worth_nothing_is_answered_like_none(idle_server: RunningServer, change: dict[str, Any]) -> None:
    body = idle_server.report()
    answer = send(idle_server, body, stamp(idle_server, body, 3, **change))
    assert answer.status_code == 201
    open_receipt(answer.content, idle_server.log_origin, idle_server.log_key, report_id(body), "legal")


def test_what_is_no_stamp_is_refused_and_so_are_two(idle_server: RunningServer) -> None:
    body = idle_server.report()
    good = stamp(idle_server, body, 1)
    assert failure(send(idle_server, body, good.upper())) == (400, "encoding")
    assert failure(send(idle_server, body, good, good)) == (400, "encoding")


def test_a_stamp_for_other_bytes_is_refused(idle_server: RunningServer) -> None:
    good = stamp(idle_server, idle_server.report(), 1)
    assert failure(send(idle_server, idle_server.report(), good)) == (400, "altered")


def test_under_load_a_stamp_goes_before_and_who_has_none_is_told_what_would_help(slow_server: RunningServer) -> None:
    with Crowd(slow_server) as crowd:
        refused = next(answer for answer in iter(lambda: slow_server.send(slow_server.report()), None) if answer.status_code == 503)
        said = refused.json()
        assert set(said) == {"failure", "detail", "step"}
        assert (said["failure"], said["step"]) == ("store", 1)
        assert 5 <= int(refused.headers["retry-after"]) <= 30
        bodies = [slow_server.report() for _ in range(3)]
        for body in bodies:
            # The line of those who pay is empty; the first try is taken, though all without a stamp are sent away.
            assert send(slow_server, body, stamp(slow_server, body, 1)).status_code == 201
    notes = slow_server.fetch("/v1/courier/pending").text
    assert all(report_id(body) in notes for body in [*bodies, *crowd.stored])


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_that_is_wrong_by_two_days_makes_stamps_that_count(slow_server: RunningServer, days: int) -> None:
    with Crowd(slow_server):
        body = slow_server.report()
        assert send(slow_server, body, stamp(slow_server, body, 1, day=TODAY + timedelta(days=days))).status_code == 201


def test_a_stamp_under_the_charter_that_was_just_replaced_still_counts(slow_server: RunningServer) -> None:
    with Crowd(slow_server):
        body = slow_server.report()
        made = stamp(slow_server, body, 1)
        assert slow_server.bring(slow_server.sign_charter(sequence=3, stamps=STEPS)).returncode == 0
        assert send(slow_server, body, made).status_code == 201


def test_a_stamped_report_that_is_stored_gets_its_receipt_again_without_waiting(slow_server: RunningServer) -> None:
    body = slow_server.report()
    with Crowd(slow_server):
        made = stamp(slow_server, body, 1)
        first, second = send(slow_server, body, made), send(slow_server, body, made)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content


def test_without_steps_in_the_charter_a_busy_server_names_none(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", reports_per_second=4, batch_reports=1, busy_seconds=1)
    server.prepare()
    server.start()
    try:
        server.open_desk()
        with Crowd(server):
            refused = next(answer for answer in iter(lambda: server.send(server.report()), None) if answer.status_code == 503)
            assert failure(refused) == (503, "store")
            assert "retry-after" in refused.headers
    finally:
        server.end(signal.SIGKILL)
