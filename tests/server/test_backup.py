# SPDX-License-Identifier: AGPL-3.0-or-later
"""A copy that is brought back is whole, or is not brought back. That all of it comes back is in `test_process`."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.running import RunningServer

DATABASE = "corncrake.sqlite3"


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
