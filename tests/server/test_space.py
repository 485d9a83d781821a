# SPDX-License-Identifier: AGPL-3.0-or-later
"""Room for blocks: when it runs out that is said, with a time to try again; reports are taken still, and nothing is dropped."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.server.blocks import LARGE, SMALL, StoreKind, make_block, new_id
from tests.server.running import RunningServer, failure
from tests.simulators.s3 import CREDENTIALS


def serve(folder: Path, **settings: str | int) -> RunningServer:
    server = RunningServer(folder, "", **settings)
    server.environment |= CREDENTIALS
    server.prepare()
    server.start()
    try:
        server.open_desk()
    except BaseException:
        server.end(signal.SIGKILL)
        raise
    return server


def test_when_the_room_that_blocks_may_take_is_used_up_reports_go_on_and_nothing_is_dropped(store_kind: StoreKind, tmp_path: Path) -> None:
    server = serve(tmp_path, blocks_most=LARGE + 2 * SMALL - 1, **store_kind.settings)
    try:
        kept = {new_id(): make_block(length) for length in (LARGE, SMALL)}
        for name, body in kept.items():
            assert server.put_block(name, body).status_code == 201
        assert server.get("/v1/health").json()["checks"]["blocks"] is False
        for round_ in range(2):
            refused = [server.put_block(new_id(), make_block()) for _ in range(3)]
            for answer in refused:
                assert failure(answer) == (507, "store")
                wait = int(answer.headers["retry-after"])
                assert (900 <= wait <= 3_600, wait % 300) == (True, 0)
            assert server.send(server.report()).status_code == 201
            for name, body in kept.items():
                assert server.fetch(f"/v1/blocks/{name}").content == body
            if not round_:
                # What is stored is counted again by the next process.
                server.end()
                server.start()
    finally:
        server.end(signal.SIGKILL)


def test_blocks_leave_the_room_on_the_disk_that_is_reserved_for_reports(store_kind: StoreKind, tmp_path: Path) -> None:
    server = serve(tmp_path, **store_kind.settings)
    try:
        server.end()
        server.environment["CORNCRAKE_DISK_RESERVE"] = str(shutil.disk_usage(tmp_path).free * 2)
        server.start()
        assert failure(server.put_block(new_id(), make_block(LARGE))) == (507, "store")
        assert server.send(server.report()).status_code == 201
        assert server.get("/v1/health").json()["checks"] | {"prekeys": True} == {
            "database": True,
            "charter": True,
            "prekeys": True,
            "publication": True,
            "disk": True,
            "blocks": False,
        }
    finally:
        server.end(signal.SIGKILL)


@pytest.mark.parametrize("first", ["same", "other"])
def test_a_block_that_comes_again_takes_no_room(store_kind: StoreKind, tmp_path: Path, first: str) -> None:
    server = serve(tmp_path, blocks_most=3 * SMALL, **store_kind.settings)
    try:
        name, body = new_id(), make_block()
        server.put_block(name, body)
        for _ in range(4):
            answer = server.put_block(name, body if first == "same" else make_block())
            assert answer.status_code == (200 if first == "same" else 409)
        assert server.put_block(new_id(), body).status_code == 201
    finally:
        server.end(signal.SIGKILL)


@pytest.mark.parametrize("full", ["disk", "limit"])
def test_a_block_that_is_there_is_compared_though_there_is_no_room(store_kind: StoreKind, tmp_path: Path, full: str) -> None:
    server = serve(tmp_path, blocks_most=SMALL if full == "limit" else 0, **store_kind.settings)
    try:
        name, body = new_id(), make_block()
        assert server.put_block(name, body).status_code == 201
        if full == "disk":
            server.end()
            server.environment["CORNCRAKE_DISK_RESERVE"] = str(shutil.disk_usage(tmp_path).free * 2)
            server.start()
        assert server.put_block(new_id(), body).status_code == 507
        assert server.put_block(name, body).status_code == 200
        assert failure(server.put_block(name, make_block())) == (409, "block")
        assert failure(server.put_block(name, make_block(LARGE))) == (409, "block")
        assert server.fetch(f"/v1/blocks/{name}").content == body
    finally:
        server.end(signal.SIGKILL)


def test_reports_are_taken_and_published_though_the_folder_of_blocks_is_damaged(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", blocks_most=1 << 30)
    server.prepare()
    blocks = server.data / "blocks"
    shutil.rmtree(blocks)
    blocks.touch()
    server.start()
    try:
        server.open_desk()
        assert server.send(server.report()).status_code == 201
        assert failure(server.put_block(new_id(), make_block())) == (503, "store")
        server.publish()
        assert "WRONG blocks" in server.command("check").stdout
    finally:
        server.end(signal.SIGKILL)
    assert "blocks were not counted" in (server.folder / "log").read_text()
