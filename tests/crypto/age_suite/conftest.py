# SPDX-License-Identifier: AGPL-3.0-or-later
"""Prints, at the end of a run, what the public age suite came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

LINES: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def say_at_the_end(pytestconfig: pytest.Config) -> Callable[[str], None]:
    return pytestconfig.stash.setdefault(LINES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines: list[str] = config.stash.setdefault(LINES, [])
    for line in lines:
        terminalreporter.write_line(line)
