# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server whose blocks lie in a bucket: what it is told at the start, and what it does when the bucket does not answer."""

import signal
from pathlib import Path

import pytest

from corncrake_crypto.errors import UsageError
from corncrake_server.settings import load_settings
from corncrake_server.storage.s3_blocks import open_bucket
from tests.server.blocks import credentials, make_block, new_id
from tests.server.running import RunningServer, failure, free_port
from tests.simulators.s3 import CREDENTIALS, fresh_bucket

RIGHT = {"data_dir": "x", "block_store": "s3", "s3_bucket": "b", "s3_region": "r"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"s3_bucket": ""}, "s3_bucket"),
        ({"s3_region": ""}, "s3_region"),
        ({"s3_endpoint": "http://s3.example.org"}, "https"),
        ({"s3_endpoint": "s3.example.org"}, "https"),
        ({"s3_endpoint": "http://127.0.0.1.example.org"}, "https"),
    ],
)
def test_settings_of_a_bucket_that_are_not_right_are_refused(changes: dict[str, str], said: str) -> None:
    with credentials(), pytest.raises(UsageError, match=said):
        open_bucket(load_settings(None, RIGHT | changes, {}))


def test_credentials_come_from_the_environment_only_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with credentials():
        assert not any(value in repr(open_bucket(load_settings(None, RIGHT, {}))) for value in CREDENTIALS.values())
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        open_bucket(load_settings(None, RIGHT, {}))


def test_reports_are_taken_while_the_bucket_does_not_answer(tmp_path: Path) -> None:
    settings = {"block_store": "s3", "s3_bucket": "b", "s3_region": "r", "s3_endpoint": f"http://127.0.0.1:{free_port()}"}
    server = RunningServer(tmp_path, "", **settings, blocks_most=1 << 30)
    server.environment |= CREDENTIALS
    server.prepare()
    server.start()
    try:
        server.open_desk()
        name = new_id()
        assert server.send(server.report()).status_code == 201
        assert failure(server.put_block(name, make_block())) == (503, "store")
        assert server.send(server.report()).status_code == 201
        checked = server.command("check").stdout
        assert "WRONG blocks: the bucket cannot be written to" in checked
        server.publish()
    finally:
        server.end(signal.SIGKILL)
    log = (server.folder / "log").read_text()
    assert "blocks were not counted" in log
    for hidden in (name, *CREDENTIALS.values()):
        assert hidden not in log + checked


def test_a_check_says_of_a_store_what_lies_there_and_leaves_nothing(s3_endpoint: str, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", **fresh_bucket(s3_endpoint).settings, blocks_most=10 << 20)
    server.environment |= CREDENTIALS
    server.prepare()
    for _ in range(2):
        said = server.command("check").stdout
        assert "can be written to, and 0 of 10 MiB of it are used" in said
    server.environment["CORNCRAKE_BLOCKS_MOST"] = str(1 << 20)
    assert "WRONG blocks" in server.command("check").stdout
