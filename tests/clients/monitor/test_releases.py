# SPDX-License-Identifier: AGPL-3.0-or-later
"""A monitor's pass over a server that serves a page: what was signed, what is served, and what stands in the log."""

from __future__ import annotations

import signal
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import b64url, day_text, root_text
from corncrake_crypto.page_release import sign_page_release
from corncrake_crypto.signatures import SigningKey
from development.page_release import manifest
from tests.clients.monitor.test_hostile_server import Liar, behind, silent
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.monitor.conftest import Monitor

KEYS = [SigningKey.generate() for _ in range(3)]
LATER, LAST = (day_text(TODAY + timedelta(days=days)) for days in (3, 6))


class PageServer(RunningServer):
    """A server with a page of some bytes, and an organisation that signs what it is."""

    def __init__(self, folder: Path) -> None:
        self.page = folder / "page"
        for name, text in {"index.html": "<!doctype html>", "saved.html": "all in one", "assets/index-a.js": "go()"}.items():
            (self.page / name).parent.mkdir(parents=True, exist_ok=True)
            (self.page / name).write_text(text)
        super().__init__(folder, "", page_dir=str(self.page))
        self.prepare()
        self.charter = self.sign_charter(sequence=2, release_keys=tuple(b64url(key.public) for key in KEYS))
        assert self.bring(self.charter).returncode == 0

    def bring_release(self, number: int = 1, day: str = day_text(TODAY)) -> None:
        note = self.folder / "release.note"
        release = manifest(self.page, root_text(self.organisation.root), number, day)
        note.write_bytes(sign_page_release(release, KEYS[1:]))
        said = self.command("release", str(note))
        assert said.returncode == 0, said.stderr

    def change(self, sql: str) -> None:
        """Do to the database what only an operator can."""
        with sqlite3.connect(self.data / "corncrake.sqlite3") as database:
            assert database.execute(sql).rowcount == 1

    def again(self, day: str = day_text(TODAY)) -> None:
        """Start again, so that the page is read anew, perhaps on another day."""
        self.end()
        self.environment["CORNCRAKE_TODAY"] = day
        self.start()


@pytest.fixture
def page_server(tmp_path: Path) -> Iterator[PageServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    made = PageServer(folder)
    made.start()
    made.open_desk()
    yield made
    if made.process is not None:
        made.end(signal.SIGKILL)


def test_an_honest_page_is_well_before_and_after_its_release_stands_in_the_log(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    page_server.publish()
    assert monitor.watch(page_server).words == []
    page_server.bring_release(2)
    assert monitor.watch(page_server).words == []
    page_server.publish()
    assert monitor.watch(page_server).words == []


def test_a_page_without_a_release_is_told(page_server: PageServer, monitor: Monitor) -> None:
    page_server.publish()
    assert monitor.watch(page_server).words == ["withheld"]


@pytest.mark.parametrize("name", ["index.html", "saved.html", "assets/index-a.js"])
def test_one_changed_byte_is_found(page_server: PageServer, monitor: Monitor, name: str) -> None:
    page_server.bring_release()
    page_server.publish()
    whole = (page_server.page / name).read_bytes()
    (page_server.page / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    page_server.again()
    ran = monitor.watch(page_server)
    assert (ran.code, set(ran.words)) == (1, {"altered"})
    assert all(f"/{name}" in one["says"] or name == "index.html" for one in ran.said["found"])
    # What came is there when an honest page has come back.
    (kept,) = [one["evidence"] for one in ran.said["found"] if one["evidence"]]
    altered = (page_server.page / name).read_bytes()
    assert (monitor.folder / kept).read_bytes().endswith(b"\r\n\r\n" + altered)
    assert [one["evidence"] for one in monitor.watch(page_server).said["found"] if one["evidence"]] == [kept]
    (page_server.page / name).write_bytes(whole)
    page_server.again()
    assert monitor.watch(page_server).code == 0
    assert [path.name for path in monitor.folder.glob("altered-*")] == [kept]


def test_a_page_that_is_altered_is_told_though_another_file_never_comes_and_the_log_is_remembered(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    page_server.publish()
    (page_server.page / "index.html").write_text("<!doctype HTML>")
    page_server.end()
    behind(page_server, page_server.folder)
    with Liar(page_server) as liar:
        liar.path, liar.trick = "/saved.html", silent
        ran = monitor.watch(page_server)
    assert (ran.code, ran.said["looked"], set(ran.words)) == (1, True, {"altered"})
    assert monitor.run("status", "--state", str(monitor.state), "--json").said["seen"]


def test_a_release_that_is_shown_and_never_logged_is_found(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    page_server.change("DELETE FROM public_leaves WHERE instr(entry, CAST('page-release' AS BLOB))")
    page_server.publish()
    assert monitor.watch(page_server).words == []
    page_server.again(LATER)
    page_server.publish()
    assert "withheld" in monitor.watch(page_server, today=LATER).words


def test_an_older_release_that_is_shown_again_is_found_also_by_a_monitor_that_never_saw_the_newer(page_server: PageServer, monitor: Monitor) -> None:
    for number in (1, 2):
        page_server.bring_release(number)
        page_server.publish()
    page_server.change("DELETE FROM page_releases WHERE number = 2")
    # Also by the passes after the one that reads the leaf.
    assert [monitor.watch(page_server).words for _ in range(2)] == [["withheld"], ["withheld"]]
    page_server.again(LATER)
    page_server.publish()
    assert monitor.watch(page_server, today=LATER).words == ["withheld"]
    # It is over when the newer one is shown, which the log has had all the time.
    page_server.bring_release(2)
    assert [monitor.watch(page_server, today=LATER).code for _ in range(2)] == [0, 0]
    page_server.again(LAST)
    page_server.publish()
    assert monitor.watch(page_server, today=LAST).code == 0


def test_a_lower_number_than_before_is_found(page_server: PageServer, monitor: Monitor) -> None:
    for number in (1, 2):
        page_server.bring_release(number)
        page_server.publish()
    assert monitor.watch(page_server).words == []
    page_server.change("DELETE FROM page_releases WHERE number = 2")
    assert [monitor.watch(page_server).words for _ in range(2)] == [["rollback"], ["rollback"]]
    page_server.bring_release(2)
    assert monitor.watch(page_server).code == 0


def test_a_newer_release_that_comes_into_the_log_while_a_lower_number_is_shown_is_not_forgotten(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    page_server.publish()
    assert monitor.watch(page_server).code == 0
    page_server.bring_release(2)
    page_server.publish()
    page_server.change("DELETE FROM page_releases WHERE number = 2")
    assert [monitor.watch(page_server).words for _ in range(2)] == [["withheld"], ["withheld"]]


class Verifying:
    """Somebody who verifies the server's page, and has nothing but root and address."""

    def __init__(self, server: PageServer, monitor: Monitor) -> None:
        self._words = ("verify-page", "--root", root_text(server.organisation.root), "--server", server.origin, "--json")
        self._monitor = monitor

    def says(self, *words: str, today: str = day_text(TODAY)) -> str:
        """The exit code, and what it said: the word, or the line about the log."""
        ran = self._monitor.run(*self._words, *words, today=today)
        return f"{ran.code} {ran.said['word'] if ran.code else ran.said['says'][1]}"


def test_a_release_is_verified_as_the_newest_of_the_log_or_as_not_there_yet(page_server: PageServer, monitor: Monitor) -> None:
    verifying = Verifying(page_server, monitor)
    page_server.publish()
    page_server.bring_release()
    assert verifying.says().startswith("0 It does NOT stand in the log yet")
    page_server.publish()
    assert verifying.says().startswith("0 It stands in the log, and no later one does")
    page_server.bring_release(2)
    assert verifying.says().startswith("0 It does NOT stand in the log yet")


def test_an_older_release_than_the_log_has_is_not_verified_though_its_page_is_served(page_server: PageServer, monitor: Monitor) -> None:
    verifying = Verifying(page_server, monitor)
    page_server.bring_release()
    page_server.publish()
    older = page_server.folder / "older.note"
    older.write_bytes(page_server.get("/v1/page-release").content)
    page_server.bring_release(2)
    page_server.publish()
    assert verifying.says("--release", str(older)) == "1 rollback"
    page_server.change("DELETE FROM page_releases WHERE number = 2")
    assert verifying.says() == "1 rollback"


def test_a_release_that_the_log_does_not_get_is_not_verified_for_long(page_server: PageServer, monitor: Monitor) -> None:
    verifying = Verifying(page_server, monitor)
    page_server.bring_release()
    page_server.change("DELETE FROM public_leaves WHERE instr(entry, CAST('page-release' AS BLOB))")
    page_server.publish()
    assert verifying.says().startswith("0 It does NOT stand in the log yet")
    weeks = day_text(TODAY + timedelta(days=15))
    page_server.again(weeks)
    page_server.publish()
    assert verifying.says(today=weeks) == "1 withheld"


@pytest.mark.parametrize("day", [TODAY + timedelta(days=3), date.max])
def test_a_release_of_a_day_to_come_is_not_verified_until_it_stands_in_the_log(page_server: PageServer, monitor: Monitor, day: date) -> None:
    """Nobody could tell how long the log has had time for it."""
    verifying = Verifying(page_server, monitor)
    page_server.publish()
    page_server.bring_release(day=day_text(day))
    assert verifying.says() == "1 not-yet-valid"
    page_server.publish()
    assert verifying.says().startswith("0 It stands in the log")


def test_a_log_that_is_not_there_or_stands_still_verifies_no_release(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    assert Verifying(page_server, monitor).says() == "1 frozen"
    page_server.publish()
    assert Verifying(page_server, monitor).says(today=LATER) == "1 frozen"


def test_a_release_is_not_verified_by_a_charter_that_has_a_successor_in_the_log(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    older = page_server.folder / "older.note"
    older.write_bytes(page_server.charter)
    assert page_server.bring(page_server.sign_charter(sequence=3, release_keys=tuple(b64url(key.public) for key in KEYS))).returncode == 0
    page_server.publish()
    verifying = Verifying(page_server, monitor)
    assert verifying.says("--charter", str(older)) == "1 rollback"
    assert verifying.says().startswith("0 It stands in the log")


def test_the_command_verifies_a_saved_page_and_a_server(page_server: PageServer, monitor: Monitor) -> None:
    page_server.bring_release()
    page_server.publish()
    place = ["--root", root_text(page_server.organisation.root), "--server", page_server.origin, "--json"]
    saved = page_server.page / "saved.html"
    well = monitor.run("verify-page", str(saved), *place)
    assert (well.code, well.said["well"]) == (0, True)
    saved.write_text("all in One")
    changed = monitor.run("verify-page", str(saved), *place)
    assert (changed.code, changed.said["word"]) == (1, "altered")
    page_server.again()
    saved.write_text("all in one")
    assert "--evidence FOLDER" in monitor.run("verify-page", *place).said["says"]
    kept = monitor.run("verify-page", *place, "--evidence", str(monitor.folder / "new")).said["says"].rpartition("keep ")[2]
    assert Path(kept).parent == monitor.folder / "new"
    assert Path(kept).read_bytes().endswith(b"\r\n\r\nall in One")
    page_server.end()
    assert monitor.run("verify-page", str(saved), *place).code == 3
    assert monitor.run("verify-page", "--root", place[1]).code == 2
