# SPDX-License-Identifier: AGPL-3.0-or-later
"""A receipt of a log that another one has followed: it is looked for in the present one, and proves nothing when it is not there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import day_text
from tests.clients.reporter.conftest import Answer, Middle, Run, open_middle
from tests.server.test_next_log import begin_next
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.running import RunningServer


@pytest.fixture
def fresh_middle(tmp_path: Path) -> Iterator[Middle]:
    """A server of its own, and who stands before it."""
    with open_middle(tmp_path) as middle:
        yield middle


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


def test_a_receipt_of_a_log_that_began_while_the_report_waited_is_believed_by_the_charter_that_names_it(fresh_middle: Middle, run: Run) -> None:
    server, between = fresh_middle
    begun: list[str] = []

    def change(asked: str, _path: str, answer: Answer) -> Answer | None:
        if asked == "POST" and not begun:
            # The report has arrived, its receipt is lost; the next one is signed with another key.
            begun.append(begin_next(server).origin)
            return None
        return answer

    between.change = change
    ran = run(server, "send", "--json", "--text", "It happened.")
    assert (ran.code, ran.said["receipt_verified"]) == (0, True)
    assert begun == [server.log_origin.replace("/log/1", "/log/2")]


@pytest.mark.parametrize("status", [200, 404])
def test_a_receipt_by_a_key_that_no_charter_names_is_not_believed_whatever_the_server_shows_then(middle: Middle, run: Run, status: int) -> None:
    server, between = middle
    posted: list[str] = []

    def change(asked: str, path: str, answer: Answer) -> Answer:
        if asked == "POST":
            posted.append(path)
            return answer._replace(body=answer.body[:-6] + b"AAAA=\n")
        return answer._replace(status=status) if posted and path == "/v1/charter" else answer

    between.change = change
    assert run(server, "send", "--text", "It happened.").err.splitlines()[-1].startswith("signature:")
    assert [path for _, path, _ in between.seen].count("/v1/charter") == 2
