# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bad line to a server: a TCP proxy on loopback that cuts, delays, truncates and repeats, as its seed says.

    with BadLine(server.port, seed=7, faults=Faults(cut=0.3)) as line:
        …                       # whatever speaks to line.origin
        line.cut_all()          # the network is gone: every connection ends in the middle of whatever it was doing
        line.up                 # bytes that clients have sent

Rules of this file: it knows bytes and no HTTP, and runs in a thread of its own. Faults are drawn from the seed, once for each connection in the
order in which they come, and strike after a number of bytes that is drawn too; the same seed and the same traffic meet the same faults.
"""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

PIECE: Final = 65_536
_STANDING_SECONDS: Final = 0.01
LONGEST_REPEAT: Final = 16 << 20
"""Bytes of a connection that are remembered, to be sent to the server again."""


@dataclass(frozen=True)
class Faults:
    """How likely a connection meets each fault, from 0 to 1; none by default.

    Attributes:
        cut: it ends both ways, on the client's way to the server, within `within` bytes.
        truncate: the server's answer breaks off within its first 200 bytes, although the server has done what it was asked.
        delay: a piece of up to 64 KiB waits for `delay_seconds`; drawn anew for each piece.
        repeat: when it is over, all that the client sent goes to the server once more, and what is answered goes nowhere.
        within: bytes.
        delay_seconds: seconds.
    """

    cut: float = 0.0
    truncate: float = 0.0
    delay: float = 0.0
    repeat: float = 0.0
    within: int = 600_000
    delay_seconds: float = 0.02


@dataclass
class _Fate:
    """What one connection will meet: bytes after which a way ends, or None."""

    cut_after: int | None
    answer_after: int | None
    repeats: bool
    sent: bytearray = field(default_factory=bytearray)


class BadLine:
    """A line to the loopback port of a server, for use in a `with` statement.

    Attributes:
        faults: of connections that begin from now on; may be changed at any time.
        stands_at: when `up` is there, nothing more goes up until this is None again.
        origin: where clients find it.
        up: bytes that came from clients and were passed on, those that are repeated not counted.
        struck: how many faults there were, by their names.
    """

    def __init__(self, port: int, seed: int = 0, faults: Faults | None = None) -> None:
        """Listen; nothing is passed on before `with`."""
        self.faults = faults or Faults()
        self.up = 0
        self.stands_at: int | None = None
        self.struck = {"cut": 0, "truncate": 0, "delay": 0, "repeat": 0}
        self._target = port
        self._chance = random.Random(seed)  # noqa: S311 - when a line breaks is no secret
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._passing, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Begin to pass on."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Cut everything, and stop listening."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def reseed(self, seed: int) -> None:
        """Draw the faults of connections that begin from now on from another seed."""
        self._chance.seed(seed)

    def cut_all(self) -> int:
        """Cut every connection there is; return how many there were."""

        async def cut() -> int:
            return self._cut()

        return asyncio.run_coroutine_threadsafe(cut(), self._loop).result()

    def _cut(self) -> int:
        count = len(self._open)
        for writer in tuple(self._open):
            writer.transport.abort()
        return count

    # -- one connection ----------------------------------------------------------------------------------------------------

    def _fate(self) -> _Fate:
        faults, chance = self.faults, self._chance
        return _Fate(
            cut_after=chance.randrange(1, faults.within) if chance.random() < faults.cut else None,
            answer_after=chance.randrange(200) if chance.random() < faults.truncate else None,
            repeats=chance.random() < faults.repeat,
        )

    async def _passing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = self._fate()
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        ways = [asyncio.ensure_future(self._way_up(reader, back, fate)), asyncio.ensure_future(self._way_down(there, writer, fate))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if ways[1].done() and fate.answer_after is None:
                # The server has said all that it had to say: let it arrive.
                writer.close()
                await writer.wait_closed()
        except ConnectionError:
            pass
        finally:
            for way in ways:
                way.cancel()
            self._open.discard(writer)
            writer.transport.abort()
            back.transport.abort()
        await asyncio.gather(*ways, return_exceptions=True)
        if fate.repeats and fate.sent:
            await self._repeat(bytes(fate.sent))

    async def _way_up(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, fate: _Fate) -> None:
        passed = 0
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                await self._wait()
                while (stands_at := self.stands_at) is not None and self.up >= stands_at:  # noqa: ASYNC110 - another thread sets a plain value
                    await asyncio.sleep(_STANDING_SECONDS)
                if fate.cut_after is not None and passed + len(piece) > fate.cut_after:
                    piece = piece[: fate.cut_after - passed]
                passed += len(piece)
                self.up += len(piece)
                if fate.repeats and len(fate.sent) < LONGEST_REPEAT:
                    fate.sent += piece
                back.write(piece)
                await back.drain()
                if passed == fate.cut_after:
                    self.struck["cut"] += 1
                    return

    async def _way_down(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, fate: _Fate) -> None:
        passed = 0
        with suppress(ConnectionError):
            while piece := await there.read(PIECE):
                await self._wait()
                if fate.answer_after is not None and passed + len(piece) > fate.answer_after:
                    writer.write(piece[: fate.answer_after - passed])
                    self.struck["truncate"] += 1
                    return
                passed += len(piece)
                writer.write(piece)
                await writer.drain()

    async def _wait(self) -> None:
        if self._chance.random() < self.faults.delay:
            self.struck["delay"] += 1
            await asyncio.sleep(self.faults.delay_seconds)

    async def _repeat(self, sent: bytes) -> None:
        self.struck["repeat"] += 1
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                writer.write(sent)
                await writer.drain()
                await asyncio.wait_for(reader.read(PIECE), 5)
            finally:
                writer.transport.abort()
