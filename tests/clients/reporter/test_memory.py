# SPDX-License-Identifier: AGPL-3.0-or-later
"""Memory of the program does not grow with what it sends."""

import os
from pathlib import Path

from corncrake_crypto.block import plan
from tests.clients.reporter.program import peak_mib
from tests.server.running import RunningServer

MOST_MIB = 64
SIZES = {"quick": 60_000_000, "full": 200_000_000, "slow": 4 << 30}


def test_a_large_file_costs_less_than_64_mib_more_than_a_text(server: RunningServer, tmp_path: Path, tier: str) -> None:
    path, size = tmp_path / "sparse.bin", SIZES[tier]
    path.touch()
    os.truncate(path, size)
    least, _ = peak_mib(server, "send", "--json", "--text", "x")
    most, out = peak_mib(server, "send", "--json", "--text", "x", "--file", path)
    assert f'"blocks": {plan(size).total_blocks}' in out
    assert most - least < MOST_MIB
