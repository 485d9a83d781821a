# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server's memory does not grow with the files that come, however many of their blocks come at once."""

import signal
import threading
from pathlib import Path

import httpx

from tests.server.blocks import LARGE, StoreKind, make_block, new_id
from tests.server.running import PATIENCE_S, RunningServer
from tests.simulators.s3 import CREDENTIALS

MIB = 1 << 20
AT_ONCE = 12
BLOCKS = {"quick": 24, "full": 48, "slow": 1_024}
"""In the slow tier these are 4 GiB."""


def most_resident(pid: int) -> int:
    """Bytes of memory that a process has had at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def send(server: RunningServer, count: int, made: list[str]) -> None:
    body = make_block(LARGE)
    with httpx.Client(base_url=f"{server.origin}/v1/blocks/", timeout=PATIENCE_S) as client:
        for _ in range(count):
            name = new_id()
            assert client.put(name, content=body).status_code == 201
            made.append(name)


def test_a_file_of_any_size_takes_little_memory_of_a_server(tier: str, store_kind: StoreKind, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "", **store_kind.settings)
    server.environment |= CREDENTIALS
    server.prepare()
    server.start()
    try:
        assert server.process is not None
        before, made = most_resident(server.process.pid), list[str]()
        # What a bucket keeps, its simulator keeps in memory: there it is a part of the file, over and over the same way.
        count = BLOCKS[tier] if store_kind.name == "files" else BLOCKS["quick"]
        sending = [threading.Thread(target=send, args=(server, count // AT_ONCE + (at < count % AT_ONCE), made)) for at in range(AT_ONCE)]
        for thread in sending:
            thread.start()
        for thread in sending:
            thread.join()
        assert len(made) == count
        for name in made[:4]:
            assert len(server.fetch(f"/v1/blocks/{name}").content) == LARGE
        assert most_resident(server.process.pid) - before < 64 * MIB
    finally:
        server.end(signal.SIGKILL)
        for path in (server.data / "blocks").rglob("*"):
            if path.is_file():
                path.unlink()
