# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks of taking reports: durable reports a second, against the database alone with the same bytes in the same batches."""

from __future__ import annotations

import re
import statistics
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.bench.load import CONNECTIONS, reports_per_second
from tests.bench.measure import Figure, from_values
from tests.server.running import RunningServer
from tests.simulators.organisation import EPOCH
from tests.simulators.postgres import address, fresh_database, program, running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

BATCH: Final = 64
"""Reports of one transaction, the server's default."""
FOR_S: Final = 4.0
ROUNDS: Final = 3
_TABLE: Final = "create table limits (id text primary key, desk text, day text, salt text, epoch integer, leaf bigint, body {})"


@contextmanager
def _server(database_url: str, **settings: int) -> Generator[RunningServer]:
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder:
        server = RunningServer(Path(folder), database_url or f"sqlite+aiosqlite:///{folder}/database.sqlite", **settings)
        server.prepare()
        server.start()
        try:
            server.open_desk()
            yield server
        finally:
            if server.process is not None:
                server.end()


def _compare(ours: Callable[[], float], limit: Callable[[], float], how: str) -> Figure:
    ours()
    pairs = [(ours(), limit()) for _ in range(ROUNDS)]
    ratios = [mine / best for mine, best in pairs]
    return Figure(
        value=statistics.median(mine for mine, _ in pairs),
        limit=statistics.median(best for _, best in pairs),
        ratio=statistics.median(ratios),
        unit="reports/s",
        how=how,
        spread=(min(ratios), max(ratios)),
    )


def _pgbench(folder: Path, name: str, body: bytes) -> float:
    """Rows a second of pgbench: as many connections, as many rows in a transaction, each row as long and as hard to compress."""
    psql = [program("psql"), "-h", str(folder), "-U", "postgres", "-d", name, "-q", "-c"]
    store = "alter table limits alter column body set storage external"
    subprocess.run([*psql, f"drop table if exists limits; {_TABLE.format('bytea')}; {store}"], check=True, cwd="/", stderr=subprocess.DEVNULL)
    row = "encode(sha256(random()::text::bytea || g::text::bytea), 'hex')"
    script = (
        f"insert into limits select {row}, 'legal', '2026-03-04', {row}, 8, null, '\\x{body.hex()}'::bytea || random()::text::bytea"  # noqa: S608 - made here
        f" from generate_series(1, {BATCH}) g;\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        words = ["-h", str(folder), "-U", "postgres", "-n", "-c", str(CONNECTIONS), "-j", "2", "-T", str(int(FOR_S)), "-f", file.name, name]
        done = subprocess.run([program("pgbench"), *words], check=True, capture_output=True, text=True, cwd="/")
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1]) * BATCH


def bench_intake_postgres() -> Figure:
    """Reports on PostgreSQL."""
    how = f"durable reports at {CONNECTIONS} connections, against pgbench: as many connections, {BATCH} rows of the same bytes in a transaction"
    with running_postgres() as folder, fresh_database(folder) as name, fresh_database(folder) as other, _server(address(folder, name)) as server:
        body = server.report()
        return _compare(lambda: reports_per_second(server, EPOCH, FOR_S), lambda: _pgbench(folder, other, body), how)


def bench_intake_sqlite() -> Figure:
    """Reports on SQLite."""
    how = f"durable reports on SQLite at {CONNECTIONS} connections, against pgbench as for intake_postgres"
    with running_postgres() as folder, fresh_database(folder) as other, _server("") as server:
        body = server.report()
        return _compare(lambda: reports_per_second(server, EPOCH, FOR_S), lambda: _pgbench(folder, other, body), how)


def bench_intake_vs_one_by_one() -> Figure:
    """Reports in batches, against one transaction for each."""
    how = f"durable reports on PostgreSQL at {CONNECTIONS} connections, against the same server with one report in a transaction"
    with running_postgres() as folder, fresh_database(folder) as name, fresh_database(folder) as other:  # noqa: SIM117 - too long for one line
        with _server(address(folder, name)) as batches, _server(address(folder, other), batch_reports=1) as single:
            return _compare(lambda: reports_per_second(batches, EPOCH, FOR_S), lambda: reports_per_second(single, EPOCH, FOR_S), how)


def _peak_mib(server: RunningServer) -> float:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def bench_server_peak_mib() -> Figure:
    """Memory of a server under load must not grow with what it takes."""
    peaks: list[float] = []
    with _server("") as server:
        for _ in range(ROUNDS + 1):
            reports_per_second(server, EPOCH, FOR_S)
            peaks.append(_peak_mib(server))
    first, *later = peaks
    return from_values(later, first, "MiB", f"most memory of the server after more rounds at {CONNECTIONS} connections, against after the first")
