# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `check` sees, and that it changes nothing."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from corncrake_crypto.encoding import day_text
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import REPORT_CLASSES
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from tests.server.conftest import MakeServer
from tests.server.running import RunningServer
from tests.simulators.organisation import EPOCH, TODAY


def wrong(server: RunningServer) -> dict[str, str]:
    """What is wrong, by what was looked at; the status must say the same."""
    answer = server.command("check")
    lines = [line.removeprefix("WRONG ").split(": ", 1) for line in answer.stdout.splitlines() if line.startswith("WRONG ")]
    assert answer.returncode == bool(lines), answer.stderr
    return dict(lines)


def open_for_weeks(server: RunningServer, weeks: int) -> None:
    """Bring prekeys of this week and so many more."""
    for reviewer in ("ana", "bo"):
        notes = server.prekeys(reviewer, range(EPOCH, EPOCH + weeks + 1))
        assert server.push(reviewer, 1, server.parcel(reviewer, 1, [notes])).status_code == 201


def test_all_is_well_also_while_the_server_runs(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    open_for_weeks(server, 4)
    assert wrong(server) == {}
    server.publish()
    said = server.command("check").stdout
    assert "ok    publication: the newest head is of 2026-11-25" in said
    assert "ok    clock: it is 2026-11-25, as CORNCRAKE_TODAY says and not the clock" in said
    server.end()
    assert wrong(server) == {}


def test_a_check_signs_and_publishes_nothing(make_server: MakeServer) -> None:
    server = make_server(publish_at="00:00")
    server.publish()
    before = (server.data / "log.head").read_bytes()
    server.environment["CORNCRAKE_TODAY"] = day_text(TODAY + timedelta(days=2))
    assert "2026-11-25" in wrong(server)["publication"]
    assert (server.data / "log.head").read_bytes() == before
    assert not list(server.data.glob("log.probe*"))


@pytest.mark.parametrize(("weeks", "well"), [(0, False), (3, False), (4, True)])
def test_prekeys_that_run_out_within_four_weeks_are_said(make_server: MakeServer, weeks: int, well: bool) -> None:
    server = make_server()
    server.start()
    open_for_weeks(server, weeks)
    assert ("prekeys" not in wrong(server)) is well
    assert server.get("/v1/health").json()["checks"]["prekeys"] is (weeks >= 1)


def test_who_is_away_is_named_and_closes_no_desk_above_its_least(make_server: MakeServer) -> None:
    server = make_server()
    server.organisation.reviewers["cy"], server.organisation.identities["cy"] = SigningKey.generate(), Identity.generate()
    assert server.bring(server.sign_charter(sequence=2, emergency=True, issued=TODAY)).returncode == 0
    server.start()
    open_for_weeks(server, 4)
    assert server.push("cy", 1, server.parcel("cy", 1, [server.prekeys("cy", [EPOCH, EPOCH + 1])])).status_code == 201
    said = wrong(server)["prekeys"]
    assert "cy at legal from 2026-12-07 on" in said
    assert "ana" not in said
    health = server.get("/v1/health").json()
    assert (health["checks"]["prekeys"], health["soon"]) == (True, ["prekeys: cy at legal has none from 2026-12-07 on"])
    # Of three readers two are there in that week, as many as the desk needs: a report of two stanzas is taken.
    ana, bo = (server.organisation.identities[who].recipient for who in ("ana", "bo"))
    assert server.send(seal(bytes(REPORT_CLASSES[0]), [ana, bo])).status_code == 201


@pytest.mark.parametrize(("left", "well"), [(28, True), (27, False), (-1, False)])
def test_a_charter_that_ends_within_28_days_is_said(make_server: MakeServer, left: int, well: bool) -> None:
    server = make_server()
    server.environment["CORNCRAKE_TODAY"] = day_text(server.organisation.charter().expires - timedelta(days=left))
    assert ("charter" not in wrong(server)) is well


def test_folders_that_others_can_look_into_are_said(make_server: MakeServer) -> None:
    server = make_server()
    server.data.chmod(0o750)
    assert "chmod 0700" in wrong(server)["folders"]


def test_a_disk_without_room_is_said(make_server: MakeServer) -> None:
    assert "make room" in wrong(make_server(disk_reserve=1 << 60))["disk"]


def test_a_log_key_that_others_can_read_or_that_is_gone_is_said(make_server: MakeServer) -> None:
    server = make_server()
    (server.data / "log.key").chmod(0o640)
    assert "0600" in wrong(server)["log key"]
    (server.data / "log.key").unlink()
    assert "init" in wrong(server)["log key"]


def test_a_note_of_the_last_head_that_the_database_does_not_know_is_said(make_server: MakeServer) -> None:
    server = make_server()
    (server.data / "log.head").write_bytes(b'{"root":"' + b"0" * 64 + b'","size":640}')
    assert "older than the head of size 640" in wrong(server)["log"]


def test_tables_that_are_not_there_are_said(make_server: MakeServer) -> None:
    server = make_server()
    assert server.command("migrate", "down").returncode == 1
    assert server.command("migrate", "down", "--remove", "everything").returncode == 0
    assert "migrate up" in wrong(server)["tables"]


def test_a_check_makes_no_database_where_there_is_none(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "")
    server.prepare()
    database = server.data / "corncrake.sqlite3"
    database.unlink()
    assert "there is no database" in wrong(server)["database"]
    assert not database.exists()


def test_root_does_not_work_in_the_folder_of_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RunningServer(tmp_path, "")
    server.prepare()
    if os.geteuid() == 0:
        os.chown(server.data, 65_534, 65_534)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for command in ("publish", "check", "migrate"):
        answer = server.command(command)
        assert (answer.returncode, answer.stderr.split(":")[0]) == (1, "misuse")
        assert "runuser -u" in answer.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("corncrake", "no SQLAlchemy URL"),
        ("postgresql+asyncpg://corncrake:secret@db:port/corncrake", "no SQLAlchemy URL"),
        ("postgresql+asyncpg://corncrake:secret@db/corncrake?sslmode=require", "sslmode; for TLS it has ssl=require"),
        ("postgresql+asyncpg://corncrake:secret@/corncrake?host=/run&port=x", "a number"),
        ("postgresql+asyncpg://corncrake:secret@/corncrake?host=/run&timeout=soon", "a number"),
        ("postgresql+asyncpg://corncrake:secret@/corncrake?host=/run&loop=x", "loop"),
        ("mysql+aiomysql://corncrake:secret@db/corncrake", "postgresql+asyncpg"),
    ],
)
def test_a_database_url_that_is_not_right_is_said_in_one_line_that_does_not_show_it(tmp_path: Path, url: str, said: str) -> None:
    answer = RunningServer(tmp_path, url).command("check")
    assert answer.returncode == 1
    assert answer.stderr.startswith("misuse: ")
    assert said in answer.stderr
    assert "secret" not in answer.stderr
