# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of hostile files for a browser, painted by a confined process for each, which ends with it.

Rules of this file: nothing that the confined process does or says harms more than its own picture: it is bounded in time, in memory, in what it
may ask for and in what it may answer. Its picture is handed on unread: it is for a browser's eyes only. Two at once, no more. It is `confined.derive`
for a program that does other things meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_vault.evidence import confined, wire
from corncrake_vault.evidence.confined import Conversation, Limits, Made

if TYPE_CHECKING:
    from corncrake_vault.evidence.confined import Source

SECONDS: Final = 60
"""How long a picture may take by the clock on the wall; its process may compute for a third of it."""
LIMITS: Final = Limits(memory=512 << 20, seconds=SECONDS // 3, output=24 << 20)
PAINTERS_MAX: Final = 2
_JPEG: Final = b"\xff\xd8\xff"


class Painted(NamedTuple):
    """A picture, and what its painter says of it."""

    jpeg: bytes
    said: Made


class NotShown(Exception):  # noqa: N818 - it is no fault of anybody here
    """There is no picture: the file is damaged, hostile, too large, or of a kind that its reader does not know.

    Attributes:
        looked: a process has looked at the file; False where none can be shut off, so that none did.
    """

    def __init__(self, *, looked: bool) -> None:
        """Say whether a process has looked at the file."""
        super().__init__()
        self.looked = looked


class Painter:
    """Starts confined processes and takes their pictures."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._turns = asyncio.Semaphore(PAINTERS_MAX)

    async def paint(self, source: Source, page: int, edge: int) -> Painted:
        """Return one picture.

        Args:
            source: the file.
            page: of a document, from 0.
            edge: points of the picture's longer side, at most.

        Raises:
            NotShown: there is none; the vault is as it was.
        """
        jpeg = bytearray()
        async with self._turns:
            try:
                talk = Conversation(source, "preview", jpeg.extend, page=page, limits=replace(LIMITS, edge=edge))
                said = await _made(talk)
            except (TimeoutError, OSError, EOFError, CorncrakeError) as error:
                raise NotShown(looked=not (isinstance(error, CorncrakeError) and error.failure is Failure.MISUSE)) from error
        if said.type != "image/jpeg" or not jpeg.startswith(_JPEG):
            raise NotShown(looked=True)
        return Painted(bytes(jpeg), said)


async def _made(talk: Conversation) -> Made:
    """Start a process for one conversation, and end it."""
    process = await asyncio.create_subprocess_exec(
        *confined.PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
    # By descriptor: `Process.kill` may take the end of the process away from whoever waits for it.
    handle = os.pidfd_open(process.pid)
    try:
        async with asyncio.timeout(SECONDS):
            return await _converse(process, talk)
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
        # To its last word: a pipe that is full and unread keeps its end from being seen.
        await process.communicate()


async def _converse(process: asyncio.subprocess.Process, talk: Conversation) -> Made:
    """Answer what is asked until the picture is there; `EOFError` when the process ends before."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    reply: bytes | Made = talk.first
    while not isinstance(reply, Made):
        if reply:
            process.stdin.write(reply)
            # A process that is done listens no more: what it said last stands in the pipe and is read all the same.
            with suppress(ConnectionError):
                await process.stdin.drain()
        letter, length = wire.read_head(await process.stdout.readexactly(wire.HEAD.size))
        reply = talk.answer(letter, await process.stdout.readexactly(length))
    return reply
