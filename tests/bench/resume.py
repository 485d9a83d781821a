# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks of a reporter's program on a line that breaks, and of its memory: sparse files through a real server.

A cut costs half a block of 4.19 MB on average, for a server keeps whole blocks only: ten of them are 1.05 % of 2 GB before anything else.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.block import plan
from corncrake_crypto.padding import wire_size
from tests.bench.measure import Figure, from_values
from tests.clients.reporter.program import finish, peak_mib, start
from tests.server.running import RunningServer
from tests.simulators.line import BadLine

if TYPE_CHECKING:
    from collections.abc import Generator

CUTS: Final = 10
WASTE_LIMIT_PERCENT: Final = 1.0
WASTE_SIZE: Final = 2_000_000_000
PEAK_LIMIT_MIB: Final = 64.0
PEAK_SIZE: Final = 1 << 30
ROUNDS: Final = 1
"""Of two gigabytes each: the disk takes its time."""


@contextmanager
def _far_server() -> Generator[tuple[RunningServer, BadLine, Path]]:
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder:
        server = RunningServer(Path(folder), "")
        with BadLine(server.port) as line:
            server.origin = line.origin
            server.prepare()
            server.start()
            try:
                server.open_desk()
                yield server, line, Path(folder)
            finally:
                if server.process is not None:
                    server.end()


def _sparse(path: Path, size: int) -> Path:
    path.touch()
    os.truncate(path, size)
    return path


def _waste(size: int) -> float:
    """Bytes that went over the line and did not have to, in percent of the bytes of the file; every connection is cut ten times."""
    blocks = plan(size)
    needed = blocks.total_blocks * wire_size(1, blocks.block_class)
    with _far_server() as (server, line, folder):
        path, before = _sparse(folder / "sparse.bin", size), line.up
        process = start(server, "send", "--json", "--text", "x", "--file", path)
        for number in range(CUTS):
            # Not at the end of a block, but wherever it happens to be.
            mark = before + (number + 1) * needed // (CUTS + 1) + number * 397_001
            while line.up < mark and process.poll() is None:
                time.sleep(0.002)
            line.cut_all()
        code, _, err = finish(process)
        assert code == 0, err
        return 100 * (line.up - before - needed) / size


def bench_resume_waste() -> Figure:
    """What goes twice when the line breaks."""
    how = f"bytes sent beyond those needed, over the {WASTE_SIZE / 1e9:.0f} GB of a sparse file, after {CUTS} cuts of every connection"
    return from_values([_waste(WASTE_SIZE) for _ in range(ROUNDS)], WASTE_LIMIT_PERCENT, "%", how)


def bench_evidence_peak_mib() -> Figure:
    """Memory of the program for a large file, beyond that for a text."""
    how = f"most memory of the reporter's program for a sparse file of {PEAK_SIZE >> 20} MiB, beyond that for a text"
    with _far_server() as (server, _, folder):
        path = _sparse(folder / "sparse.bin", PEAK_SIZE)
        least, _ = peak_mib(server, "send", "--json", "--text", "x")
        most, _ = peak_mib(server, "send", "--json", "--text", "x", "--file", path)
    return from_values([most - least], PEAK_LIMIT_MIB, "MiB", how)
