# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derivatives of hostile files, made by a process that can do nothing else.

Rules of this file: the vault parses no byte of a reporter's file itself. The process has no file, no network, no key, so much memory and so much
time; what it gives is counted and is itself a stranger's: shown in a viewer that runs no script, never believed. Nothing of the original is
written to a disk in clear: bytes go over a pipe.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from threading import Timer
from typing import IO, TYPE_CHECKING, Final, Literal, Protocol

import msgspec

from corncrake_crypto.errors import CorncrakeError, Failure, FileError
from corncrake_vault.evidence import wire

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["cleaned", "preview", "poster"]

MEDIA: Final = frozenset({"image/jpeg", "image/png", "video/mp4", "audio/mp4", "video/x-matroska", "audio/x-matroska"})
"""All that a derivative can be."""
_SAID: Final = frozenset({Failure.KIND.value, Failure.SIZE.value, Failure.RANGE.value})
_DETAIL: Final = {
    Failure.KIND: "this is no picture, film, sound or PDF that can be read here, or it is damaged; the original is untouched",
    Failure.SIZE: "this takes more memory, time or room than a file may; the original is untouched",
    Failure.RANGE: "there is no such page",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may use.

    Attributes:
        memory: bytes of address space.
        seconds: of processor time, and half as much again by the clock.
        output: bytes.
    """

    memory: int = 1 << 30
    seconds: int = 60
    output: int = 32 << 20


class Source(Protocol):
    """A file to look at; an `EvidenceFile` is one."""

    size: int

    def read(self, start: int, end: int, /) -> bytes:
        """Return the bytes `start` ≤ i < `end`."""
        ...


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was made.

    Attributes:
        type: one of `MEDIA`.
        tool, version: what made it.
        size, sha256: of its bytes.
        likeness: 64 bits of what its pixels are like; None for what has none.
        width, height: pixels; 0 for what has none.
        pages: of a PDF.
        closed: the kernel had closed the file system to the process.
    """

    type: str
    tool: str
    version: str
    size: int = 0
    sha256: str = ""
    likeness: int | None = None
    width: int = 0
    height: int = 0
    pages: int | None = None
    closed: bool = False


def derive(source: Source, kind: Kind, sink: Callable[[bytes], object], *, page: int = 0, limits: Limits | None = None) -> Made:
    """Have a derivative made.

    Args:
        source: the file.
        kind: `preview` of a picture, of the first frame of a film, or of a page of a PDF; `poster`, the same of a film only; `cleaned`, the same
            pixels, or the same packets of picture and sound, with nothing beside them.
        sink: takes the pieces of what is made, which count for nothing when this raises.
        page: of a PDF, from 0.
        limits: of the process.

    Raises:
        FileError: `kind`: nothing can be made of it; `size`: a limit was reached; `range`: no such page; `incomplete`: a part of `source` is
            missing, and others as `source.read`.
    """
    limits = limits or Limits()
    said = {"kind": kind, "page": page, "size": source.size, "memory": limits.memory, "seconds": limits.seconds}
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "corncrake_vault.evidence.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,
    )
    late = Timer(limits.seconds * 1.5, process.kill)
    late.start()
    try:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both pipes were asked for")
        return _served(process.stdin, process.stdout, json.dumps(said).encode(), source, _Counted(sink, limits.output))
    except (BrokenPipeError, _EndedError) as error:
        raise _refused(Failure.SIZE if _was_stopped(process) else Failure.KIND) from error
    finally:
        late.cancel()
        process.kill()
        process.communicate()


class _EndedError(Exception):
    """The process has ended without a word."""


def _was_stopped(process: subprocess.Popen[bytes]) -> bool:
    """Say whether a limit ended the process, and not a crash of a parser: killed by the clock or for its processor time."""
    return -process.wait() in {9, 24}


class _Counted:
    """Hands on what is made, as long as it is not too much, and hashes it."""

    def __init__(self, sink: Callable[[bytes], object], most: int) -> None:
        self._sink = sink
        self._most = most
        self.size = 0
        self.digest = hashlib.sha256()

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._most:
            raise _refused(Failure.SIZE)
        self.digest.update(piece)
        self._sink(piece)


def _served(to: IO[bytes], come: IO[bytes], said: bytes, source: Source, out: _Counted) -> Made:
    """Give the process the bytes that it asks for until it is done."""
    wire.send(to, wire.DATA, said)
    while True:
        try:
            letter, payload = wire.receive(come)
        except CorncrakeError as error:
            raise _EndedError from error
        if letter == wire.READ and len(payload) == wire.WANTED.size:
            start, count = wire.WANTED.unpack(payload)
            if count > wire.FRAME_MAX or start + count > source.size:
                raise _refused(Failure.KIND)
            wire.send(to, wire.DATA, source.read(start, start + count))
        elif letter == wire.DATA:
            out.take(payload)
        elif letter == wire.DONE:
            return _made(payload, out)
        else:
            word = payload[:32].decode("ascii", "replace")
            raise _refused(Failure(word) if word in _SAID else Failure.KIND)


def _made(payload: bytes, out: _Counted) -> Made:
    try:
        made = msgspec.json.decode(payload, type=Made)
    except msgspec.MsgspecError as error:
        raise _refused(Failure.KIND) from error
    bounded = len(made.tool) <= 32 and len(made.version) <= 32 and 0 <= (made.likeness or 0) < 1 << 64  # noqa: PLR2004 - two short words
    if made.type not in MEDIA or not bounded or not out.size:
        raise _refused(Failure.KIND)
    return msgspec.structs.replace(made, size=out.size, sha256=out.digest.hexdigest())


def _refused(failure: Failure) -> FileError:
    return FileError(failure, _DETAIL[failure])
