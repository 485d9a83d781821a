# SPDX-License-Identifier: AGPL-3.0-or-later
"""A copy that is brought back is whole, or is not brought back. That all of it comes back is in `test_process`."""

import asyncio
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from corncrake_crypto.charter import Log
from corncrake_server import backup
from corncrake_server.settings import load_settings
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

DATABASE = "corncrake.sqlite3"


def test_a_backup_reaches_postgresql_as_the_server_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []

    def run(_words: object, *, env: dict[str, str], **_more: object) -> subprocess.CompletedProcess[str]:
        asked.append({name: value for name, value in env.items() if name.startswith("PG")})
        return subprocess.CompletedProcess([], 0)

    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(backup, "subprocess", SimpleNamespace(run=run))
    url = "postgresql+asyncpg:///corncrake?host=db.example&port=5433&user=c&password=p&ssl=verify-full"
    asyncio.run(backup.back_up(load_settings(None, {"data_dir": str(tmp_path), "database_url": url}, {}), tmp_path / "copy"))
    assert asked == [{"PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "c", "PGPASSWORD": "p", "PGSSLMODE": "verify-full"}]


@pytest.fixture
def copied(tmp_path: Path) -> RunningServer:
    """A server on SQLite with a backup beside it, its database gone."""
    server = RunningServer(tmp_path, "")
    server.prepare()
    assert server.command("backup", str(tmp_path / "copy")).returncode == 0
    for path in server.data.glob(f"{DATABASE}*"):
        path.unlink()
    return server


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_nothing_is_restored_over_a_database_or_what_one_has_left(copied: RunningServer, tmp_path: Path, ending: str) -> None:
    left = copied.data / f"{DATABASE}{ending}"
    left.write_bytes(b"left by a power cut")
    answer = copied.command("restore", str(tmp_path / "copy"))
    assert answer.returncode == 1
    assert str(left) in answer.stderr
    assert left.read_bytes() == b"left by a power cut"
    left.unlink()
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0


def damage(path: Path) -> None:
    """Turn two pages of a database round, its first one left alone: it still opens."""
    raw = path.read_bytes()
    with closing(sqlite3.connect(path)) as database:
        size = database.execute("PRAGMA page_size").fetchone()[0]
    middle = raw[size : 3 * size]
    path.write_bytes(raw[:size] + middle[::-1] + raw[3 * size :])


def test_a_damaged_copy_is_not_restored(copied: RunningServer, tmp_path: Path) -> None:
    damage(tmp_path / "copy" / "database.sqlite3")
    answer = copied.command("restore", str(tmp_path / "copy"))
    assert (answer.returncode, answer.stderr.split(":")[0]) == (1, "store")
    assert "damaged" in answer.stderr
    assert not (copied.data / DATABASE).exists()


def test_check_says_that_a_database_is_damaged(copied: RunningServer, tmp_path: Path) -> None:
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0
    assert "ok    database" in copied.command("check").stdout
    damage(copied.data / DATABASE)
    answer = copied.command("check")
    assert answer.returncode == 1
    assert "WRONG database" in answer.stdout


def test_a_copy_from_before_the_next_log_is_refused_and_the_log_after_that_leads_on(copied: RunningServer, tmp_path: Path) -> None:
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0
    begin_next_log(copied, 2)
    copied.publish()
    for left in copied.data.glob(f"{DATABASE}*"):
        left.unlink()
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0
    # In the former log nothing was signed since the copy was made.
    said = copied.command("check").stdout
    assert "WRONG log: the database is older than log 2" in said
    assert copied.command("publish").returncode == 1
    begin_next_log(copied, 3)
    copied.publish()
    assert "ok    log" in copied.command("check").stdout


def test_what_a_log_has_signed_is_known_also_when_its_key_is_gone(copied: RunningServer, tmp_path: Path) -> None:
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0
    begin_next_log(copied, 2)
    copied.publish()
    for left in copied.data.glob(f"{DATABASE}*"):
        left.unlink()
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0
    # Damaged, and so moved away.
    (copied.data / "log-2.key").rename(tmp_path / "damaged")
    assert "WRONG log: the database is older than log 2" in copied.command("check").stdout
    assert copied.command("publish").returncode == 1
    begin_next_log(copied, 3)
    copied.publish()


def test_no_key_is_made_where_one_has_signed_and_its_note_stays(copied: RunningServer, tmp_path: Path) -> None:
    assert copied.command("restore", str(tmp_path / "copy")).returncode == 0
    copied.publish()
    key, noted = copied.data / "log.key", (copied.data / "log.head").read_bytes()
    key.rename(tmp_path / "offline")
    again = copied.command("init", "--origin", copied.origin)
    assert (again.returncode, "has signed" in again.stderr) == (1, True)
    assert not key.exists()
    # With it, an older copy of the database would be taken for the newest.
    assert (copied.data / "log.head").read_bytes() == noted
    (tmp_path / "offline").rename(key)
    copied.publish()


def begin_next_log(server: RunningServer, number: int) -> None:
    """Have the operator make the key of the next log, which must have this number, and bring the charter that names it."""
    _, origin, key = server.command("new-log").stdout.split()
    assert origin.endswith(f"/log/{number}")
    answer = server.bring(server.sign_charter(sequence=number, log=Log(origin=origin, key=key), issued=TODAY))
    assert answer.returncode == 0, answer.stderr
