# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks on their way to the server: several at once, as many as the line bears.

Rules of this file: the thread that began decides everything; the others each read, seal and send one block, and report back. A block
that was on a line that broke is asked for before it is sent again. While the line is broken one block at a time tries it. A large block
counts as three, for memory grows with it; and one at a time is on the wire while another is made ready, for what is on the wire when the
line breaks goes twice.

Source: crypto/spec/block.md §1.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from corncrake_reporter.transport import LineError, Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from corncrake_reporter.line import Line

TURN_SECONDS: Final = 0.25
"""How long is waited for a block before the person is told how far it has come."""
LARGE_WEIGHT: Final = 3
_FIRST: Final = 2
_MOST: Final = 6


@dataclass(eq=False, slots=True)
class Job:
    """One block to bring.

    Attributes:
        block: its id.
        seal: reads and seals it; called in another thread, again for each try.
        arrived: called when it is there.
        failed: called when it can never be sent as it was meant; returns whether the rest may go on.
        size: bytes on the wire.
        weight: how many of the places on the line it takes.
        ask: an earlier try may have brought it.
        moved: bytes of it that are on the line.
    """

    block: str
    seal: Callable[[], bytes] = field(repr=False)
    arrived: Callable[[], None] = field(repr=False)
    failed: Callable[[Exception], bool] = field(repr=False)
    size: int
    weight: int = 1
    ask: bool = False
    moved: int = 0


class _Pace:
    """How many places the line has: one more after as many blocks as there are places, half after a break."""

    def __init__(self) -> None:
        self.places = _FIRST
        self._well = 0

    def arrived(self) -> None:
        self._well += 1
        if self._well >= self.places:
            self.places, self._well = min(self.places + 1, _MOST), 0

    def broke(self) -> None:
        self.places, self._well = max(1, self.places // 2), 0


class Bringer:
    """Brings blocks, for use in a `with` statement; each thread has a connection of its own."""

    def __init__(self, origin: str, line: Line) -> None:
        """Prepare; nothing is sent yet."""
        self._origin = origin
        self._line = line
        self._pace = _Pace()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Job, Exception | None]] = queue.SimpleQueue()
        self._flying: set[Job] = set()
        self._again: deque[Job] = deque()
        self._wire = threading.Lock()
        self._threads = 0
        self._suspect = False
        self._arrived_bytes = line.progress.bytes_sent

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the threads end when their block is done; nobody waits for them."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _bring(self, server: Server, job: Job) -> None:
        job.moved = 0
        if job.ask and server.has_block(job.block):
            return
        sealed = job.seal()
        with ExitStack() as on_wire:
            if job.weight > 1:
                on_wire.enter_context(self._wire)

            def moved(count: int) -> None:
                job.moved += count
                if job.moved == job.size:
                    # Only the answer is to come: the next one may use the line meanwhile.
                    on_wire.close()

            server.put_block(job.block, sealed, moved)

    def _work(self, server: Server) -> None:
        with server:
            while (job := self._jobs.get()) is not None:
                try:
                    self._bring(server, job)
                except Exception as error:  # noqa: BLE001 - whatever it is, the thread that decides hears of it
                    self._results.put((job, error))
                else:
                    self._results.put((job, None))

    def _start(self, job: Job) -> None:
        self._flying.add(job)
        if len(self._flying) > self._threads:
            self._threads += 1
            # A thread that waits for a dead line must not keep the program from ending.
            threading.Thread(target=self._work, args=(Server(self._origin),), daemon=True).start()
        self._jobs.put(job)

    def _has_room(self, job: Job) -> bool:
        if not self._flying:
            return True
        return not self._suspect and sum(one.weight for one in self._flying) + job.weight <= self._pace.places

    def offer(self, job: Job) -> None:
        """Send a block as soon as the line has room for it.

        Raises:
            LineError: the line stayed broken.
            RefusedError: the server said no.
            CorncrakeError: what `job.seal` raised, unless `job.failed` said that the rest may go on.
        """
        while self._again or not self._has_room(job):
            self.turn()
        self._start(job)

    def finish(self) -> None:
        """Wait until all that was offered is there; raises as `offer`."""
        while self._flying or self._again:
            self.turn()

    def turn(self, wait: float = TURN_SECONDS) -> None:
        """Look once whether a block has arrived, waiting at most so many seconds; raises as `offer`."""
        self._try_again()
        try:
            job, error = self._results.get(timeout=wait)
        except queue.Empty:
            self._tell()
            return
        self._flying.remove(job)
        if error is None:
            self._has_arrived(job)
        elif isinstance(error, LineError):
            self._has_broken(job, error)
        elif not job.failed(error):
            raise error
        self._tell()

    def _has_arrived(self, job: Job) -> None:
        self._suspect = False
        self._line.went()
        self._pace.arrived()
        self._arrived_bytes += job.size
        job.arrived()

    def _has_broken(self, job: Job, error: LineError) -> None:
        job.ask, job.moved = True, 0
        self._again.append(job)
        self._pace.broke()
        self._suspect = True
        if self._flying:
            return
        # Nothing else is on the line that could show it to be well.
        self._line.failed(error)

    def _try_again(self) -> None:
        while self._again and self._has_room(self._again[0]):
            self._start(self._again.popleft())

    def _tell(self) -> None:
        self._line.progress.bytes_sent = self._arrived_bytes + sum(job.moved for job in self._flying)
        self._line.tell(self._line.progress)
