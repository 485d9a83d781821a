# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real parts for all tests: a PostgreSQL of our own, fresh databases, the tier of this run.

Rules of this file: servers listen on a Unix socket in a folder of their own and are ended by their process id. What the machine lacks fails the
test that needs it; nothing is skipped. Before a change lands the same examples are drawn each time, however long one takes; `slow` draws new ones.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.simulators.postgres import address, fresh_database, running_postgres
from tests.simulators.s3 import running_s3

FIGURES: Final = pytest.StashKey[list[str]]()
NEEDS_SYSTEM: Final = {"postgres_url", "database_url", "chromium", "page_browser"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_system: needs PostgreSQL, Chromium, nginx or long runs; left out by ./dev test quick")
    config.stash[FIGURES] = []
    slow = os.environ.get("CORNCRAKE_TEST_TIER") == "slow"
    settings.register_profile("corncrake", deadline=None, derandomize=not slow, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("corncrake")
    # What is ignored when a run begins (as behind `nohup … &`) stays so in all programs that it starts, and they are ended by these.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Of several processes that share the tests, each hands its figures to the one that prints.
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["figures"] = session.config.stash[FIGURES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[FIGURES].extend(getattr(node, "workeroutput", {}).get("figures", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[FIGURES]:
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names: list[str] = getattr(item, "fixturenames", [])
        if NEEDS_SYSTEM.intersection(names) or {"faults", "paths"}.intersection(item.path.parts):
            item.add_marker(pytest.mark.needs_system)


@pytest.fixture(scope="session")
def tier() -> str:
    """`quick`, `full` or `slow`: how large the counts are."""
    return os.environ.get("CORNCRAKE_TEST_TIER", "full")


@pytest.fixture(scope="session")
def show(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Show a line at the end of the run, also when all passes: a figure that people want to see."""
    return pytestconfig.stash[FIGURES].append


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A running PostgreSQL: the folder of its socket."""
    with running_postgres() as folder:
        yield folder


@pytest.fixture
def postgres_url(postgres_folder: Path) -> Iterator[str]:
    """A fresh database, as an address for SQLAlchemy."""
    with fresh_database(postgres_folder) as name:
        yield address(postgres_folder, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database on each of the two engines."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/database.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A running S3 service: its endpoint."""
    with running_s3() as endpoint:
        yield endpoint
