# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks inside Chromium: sealing the blocks of a film as the page does it, against the raw AEAD of the same browser."""

from __future__ import annotations

import functools
import os
import statistics
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from corncrake_crypto.encoding import root_text
from corncrake_crypto.padding import LARGE_BLOCK_CLASS
from development.page_walk import browser
from tests.bench.measure import ROUNDS, Figure, from_values
from tests.clients.web.bare_walk import memory_of_sending
from tests.server.running import RunningServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Page

CLIENTS: Final = Path(__file__).resolve().parents[2] / "clients"
MIB: Final = 1 << 20
BLOCKS: Final = 16
BLOCKS_JITLESS: Final = 4
RECOMMENDED_STEPS: Final = (13, 15, 17)
"""Of `docs/set-up.md`."""
STAMPED: Final = 200
"""Reports: the time of a search spreads wide."""
PHONE_SLOWDOWN: Final = 4
STAMP_LIMIT_MS: Final = 2_000.0
PEAK_LIMIT_MIB: Final = 64.0
PEAK_SIZE: Final = 1 << 30
PEAK_ROUNDS: Final = 2
"""Of a gigabyte each: the disk takes its time."""
PEAK_PATIENCE_S: Final = 600


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the standard library gives it
        """Say nothing."""


@contextmanager
def _bench_page(script: str, ready: str, *flags: str) -> Generator[Page]:
    """A page in a Chromium of its own that has run one of the scripts of `clients/web/bench`."""
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder:
        build = ["npx", "vite", "build", "--config", "web/bench/vite.config.ts", "--outDir", folder, "--logLevel", "error"]
        subprocess.run(build, check=True, cwd=CLIENTS, stdout=subprocess.DEVNULL)
        Path(folder, "index.html").write_text(f'<!doctype html><script type="module" src="{script}"></script>', encoding="utf-8")
        with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                with browser(*flags) as running:
                    page = running.new_page()
                    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
                    page.wait_for_function(f"'{ready}' in globalThis")
                    yield page
            finally:
                server.shutdown()


def _rounds(blocks: int, *flags: str) -> Iterator[dict[str, float]]:
    """Yield what each round took, in seconds, after one that does not count."""
    with _bench_page("seal.js", "corncrakeRound", *flags) as page:
        page.evaluate(f"corncrakeRound({blocks})")
        for _ in range(ROUNDS):
            yield cast("dict[str, float]", page.evaluate(f"corncrakeRound({blocks})"))


def stamp_times(steps: tuple[int, ...], count: int, slowdown: int, *flags: str) -> list[float]:
    """Return how many milliseconds the stamps of each of `count` reports take, one of each step, on a processor so many times slower."""
    with _bench_page("stamp.js", "corncrakeStamps", *flags) as page:
        # The first does not count.
        page.evaluate("corncrakeStamps([16])")
        # A page's own thread is what the browser slows down; a worker would run on at full speed.
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})  # pyright: ignore[reportUnknownMemberType] - of a bare dict
        return [cast("float", page.evaluate(f"corncrakeStamps({[*steps]})")) for _ in range(count)]


def bench_stamp_phone_ms() -> Figure:
    """All that a phone ever pays for a report: it is asked for each of the recommended steps, one after the other."""
    times = sorted(stamp_times(RECOMMENDED_STEPS, STAMPED, PHONE_SLOWDOWN))
    slow = times[int(len(times) * 0.95)]
    mean = statistics.mean(times)
    how = (
        f"stamps of {', '.join(map(str, RECOMMENDED_STEPS))} bits for one report in Chromium at 1/{PHONE_SLOWDOWN} of its speed: "
        f"95 of 100 are done by then; mean {mean:.0f} ms; spread: fastest and slowest of {STAMPED}"
    )
    return Figure(value=slow, limit=STAMP_LIMIT_MS, ratio=slow / STAMP_LIMIT_MS, unit="ms", how=how, spread=(times[0], times[-1]))


def _figure(blocks: int, how: str, *flags: str) -> Figure:
    amount = blocks * LARGE_BLOCK_CLASS / MIB
    rounds = list(_rounds(blocks, *flags))
    ratios = [one["limit"] / one["ours"] for one in rounds]
    return Figure(
        value=statistics.median(amount / one["ours"] for one in rounds),
        limit=statistics.median(amount / one["limit"] for one in rounds),
        ratio=statistics.median(ratios),
        unit="MiB/s",
        how=how,
        spread=(min(ratios), max(ratios)),
    )


def bench_page_seal() -> Figure:
    """Sealing large blocks in the page."""
    return _figure(
        BLOCKS, f"{BLOCKS} large blocks sealed in Chromium, against its raw WebCrypto over the same chunks, the better of one by one and at once"
    )


def bench_page_seal_jitless() -> Figure:
    """The same where scripts are not compiled."""
    return _figure(BLOCKS_JITLESS, f"the same with {BLOCKS_JITLESS} blocks, without JIT", "--js-flags=--jitless")


def _peak(folder: Path) -> float:
    server = RunningServer(folder, "", page_dir=str(CLIENTS / "web" / "dist"))
    server.prepare()
    server.start()
    try:
        server.open_desk()
        film, profile = folder / "film.bin", folder / "profile"
        film.touch()
        os.truncate(film, PEAK_SIZE)
        profile.mkdir()
        address = f"{server.origin}/#r={root_text(server.organisation.root)}&d=legal"
        return memory_of_sending(address, profile, "x", film, PEAK_PATIENCE_S)
    finally:
        server.end()


def bench_page_peak_mib() -> Figure:
    """Memory of the page for a large file."""
    values: list[float] = []
    for _ in range(PEAK_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder:
            values.append(_peak(Path(folder)))
    how = f"most memory of the page's process while it sends a sparse file of {PEAK_SIZE >> 20} MiB, above that with an empty form"
    return from_values(values, PEAK_LIMIT_MIB, "MiB", how)
