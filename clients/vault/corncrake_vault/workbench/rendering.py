# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of hostile files, painted by a confined process for each, which ends with it.

Rules of this file: nothing that the confined process does or says harms more than its own picture: it is bounded in time, in memory, in what it
may ask for and in what it may answer. Its picture is handed on unread: it is for a browser's eyes only. Two at once, no more.

Source: `evidence/confinement.py`, `painter.py`, `pipes.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import CorncrakeError
from corncrake_vault.workbench.pipes import ANSWER, ASK, ASK_MAX, PAINTED, PICTURE, PICTURE_MAX, QUESTION, TEXT_BYTES_MAX, Job, Painted, write_job

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS: Final = 60
"""How long a picture may take by the clock on the wall; its process may compute for a third of it."""
PAINTERS_MAX: Final = 2
_JPEG: Final = b"\xff\xd8\xff"
_PROGRAM: Final = (sys.executable, "-I", "-m", "corncrake_vault.workbench.painter")


class NotShown(Exception):  # noqa: N818 - it is no fault of anybody here
    """There is no picture: the file is damaged, hostile, too large, or of a kind that its reader does not know."""


class Painter:
    """Starts confined processes and takes their pictures."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._turns = asyncio.Semaphore(PAINTERS_MAX)

    async def paint(self, job: Job, read: Callable[[int, int], bytes]) -> Painted:
        """Return one picture.

        Args:
            job: what to paint.
            read: returns the bytes of the file from a start to an end.

        Raises:
            NotShown: there is none; the vault is as it was.
        """
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                *_PROGRAM,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
                cwd="/",
                limit=ASK_MAX,
            )
            # By descriptor: `Process.kill` may take the end of the process away from whoever waits for it.
            handle = os.pidfd_open(process.pid)
            try:
                async with asyncio.timeout(SECONDS):
                    return await _converse(process, job, read)
            except (TimeoutError, OSError, EOFError, ValueError, struct.error, CorncrakeError) as error:
                raise NotShown from error
            finally:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                os.close(handle)
                # To its last word: a pipe that is full and unread keeps its end from being seen.
                await process.communicate()


async def _converse(process: asyncio.subprocess.Process, job: Job, read: Callable[[int, int], bytes]) -> Painted:
    """Answer what is asked until the picture comes; `ValueError` for anything that is not of the conversation."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(write_job(job))
    while (word := await process.stdout.readexactly(1)) == ASK:
        start, length = QUESTION.unpack(await process.stdout.readexactly(QUESTION.size))
        if not 0 < length <= ASK_MAX or start + length > job.size:
            raise ValueError("a question outside the file")
        data = read(start, start + length)
        process.stdin.write(ANSWER.pack(len(data)) + data)
        await process.stdin.drain()
    if word != PAINTED:
        raise ValueError("neither a question nor a picture")
    width, height, pages, several, length, text = PICTURE.unpack(await process.stdout.readexactly(PICTURE.size))
    if length > PICTURE_MAX or text > TEXT_BYTES_MAX or pages < 1:
        raise ValueError("a picture out of bounds")
    jpeg = await process.stdout.readexactly(length)
    if not jpeg.startswith(_JPEG):
        raise ValueError("no picture of ours")
    said = await process.stdout.readexactly(text)
    return Painted(jpeg, width, height, pages, several, said.decode("utf-8", "replace"))
