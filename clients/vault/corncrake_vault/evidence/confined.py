# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derivatives of hostile files, made by a process that can do nothing else.

Rules of this file: the vault parses no byte of a reporter's file itself, it compares its first ones with marks (`kinds`). The process has no file, no
network, no key, so much memory and so much time; what it gives is counted and is itself a stranger's: shown in a viewer that runs no script, never
believed. Nothing of the original is written to a disk in clear: bytes go over a pipe. Where a process cannot be shut off so, it looks at nothing.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from threading import Timer
from typing import IO, TYPE_CHECKING, Annotated, Final, Literal, Protocol

import msgspec

from corncrake_crypto.errors import CorncrakeError, Failure, FileError, UsageError
from corncrake_vault.evidence import wire
from corncrake_vault.evidence.kinds import HEAD, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["cleaned", "preview", "poster"]
Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 32)]

PROGRAM: Final = (sys.executable, "-I", "-m", "corncrake_vault.evidence.worker")
MEDIA: Final = frozenset({"image/jpeg", "image/png", "video/mp4", "audio/mp4", "video/x-matroska", "audio/x-matroska"})
"""All that a derivative can be."""
_SAID: Final = frozenset({Failure.KIND.value, Failure.SIZE.value, Failure.RANGE.value})
_DETAIL: Final = {
    Failure.KIND: "this is no picture, film, sound or PDF that can be read here, or it is damaged; the original is untouched",
    Failure.SIZE: "this takes more memory, time or room than a file may; the original is untouched",
    Failure.RANGE: "there is no such page",
}
_NOT_SHUT_OFF: Final = (
    "this machine cannot shut off a process that looks at files (Linux with seccomp, on x86_64 or aarch64, can);"
    " so nothing has looked at the file, and nothing is lost"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may use.

    Attributes:
        memory: bytes of address space.
        seconds: of processor time, and half as much again by the clock.
        output: bytes.
        edge: pixels of the longer side of a preview.
    """

    memory: int = 1 << 30
    seconds: int = 60
    output: int = 32 << 20
    edge: int = 1_280


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
        original_width, original_height: the same of the picture it was made of, before it was turned; 0 for what is none.
        several: of the pictures in the file it shows the first.
        pages: of a PDF.
        text: of a PDF's page.
    """

    type: str
    tool: Annotated[str, msgspec.Meta(max_length=32)]
    version: Annotated[str, msgspec.Meta(max_length=32)]
    size: int = 0
    sha256: str = ""
    likeness: Annotated[int, msgspec.Meta(ge=0)] | None = None
    width: Number = 0
    height: Number = 0
    original_width: Number = 0
    original_height: Number = 0
    several: bool = False
    pages: Annotated[int, msgspec.Meta(ge=1, le=1 << 32)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class Conversation:
    """The vault's side of what is said about one file, without the pipes it is said over."""

    def __init__(self, source: Source, kind: Kind, sink: Callable[[bytes], object], *, page: int, limits: Limits) -> None:
        """Look at the first bytes of `source`; for the rest as `derive`.

        Raises:
            FileError: as `source.read`.
        """
        found = kind_of(source.read(0, min(HEAD, source.size)))
        reader = found.code if found is not None and found.way in {"picture", "pages"} else "film"
        self.first = wire.job_frame(wire.Job(kind, reader, source.size, page, limits.edge, limits.memory, limits.seconds))
        self._source, self._sink, self._most = source, sink, limits.output
        self._size, self._digest, self._looked = 0, hashlib.sha256(), False

    def answer(self, letter: bytes, payload: bytes) -> bytes | Made:
        """Return what is answered to one message of the process, nothing to some; or what was made, after its last one.

        Raises:
            FileError: as `derive`.
            UsageError: `misuse`: the process could not be shut off.
        """
        if letter == wire.READ and len(payload) == wire.WANTED.size:
            self._looked = True
            start, count = wire.WANTED.unpack(payload)
            if count > wire.FRAME_MAX or start + count > self._source.size:
                raise _refused(Failure.KIND)
            return wire.frame(wire.DATA, self._source.read(start, start + count))
        if letter == wire.DATA:
            self._take(payload)
            return b""
        if letter == wire.DONE:
            return self._made(payload)
        if payload == Failure.MISUSE.value.encode() and not self._looked:
            raise UsageError(Failure.MISUSE, _NOT_SHUT_OFF)
        word = payload[:32].decode("ascii", "replace")
        raise _refused(Failure(word) if word in _SAID else Failure.KIND)

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most:
            raise _refused(Failure.SIZE)
        self._digest.update(piece)
        self._sink(piece)

    def _made(self, payload: bytes) -> Made:
        try:
            made = msgspec.json.decode(payload, type=Made)
        except (msgspec.MsgspecError, ValueError) as error:
            raise _refused(Failure.KIND) from error
        if made.type not in MEDIA or (made.likeness or 0) >= 1 << 64 or not self._size:
            raise _refused(Failure.KIND)
        return msgspec.structs.replace(made, size=self._size, sha256=self._digest.hexdigest())


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
        UsageError: `misuse`: this machine cannot shut a process off, so none has looked at the file.
    """
    limits = limits or Limits()
    talk = Conversation(source, kind, sink, page=page, limits=limits)
    process = subprocess.Popen(  # noqa: S603 - our own program
        PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={}, start_new_session=True
    )
    late = Timer(limits.seconds * 1.5, process.kill)
    late.start()
    try:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both pipes were asked for")
        return _served(process.stdin, process.stdout, talk)
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


def _served(to: IO[bytes], come: IO[bytes], talk: Conversation) -> Made:
    """Answer the process until it is done."""
    reply: bytes | Made = talk.first
    while not isinstance(reply, Made):
        to.write(reply)
        to.flush()
        try:
            letter, payload = wire.receive(come)
        except CorncrakeError as error:
            raise _EndedError from error
        reply = talk.answer(letter, payload)
    return reply


def _refused(failure: Failure) -> FileError:
    return FileError(failure, _DETAIL[failure])
