# SPDX-License-Identifier: AGPL-3.0-or-later
"""Memory of the program does not grow with what it sends."""

import os
from pathlib import Path

from corncrake_crypto.block import plan
from tests.clients.reporter.program import finish, peak_mib, start
from tests.server.running import RunningServer

MOST_MIB = 64
SIZES = {"quick": 60_000_000, "full": 200_000_000, "slow": 4 << 30}


def test_a_large_file_costs_less_than_64_mib_more_than_a_text(server: RunningServer, tmp_path: Path, tier: str) -> None:
    path, size = tmp_path / "sparse.bin", SIZES[tier]
    path.touch()
    os.truncate(path, size)
    text = start(server, "send", "--json", "--text", "x")
    least = peak_mib(text)
    assert finish(text)[0] == 0
    process = start(server, "send", "--json", "--text", "x", "--file", path)
    most = peak_mib(process)
    code, out, err = finish(process)
    assert code == 0, err
    assert f'"blocks": {plan(size).total_blocks}' in out
    assert most - least < MOST_MIB
