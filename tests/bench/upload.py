# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks of taking blocks: bytes a second through the server, against `dd conv=fsync` of the same bytes and nginx storing a PUT.

Rules of this file: all three write the same blocks onto the same disk in the same round; the limit of a round is the better of the two
others. The client does next to nothing: it sends bytes that were made before, over connections of its own, as many for the server as for
nginx. nginx does not sync what it stores; the server does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvloop

from tests.bench.measure import Figure, seconds
from tests.server.blocks import LARGE, make_block, new_id
from tests.server.running import PATIENCE_S, RunningServer, free_port
from tests.simulators.s3 import CREDENTIALS, fresh_bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Generator

BLOCKS: Final = 48
CONNECTIONS: Final = 4
ROUNDS: Final = 5
MIB: Final = 1 << 20
_AMOUNT: Final = BLOCKS * LARGE / MIB


@contextmanager
def _server(folder: Path, **settings: str) -> Generator[RunningServer]:
    server = RunningServer(folder, f"sqlite+aiosqlite:///{folder}/database.sqlite", **settings)
    server.environment |= CREDENTIALS
    server.prepare()
    server.start()
    try:
        yield server
    finally:
        server.end()


@contextmanager
def _nginx(folder: Path) -> Generator[int]:
    """A stock nginx that stores what is PUT below /v1/blocks/: its port."""
    port, stored = free_port(), folder / "stored"
    (stored / "v1" / "blocks").mkdir(parents=True)
    text = f"""
        worker_processes auto; pid {folder}/nginx.pid; error_log stderr crit; daemon off;
        events {{ worker_connections 64; }}
        http {{
            access_log off; client_max_body_size 64m; client_body_temp_path {stored}/temp; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            server {{ listen 127.0.0.1:{port}; root {stored}; location / {{ dav_methods PUT; }} }}
        }}
    """
    (folder / "nginx.conf").write_text(("user root; " if os.geteuid() == 0 else "") + text)
    words = [shutil.which("nginx") or "/usr/sbin/nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (folder / "nginx.pid").exists():
            assert process.poll() is None, "nginx has ended"
            assert time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


async def _send(port: int, bodies: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in bodies:
        writer.write(f"PUT /v1/blocks/{new_id()} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:12] == b"201", head
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
    writer.close()


async def _send_all(port: int, bodies: list[bytes]) -> None:
    await asyncio.gather(*(_send(port, bodies[at::CONNECTIONS]) for at in range(CONNECTIONS)))


def _rate(port: int, bodies: list[bytes]) -> float:
    return _AMOUNT / seconds(lambda: uvloop.run(_send_all(port, bodies)))


def _dd(source: Path, target: Path) -> float:
    words = ["dd", f"if={source}", f"of={target}", f"bs={LARGE}", "conv=fsync", "status=none"]
    rate = _AMOUNT / seconds(lambda: subprocess.run(words, check=True))
    target.unlink()
    return rate


def _compare(folder: Path, server: RunningServer, how: str) -> Figure:
    bodies = [make_block(LARGE) for _ in range(BLOCKS)]
    source = folder / "source"
    source.write_bytes(b"".join(bodies))
    pairs: list[tuple[float, float]] = []
    with _nginx(folder) as port:
        for _ in range(ROUNDS + 1):
            ours = _rate(server.port, bodies)
            pairs.append((ours, max(_dd(source, folder / "target"), _rate(port, bodies))))
            shutil.rmtree(folder / "stored" / "v1")
            (folder / "stored" / "v1" / "blocks").mkdir(parents=True)
    ratios = [mine / best for mine, best in pairs[1:]]
    return Figure(
        value=statistics.median(mine for mine, _ in pairs[1:]),
        limit=statistics.median(best for _, best in pairs[1:]),
        ratio=statistics.median(ratios),
        unit="MiB/s",
        how=how,
        spread=(min(ratios), max(ratios)),
    )


def bench_upload_files() -> Figure:
    """Large blocks into files."""
    how = f"{BLOCKS} blocks of 4 MiB over {CONNECTIONS} connections, each synced, against the better of dd conv=fsync (once) and nginx (never)"
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as name, _server(Path(name)) as server:
        return _compare(Path(name), server, how)


def bench_upload_s3() -> Figure:
    """Large blocks into a bucket of moto's service, which does not store durably and is not fast."""
    how = f"{BLOCKS} blocks of 4 MiB over {CONNECTIONS} connections into a bucket of moto on this machine, against the same"
    with running_s3() as endpoint, tempfile.TemporaryDirectory(prefix="corncrake-bench-") as name:  # noqa: SIM117 - too long for one line
        with _server(Path(name), **fresh_bucket(endpoint).settings) as server:
            return _compare(Path(name), server, how)
