# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole walk, as `./dev demo` does it; every number that it writes is what it must be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _walk(json_file: Path, *words: str) -> dict[str, int]:
    command = [sys.executable, "-m", "development.demo", "--json", str(json_file), *words]
    # One day for all programs, though the next one begins meanwhile: the page alone goes by the clock.
    day = os.environ | {"CORNCRAKE_TODAY": datetime.now(UTC).date().isoformat()}
    done = subprocess.run(command, cwd=ROOT, env=day, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(json_file.read_text())


def test_the_whole_path_from_two_reporters_one_of_them_on_the_page_to_two_vaults_and_back(tmp_path: Path) -> None:
    seen = _walk(tmp_path / "seen.json")
    seen.pop("seconds")
    assert seen.pop("leaves_watched") > 0
    assert seen.pop("control_hits") > 0
    assert seen == {
        "reports_sent": 4,
        "receipts_verified": 4,
        "included": 4,
        "reports_opened": 4,
        "files_identical": 6,
        "acknowledged_seen": 2,
        "replies_read": 2,
        "follow_ups_verified": 2,
        "server_plaintext_hits": 0,
    }
