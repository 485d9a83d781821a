# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile input is refused with a failure class, in two seconds of the processor and 64 MiB above the start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from corncrake_crypto.errors import Failure
from tests.faults.hostile import cases

ROOT = Path(__file__).resolve().parents[2]
MOST_KIB = 64 << 10


@pytest.mark.parametrize("name", sorted(cases()))
def test_hostile_input_is_refused_in_little_time_and_memory(name: str) -> None:
    run = subprocess.run([sys.executable, "-m", "tests.faults.hostile", name], capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, f"ended by the kernel or by an error that is none of ours: {run.returncode}\n{run.stderr[-2_000:]}"
    assert run.stdout, "it was not refused"
    memory, failure = run.stdout.split()
    assert failure in set(Failure)
    assert int(memory) < MOST_KIB
