# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process: how it starts, what it refuses to start on, how it ends, and how much it takes."""

import asyncio
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import msgspec
import pytest

from corncrake_crypto.errors import StoreError, UsageError
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS, MAX_RECIPIENTS, REPORT_CLASSES, wire_size
from corncrake_crypto.seal import seal
from corncrake_server.app import Process
from corncrake_server.clock import SystemClock
from corncrake_server.settings import Settings, load_settings
from tests.server.conftest import MakeServer
from tests.server.running import PATIENCE_S, RunningServer
from tests.simulators.organisation import EPOCH

MIB = 1 << 20


@pytest.fixture
def lone_server(tmp_path: Path) -> RunningServer:
    """A prepared server on SQLite."""
    server = RunningServer(tmp_path, "")
    server.prepare()
    return server


def resident(pid: int) -> int:
    """Bytes of memory that a process has now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def test_a_second_process_on_the_same_sqlite_folder_is_refused(lone_server: RunningServer) -> None:
    settings = load_settings(None, {}, lone_server.environment)
    process = Process(settings, SystemClock())
    with pytest.raises(StoreError):
        Process(settings, SystemClock())
    answer = lone_server.command("migrate")
    assert (answer.returncode, answer.stderr.split(":")[0]) == (1, "store")
    asyncio.run(process.stop())
    assert lone_server.command("migrate").returncode == 0


def test_a_log_key_that_others_can_read_is_refused(lone_server: RunningServer) -> None:
    key = lone_server.data / "log.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o640)
    assert "0600" in lone_server.command("publish").stderr


def test_a_folder_that_was_made_is_not_made_again(lone_server: RunningServer) -> None:
    before = (lone_server.data / "log.key").read_bytes()
    assert lone_server.command("init", "--origin", lone_server.origin).returncode == 1
    assert (lone_server.data / "log.key").read_bytes() == before


def test_a_misspelt_setting_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('data_dir = "x"\nbody_second = 3\n')
    answer = subprocess.run([sys.executable, "-m", "corncrake_server", "check", "--config", str(config)], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr.split(":")[0]) == (1, "misuse")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BLOCK_DAY", "120", "CORNCRAKE_BLOCK_DAY"),
        ("BLOCKS_HELD", "1000000", "blocks_held"),
        ("REPORTS_HELD", "40000", "reports_held"),
        ("DISK_RESERVE", "-5", "disk_reserve"),
        ("BODY_BYTES_PER_SECOND", "0", "body_bytes_per_second"),
        ("BODY_SECONDS", "0", "body_seconds"),
        ("BATCH_REPORTS", "0", "batch_reports"),
        ("PARCELS_HELD", "60000000", "parcels_held"),
        ("BLOCK_DAYS", "1000000", "block_days"),
    ],
)
def test_a_setting_in_the_environment_that_is_none_or_cannot_be_is_refused(name: str, value: str, said: str) -> None:
    environment = {"CORNCRAKE_DATA_DIR": "x", "CORNCRAKE_TODAY": "2026-11-25", "CORNCRAKE_TEST_TIER": "fast", "PATH": ""}
    assert load_settings(None, {}, environment).data_dir == "x"
    with pytest.raises(UsageError, match=said):
        load_settings(None, {}, environment | {f"CORNCRAKE_{name}": value})


HALF_A_BODY = b"POST /v1/desks/legal/epochs/%d/reports HTTP/1.1\r\nHost: h\r\nContent-Length: 15504\r\n\r\nage" % EPOCH


def test_the_settings_of_the_deployment_are_settings_and_its_comments_the_defaults() -> None:
    text = (Path(__file__).parents[2] / "deploy" / "server.toml").read_text()
    given = msgspec.convert(tomllib.loads(text), Settings)
    assert set(Settings.__struct_fields__) == set(re.findall(r"^(?:# )?([a-z0-9_]+) = ", text, re.MULTILINE))
    for name, value in re.findall(r"^# ([a-z0-9_]+) = (\S+)", text, re.MULTILINE):
        if name not in {"database_url", "key_dir"}:
            assert str(getattr(Settings(data_dir="x"), name)) == value.strip('"')
    assert given.origin.startswith("https://")


def test_the_largest_report_and_block_may_come_at_a_rate_of_a_slow_line() -> None:
    settings = load_settings(None, {"data_dir": "x"}, {})
    assert wire_size(MAX_RECIPIENTS, max(REPORT_CLASSES)) <= settings.body_seconds * settings.body_bytes_per_second
    assert wire_size(1, LARGE_BLOCK_CLASS) <= settings.block_seconds * 5_000


@pytest.mark.parametrize("half", [b"POST /v1/desks/le", HALF_A_BODY])
def test_a_request_half_sent_does_not_keep_the_server_from_ending(tmp_path: Path, half: bytes) -> None:
    # Of itself no body is given up before the patience of `end` is over.
    server = RunningServer(tmp_path, "", body_grace_seconds=10 * PATIENCE_S, body_seconds=10 * PATIENCE_S)
    server.prepare()
    server.start()
    server.open_desk()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
        # With a whole one before it: when that is answered, the half has come too.
        connection.sendall(b"GET /v1/charter HTTP/1.1\r\nHost: h\r\n\r\n" + half)
        assert b" 200 " in connection.makefile("rb").readline()
        server.end(signal.SIGTERM)


def test_with_a_full_disk_nothing_is_taken_and_it_is_said(make_server: MakeServer) -> None:
    server = make_server(disk_reserve=1 << 60)
    server.start()
    assert server.push("ana", 1, server.parcel("ana", 1, [server.prekeys("ana")])).status_code == 507
    block = seal(bytes(BLOCK_CLASS), [server.organisation.identities["ana"].recipient])
    assert server.put_block("0" * 32, block).status_code == 507
    assert server.get("/v1/health").json() == {
        "ok": False,
        "checks": {"database": True, "charter": True, "prekeys": False, "publication": True, "disk": False, "blocks": False},
        "soon": [f"prekeys: {who} at legal has none from 2026-11-23 on" for who in ("ana", "bo")],
    }


def test_two_processes_on_one_postgresql_give_one_receipt_for_one_report(postgres_url: str, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, postgres_url)
    server.prepare()
    server.start()
    server.open_desk()
    second = RunningServer(tmp_path, postgres_url)
    second.start()
    bodies = [server.report() for _ in range(20)]
    answers: dict[tuple[int, int], tuple[int, bytes]] = {}

    def send(which: int, running: RunningServer) -> None:
        for at, body in enumerate(bodies):
            answer = running.send(body)
            answers[which, at] = answer.status_code, answer.content

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate((server, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        for at in range(len(bodies)):
            assert answers[0, at][1] == answers[1, at][1]
            assert sorted((answers[0, at][0], answers[1, at][0])) == [200, 201]
        publishing = [threading.Thread(target=running.ask_to_publish) for running in (server, second)]
        for thread in publishing:
            thread.start()
        for thread in publishing:
            thread.join()
        openings = server.fetch("/v1/courier/openings?start=0&end=500").json()["openings"]
        assert len([opening for opening in openings if opening["kind"] == "report"]) == len(bodies)
    finally:
        server.end()
        second.end()


def test_hostile_requests_leave_the_server_small_and_well(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "")
    server.prepare()
    server.start()
    server.open_desk()
    assert server.process is not None
    before = resident(server.process.pid)
    parcels = [b"\xff" * (8 * MIB), b'{"notes":[' * (MIB // 8), server.parcel("ana", 2, [("charter.note", b"[" * MIB)])]
    for number in range(3):
        for body in parcels:
            assert 400 <= server.push("ana", 2 + number, body).status_code < 500
        assert server.send(b"x" * (4 * MIB)).status_code in {400, 413}
    assert resident(server.process.pid) - before < 64 * MIB
    assert server.send(server.report()).status_code == 201
    server.end()


def test_the_page_is_served_with_its_policy_and_nothing_else_of_the_disk(tmp_path: Path) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>x</title>")
    (page / "assets" / "a.js").write_text("1")
    (tmp_path / "secret").write_text("secret")
    (page / "link").symlink_to(tmp_path / "secret")
    server = RunningServer(tmp_path, "", page_dir=str(page))
    server.prepare()
    server.start()
    shown = server.get("/")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "require-trusted-types-for 'script'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "no-store"
    assert server.get("/assets/a.js").headers["content-type"].startswith("text/javascript")
    for path in ("/link", "/../secret", "/assets/..%2f..%2fsecret", "/assets", "//etc/passwd"):
        assert server.get(path).status_code == 404
    server.end()


def test_only_one_time_of_day_is_written_by_the_server(lone_server: RunningServer) -> None:
    assert Settings(data_dir="x").publish_at == "00:15"
    lone_server.start()
    lone_server.open_desk()
    lone_server.send(lone_server.report())
    lone_server.end()
    assert (lone_server.folder / "log").read_text() == ""


def test_a_backup_brings_back_what_was_there(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    server.start()
    server.open_desk()
    body = server.report()
    receipt = server.send(body).content
    server.publish()
    assert server.command("backup", str(tmp_path / "copy")).returncode == 0
    server.end()
    assert not list((tmp_path / "copy").rglob("log.*"))
    if server.environment["CORNCRAKE_DATABASE_URL"].startswith("sqlite"):
        database = Path(server.environment["CORNCRAKE_DATABASE_URL"].partition("///")[2])
        for path in database.parent.glob(database.name + "*"):
            path.unlink()
    else:
        assert server.command("migrate", "down", "--remove", "everything").returncode == 0
    done = server.command("restore", str(tmp_path / "copy"))
    assert done.returncode == 0, done.stderr
    assert "ok    log: size 70" in server.command("check").stdout
    server.start()
    assert server.send(body).content == receipt


def test_what_cannot_be_done_is_told_with_its_file_and_what_to_do(lone_server: RunningServer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--config FILE"):
        load_settings(None, {}, {})
    assert "missing.note" in lone_server.command("charter", str(tmp_path / "missing.note")).stderr
    assert "missing.note" in lone_server.command("release", str(tmp_path / "missing.note")).stderr
    (tmp_path / "taken").mkdir()
    assert "taken" in lone_server.command("backup", str(tmp_path / "taken")).stderr
    again = lone_server.command("init", "--origin", lone_server.origin)
    assert (again.returncode, again.stderr.split(":")[0]) == (1, "store")
    # The key was not; the tables may have been brought up.
    assert "nothing was changed" not in again.stderr
    assert "check" in again.stderr
