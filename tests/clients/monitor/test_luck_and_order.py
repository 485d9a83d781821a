# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever the order in which a monitor comes to see things: it accuses nobody honest, and what is kept from it is not told once and forgotten."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, StoreError
from corncrake_monitor import evidence, state, watching
from corncrake_monitor.server import Server
from corncrake_monitor.state import State, StateFile
from tests.clients.monitor.test_hostile_server import Liar, behind, elsewhere, silent
from tests.clients.monitor.test_watched_charters import days_later, drop_charter
from tests.clients.monitor.test_watching import put_day
from tests.server.test_next_log import begin_next
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.clients.monitor.conftest import Monitor, OtherSide
    from tests.server.running import RunningServer


def tired(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Answer as a proxy does whose server starts anew."""
    to.send_response(502)
    to.send_header("content-length", "0")
    to.end_headers()


@pytest.fixture
def liar(server: RunningServer) -> Iterator[Liar]:
    """The server, behind somebody who gives what he likes."""
    server.end()
    behind(server, server.folder)
    with Liar(server) as lying:
        yield lying


def in_the_middle(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    """Have something happen once, while a pass is between the log and its end."""
    look, happened = watching.look_at_prekeys, list[bool]()

    def looking(*parts: object) -> object:
        if not happened:
            happened.append(True)
            work()
        return look(*parts)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(watching, "look_at_prekeys", looking)


def bring(server: RunningServer, sequence: int = 2) -> None:
    """Bring the next charter."""
    assert server.bring(server.sign_charter(sequence=sequence, issued=TODAY)).returncode == 0


def test_a_charter_that_did_not_come_while_its_leaf_did_is_not_accused_later(liar: Liar, monitor: Monitor) -> None:
    server = liar.server
    assert monitor.watch(server).code == 0
    bring(server)
    server.publish()
    liar.path, liar.trick = "/v1/charter", elsewhere
    assert monitor.watch(server).code == 1
    liar.path = ""
    assert monitor.watch(server).said["found"] == []
    server.environment["CORNCRAKE_TODAY"] = day = day_text(TODAY + timedelta(days=3))
    server.end()
    server.publish()
    (server.folder / "s").unlink(missing_ok=True)
    behind(server, server.folder)
    assert monitor.watch(server, today=day).said["found"] == []


@pytest.mark.parametrize("path", ["/v1/charter", "/log/1/checkpoint", "/v1/desks/legal/heads"])
def test_a_server_that_cannot_answer_just_now_holds_nothing_back(liar: Liar, monitor: Monitor, path: str) -> None:
    liar.path, liar.trick = path, tired
    ran = monitor.watch(liar.server)
    assert (ran.code, ran.words) == (3, ["store"])
    liar.path = ""
    assert monitor.watch(liar.server).code == 0


def test_a_server_that_nobody_reaches_is_told_as_a_broken_line_whatever_the_patience() -> None:
    with ExitStack() as held, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            # Its queue is full: what else comes is dropped, as by a machine that is not there.
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with Server(f"http://127.0.0.1:{full.getsockname()[1]}", patience=0.4) as away, pytest.raises(StoreError):
            away.get("/v1/charter", 1)


def test_a_charter_that_stands_in_the_log_and_is_shown_to_nobody_is_found_by_every_pass(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    bring(server)
    server.publish()
    drop_charter(server, 2)
    server.end()
    server.start()
    for _ in range(2):
        ran = monitor.watch(server)
        assert (ran.code, ran.words) == (1, ["withheld"])
    # Until a person has dealt with it.
    monitor.run("status", "--state", str(monitor.state), "--forget-found", "--json")
    assert monitor.watch(server).code == 0


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_charter_that_came_between_two_requests_of_a_pass_is_not_accused_later(
    server: RunningServer, monitor: Monitor, monkeypatch: pytest.MonkeyPatch, *, forgotten: bool
) -> None:
    assert monitor.watch(server).code == 0
    follow = watching.follow

    def late(*parts: object) -> object:
        monkeypatch.setattr(watching, "follow", follow)
        bring(server)
        server.publish()
        return follow(*parts)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(watching, "follow", late)
    monitor.watch(server)
    if forgotten:
        monitor.run("status", "--state", str(monitor.state), "--forget-found", "--json")
    assert monitor.watch(server).said["found"] == []
    assert monitor.watch(server, today=days_later(server, 3)).said["found"] == []


def test_a_pass_that_ends_after_a_later_one_takes_nothing_back(server: RunningServer, monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(server)
    assert monitor.watch(server).code == 0

    def other() -> None:
        server.publish()
        assert monitor.watch(server).code == 0

    in_the_middle(monkeypatch, other)
    assert monitor.watch(server).code == 0
    assert monitor.watch(server, today=days_later(server, 3)).said["found"] == []


def test_a_charter_that_the_former_log_never_got_is_not_missed_in_the_next_one(server: RunningServer, monitor: Monitor) -> None:
    bring(server)
    assert monitor.watch(server).code == 0
    begin_next(server, 3)
    server.publish()
    assert monitor.watch(server).code == 0
    assert monitor.watch(server, today=days_later(server, 3)).said["found"] == []


def test_a_head_that_came_while_a_pass_ran_and_another_has_seen_is_no_shrunken_log(
    server: RunningServer, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = monitor.folder / "seen"

    def other() -> None:
        server.publish()
        seen.write_bytes(server.get("/log/1/checkpoint").content)

    in_the_middle(monkeypatch, other)
    ran = monitor.watch(server, "--compare", str(seen))
    assert (ran.code, ran.said["found"]) == (0, [])
    # The next pass compares it, and a server that goes back from it is found all the same.
    assert monitor.watch(server, "--compare", str(seen)).code == 0


def test_a_head_of_another_history_that_is_shown_in_the_middle_of_a_pass_is_found(
    server: RunningServer, other_side: OtherSide, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.publish()
    for _ in range(2):
        other_side.publish()
    seen = monitor.folder / "seen"
    seen.write_bytes(other_side.get("/log/1/checkpoint"))
    get = Server.get

    def change_sides() -> None:
        def other(self: Server, path: str, most: int) -> bytes:
            return other_side.get(path) if path.startswith("/log/1/") else get(self, path, most)

        monkeypatch.setattr(Server, "get", other)

    in_the_middle(monkeypatch, change_sides)
    ran = monitor.watch(server, "--compare", str(seen))
    assert (ran.code, ran.words) == (1, ["fork"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]


def test_a_word_of_another_history_is_found_though_the_server_has_published_meanwhile(
    server: RunningServer, other_side: OtherSide, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        other_side.publish()
    seen = monitor.folder / "seen"
    seen.write_bytes(other_side.get("/log/1/checkpoint"))

    def publish() -> None:
        for _ in range(3):
            server.publish()

    in_the_middle(monkeypatch, publish)
    ran = monitor.watch(server, "--compare", str(seen))
    assert (ran.code, ran.words) == (1, ["fork"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]


def test_what_is_found_is_told_though_no_evidence_can_be_written(
    server: RunningServer, other_side: OtherSide, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError(Failure.STORE, "the disk is full")

    server.publish()
    assert monitor.watch(server).code == 0
    other_side.publish()
    other_side.publish()
    for module in (evidence, state):
        monkeypatch.setattr(module, "write_whole", full)
        ran = monitor.watch(server, "--uds", str(other_side.socket))
        assert (ran.code, "fork" in ran.words) == (1, True)
        monkeypatch.undo()


def test_a_line_that_breaks_after_a_fork_was_shown_hides_it_from_nobody(liar: Liar, monitor: Monitor) -> None:
    server = liar.server
    server.publish()
    assert monitor.watch(server).code == 0
    put_day(server, TODAY - timedelta(days=1))
    liar.path, liar.trick = "/v1/desks/", silent
    for _ in range(2):
        ran = monitor.watch(server)
        assert (ran.code, "rollback" in ran.words) == (1, True)
    liar.path = ""


def test_a_state_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    with file.changing() as change:
        change.state = State(release_leaf="ab" * 32)
    many = tuple(
        state.CharterSeen(sequence=at, sha256="00" * 32, since=TODAY, let_in=state.LetIn(issued=TODAY, readers="x" * 16_384))
        for at in range(1, 1_000)
    )
    with pytest.raises(StoreError), file.changing() as change:
        change.state = State(charters=many)
    assert file.read().release_leaf == "ab" * 32
