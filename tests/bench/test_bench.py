# SPDX-License-Identifier: AGPL-3.0-or-later
"""The benchmark command works; what it measures is nothing to a test, for times are noise."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tests.bench", *words], cwd=ROOT, check=False, capture_output=True, text=True)


def test_a_benchmark_comes_out_as_a_row_and_as_json(tmp_path: Path) -> None:
    done = _bench("seal_memory", "--json", str(tmp_path / "figures.json"))
    assert done.returncode == 0, done.stderr
    heading, row = done.stdout.splitlines()
    assert heading.split()[:4] == ["name", "value", "limit", "ratio"]
    assert row.startswith("seal_memory ")
    (name, figure), *others = json.loads((tmp_path / "figures.json").read_text()).items()
    assert (name, others) == ("seal_memory", [])
    assert set(figure) == {"value", "limit", "ratio", "unit", "how", "spread"}
    assert figure["limit"] == 8.0
    assert figure["unit"] == "MiB"
    low, high = figure["spread"]
    assert 0 < low <= figure["value"] <= high


def test_an_unknown_benchmark_is_named_and_nothing_is_run() -> None:
    done = _bench("seal_memory", "nothing_like_it")
    assert done.returncode == 2
    assert "nothing_like_it" in done.stderr
    assert done.stdout == ""
