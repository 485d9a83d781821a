# SPDX-License-Identifier: AGPL-3.0-or-later
"""A receipt of a log that another one has followed: it is looked for in the present one, and proves nothing when it is not there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from corncrake_crypto.encoding import day_text
from tests.server.test_next_log import begin_next
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.reporter.conftest import Run
    from tests.server.running import RunningServer


def sent(server: RunningServer, run: Run, path: Path) -> str:
    said = run(server, "send", "--json", "--text", "It happened.", "--receipt", str(path)).said
    return str(said["words"])


def test_a_report_that_stands_again_in_the_next_log_is_included(fresh: RunningServer, run: Run, tmp_path: Path) -> None:
    words = sent(fresh, run, tmp_path / "receipt.note")
    fresh.publish()
    begin_next(fresh)
    check = ("check", "--json", "--receipt", str(tmp_path / "receipt.note"))
    assert run(fresh, *check, words=words).said["included"] == "not-yet-published"
    fresh.publish()
    assert run(fresh, *check, words=words).said["included"] == "included"


def test_a_report_that_the_next_log_lacks_is_told_and_is_no_proof(fresh: RunningServer, run: Run, tmp_path: Path) -> None:
    words = sent(fresh, run, tmp_path / "receipt.note")
    begin_next(fresh)
    # The server was brought back from a copy that lacks the report.
    receipt = tmp_path / "receipt.note"
    receipt.write_text(re.sub(r'"salt":"[0-9a-f]{64}"', f'"salt":"{"ab" * 32}"', receipt.read_text()))
    fresh.environment["CORNCRAKE_TODAY"] = day_text(TODAY + timedelta(days=2))
    fresh.end()
    fresh.start()
    fresh.publish()
    ran = run(fresh, "check", "--receipt", str(tmp_path / "receipt.note"), words=words)
    assert ran.code == 0
    assert "a log that the organisation has replaced by another" in " ".join(ran.out.split())
    assert "The server has it: it signed for it" not in ran.out
