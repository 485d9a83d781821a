# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chromium that nobody watches, spoken to over two pipes.

Rules of this file: whoever watches the requests of a page makes it keep their bodies, so what a page costs in memory can only be measured where none
of the protocol's domains is enabled. Only what such a measurement needs is here; everything else is Playwright's.

Source: Chrome DevTools Protocol, `--remote-debugging-pipe` (messages in JSON, each ended by a zero byte).
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from development.page_walk import CHROMIUM, PATIENCE_MS, PHONE, arguments

if TYPE_CHECKING:
    from collections.abc import Generator

MIB: Final = 1 << 20
_FIXED: Final = """{
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...values) { values.length > 0 ? super(...values) : super(NOW); }
    static now() { return NOW; }
  };
}"""
_STEP_S: Final = 0.1
_SETTLING_STEPS: Final = 10


class Pipe:
    """A started browser, and what is said to it."""

    def __init__(self, profile: Path) -> None:
        """Start it with nothing open."""
        (down, self._down), (self._up, up) = os.pipe(), os.pipe()
        down, up = _out_of_the_way(down), _out_of_the_way(up)
        # The browser reads descriptor 3 and writes descriptor 4.
        shell = f'exec 3<&{down} 4>&{up}; exec "$@"'
        size = f"--window-size={PHONE['width']},{PHONE['height']}"
        words = (CHROMIUM, "--headless=new", *arguments(), f"--user-data-dir={profile}", size, "--remote-debugging-pipe")
        self.process = subprocess.Popen(["/bin/bash", "-c", shell, "bash", *words], pass_fds=(down, up), stderr=subprocess.DEVNULL)
        os.close(down)
        os.close(up)
        self.profile = profile
        self._number, self._come = 0, b""

    def ask(self, method: str, session: str | None = None, **values: object) -> dict[str, Any]:
        """Say one thing and return what is answered to it."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": values} | ({"sessionId": session} if session else {})
        os.write(self._down, json.dumps(said).encode() + b"\0")
        while True:
            while b"\0" not in self._come:
                piece = os.read(self._up, 1 << 16)
                assert piece, "the browser has ended"
                self._come += piece
            line, _, self._come = self._come.partition(b"\0")
            answer = json.loads(line)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def end(self) -> None:
        """End it."""
        self.ask("Browser.close")
        self.process.wait(timeout=PATIENCE_MS / 1_000)
        os.close(self._down)
        os.close(self._up)


class BarePage:
    """One page of it, used by script."""

    def __init__(self, pipe: Pipe) -> None:
        """Open an empty page."""
        self._pipe = pipe
        target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def ask(self, method: str, **values: object) -> dict[str, Any]:
        """Say one thing about this page."""
        return self._pipe.ask(method, self._session, **values)

    def open(self, address: str, clock_ms: int) -> None:
        """Go to an address, with a clock that stands at `clock_ms` after 1970."""
        fixed = _FIXED.replace("NOW", str(clock_ms))
        # Without it the script is taken, and runs in no document.
        self.ask("Page.enable")
        self.ask("Page.addScriptToEvaluateOnNewDocument", source=fixed)
        self.ask("Page.navigate", url=address)
        self.until(f"Date.now() === {clock_ms}")

    def value(self, expression: str) -> Any:
        """Return what an expression is on the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def until(self, expression: str, seconds: float = PATIENCE_MS / 1_000) -> float:
        """Wait until an expression is true; return the most memory that was seen meanwhile, MiB."""
        most, end = self.memory(), time.monotonic() + seconds
        while time.monotonic() < end:
            most = max(most, self.memory())
            if self.value(expression):
                return most
            time.sleep(_STEP_S)
        raise AssertionError(f"it never came to {expression}; the page says: {self.value('document.body.innerText')}")

    def settle(self) -> float:
        """Wait until the page's memory stands still; return it, MiB."""
        before = self.memory()
        for _ in range(_SETTLING_STEPS):
            time.sleep(1)
            if abs((now := self.memory()) - before) < 1:
                return now
            before = now
        return before

    def press(self, name: str) -> float:
        """Press the button of this name when it is there; return as `until`."""
        return self.until(
            "(() => { const it = [...document.querySelectorAll('button')].find((one) => one.innerText.trim() === "
            f"{json.dumps(name)} && !one.disabled); it?.click(); return it !== undefined; }})()"
        )

    def choose(self, path: Path) -> None:
        """Choose a file where the page asks for files."""
        found = self.ask("Runtime.evaluate", expression="document.querySelector('input[type=file]')")["result"]["objectId"]
        self.ask("DOM.setFileInputFiles", files=[str(path)], objectId=found)

    def memory(self) -> float:
        """Return the memory of the page's process that is nobody else's, MiB: its screen, its worker and what the browser holds there for them."""
        return sum(map(_own_kib, self._processes())) / 1_024

    def _processes(self) -> list[Path]:
        mark = str(self._pipe.profile).encode()
        return [one.parent for one in Path("/proc").glob("[0-9]*/cmdline") if mark in (line := _read(one)) and b"--type=renderer" in line]


def _out_of_the_way(descriptor: int) -> int:
    """Return the same under a number above 9, so that none is lost while 3 and 4 are taken."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10)
    os.close(descriptor)
    return moved


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _own_kib(process: Path) -> int:
    lines = _read(process / "status").decode().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


@contextmanager
def bare_page(profile: Path) -> Generator[BarePage]:
    """A page that nobody watches; `profile` is an empty folder."""
    pipe = Pipe(profile)
    try:
        yield BarePage(pipe)
        pipe.end()
    finally:
        if pipe.process.poll() is None:
            pipe.process.kill()
            pipe.process.wait()
