# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file from which a later run goes on with what this one began. It is made only for who asks for it.

Rules of this file: nothing in it opens what was sent: no identity, no words, no text, no name or path of a file. It does say that a report was
sent, to which desk, and of which sizes and hashes its files were. It is 0600, whole or not there, and gone when all has arrived. Before a
block is tried for the first time, the file says that it may have been.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from corncrake_crypto.block import BLOCK_KEY_LENGTH
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, root_text, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError, UsageError
from corncrake_crypto.fields import Bytes32, Hash, Id, Natural, Wire
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.report import MAX_FILES
from corncrake_reporter.sealing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.sources import Measured
    from corncrake_reporter.visit import Link, Visit

MAX_LENGTH: Final = 4 << 20
AHEAD: Final = 16
"""Blocks that may be tried before the file is written again."""


class KeptFile(Wire, frozen=True, kw_only=True):
    """One file: what its blocks are sealed to, which of them are there, and the key that names the next ones."""

    recipient: str
    size: Natural
    sha256: Hash
    next: Natural
    tried: Natural
    key: Bytes32

    def __repr__(self) -> str:
        """Return a form that hides everything."""
        return "KeptFile(…)"


class Kept(Wire, frozen=True, kw_only=True):
    """What the file holds.

    Attributes:
        origin, root, desk, epoch: where the report goes.
        report: its id.
        sealed: the sealed report, base64url, until the server has signed for it.
        files: in the order of the report.
    """

    v: Literal[1]
    origin: str
    root: str
    desk: Id
    epoch: Natural
    report: Hash
    sealed: str | None = None
    files: Annotated[tuple[KeptFile, ...], Meta(max_length=MAX_FILES)]

    def __repr__(self) -> str:
        """Return a form that hides everything."""
        return "Kept(…)"


class TooOldError(UsageError):
    """What was begun can no longer be sent: the server takes a report in its week, and a day before and after."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Failure.EPOCH, "the week in which the report that was begun could be sent is over")


def _wrong(detail: str) -> UsageError:
    return UsageError(Failure.MISUSE, detail)


class Continuation:
    """The file on the disk, and what it will say next."""

    def __init__(self, path: Path | None, kept: Kept, files: Sequence[Outgoing]) -> None:
        """Follow `files`, and write to `path`; with None, write nothing anywhere."""
        self._path = path
        self._kept = kept
        self._files = files
        self._tried = {file: file.asked_until for file in files}

    def save(self) -> None:
        """Write it anew, whole.

        Raises:
            StoreError: `store`, when the disk does not take it.
        """
        if self._path is None:
            return
        files = tuple(
            msgspec.structs.replace(kept, next=file.next, tried=self._tried[file], key=b64url(file.key))
            for kept, file in zip(self._kept.files, self._files, strict=True)
        )
        self._kept = msgspec.structs.replace(self._kept, files=files)
        _replace(self._path, canonical(self._kept))

    def before(self, file: Outgoing, index: int) -> None:
        """Say, before a block is tried for the first time, that it may have been."""
        if index >= self._tried[file]:
            self._tried[file] = min(index + AHEAD, file.total)
            self.save()

    def signed(self) -> None:
        """Forget the sealed report: the server has it."""
        self._kept = msgspec.structs.replace(self._kept, sealed=None)
        self.save()

    def remove(self) -> None:
        """Remove the file: all has arrived, or none of it ever can."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}") from error


def keep(papers: Visit, report: str, sealed: bytes, files: Sequence[Outgoing]) -> Kept:
    """Return what a file to go on from says at the beginning."""
    return Kept(
        v=1,
        origin=papers.link.origin,
        root=root_text(papers.link.root),
        desk=papers.desk.id,
        epoch=papers.epoch,
        report=report,
        sealed=b64url(sealed),
        files=tuple(
            KeptFile(
                recipient=file.recipient.text,
                size=file.source.size,
                sha256=file.measured.sha256,
                next=file.next,
                tried=file.asked_until,
                key=b64url(file.key),
            )
            for file in files
        ),
    )


def read_kept(path: Path, link: Link) -> Kept:
    """Return what an earlier run left, if it is of the same place.

    Raises:
        UsageError: `misuse`, when it cannot be read, is something else, or goes to another server or desk.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_LENGTH + 1)
        if len(raw) > MAX_LENGTH:
            raise _wrong(f"{path.name} is no file to go on from")
        kept = decode_canonical(raw, Kept)
    except (OSError, CorncrakeError) as error:
        raise _wrong(f"{path.name} is no file to go on from") from error
    if (kept.origin, kept.root) != (link.origin, root_text(link.root)) or link.desk not in {None, kept.desk}:
        raise _wrong(f"{path.name} goes on with a report to another server or desk")
    return kept


def in_order(kept: Kept, attachments: Sequence[Attachment], measure_all: Callable[[], Sequence[Measured]]) -> list[Outgoing]:
    """Return what sends the rest of each file, in the order of the report, whatever the order of the command.

    Args:
        kept: what an earlier run left.
        attachments: of the command.
        measure_all: reads all of them; asked for when their sizes fit.

    Raises:
        UsageError: `misuse`, when they are not exactly the files that the report names, or `kept` is damaged.
        As `measure`.
    """
    _check_same((one.size for one in kept.files), (one.source.size for one in attachments))
    measured = measure_all()
    _check_same(
        ((one.size, one.sha256) for one in kept.files), ((one.source.size, read.sha256) for one, read in zip(attachments, measured, strict=True))
    )
    left = list(zip(attachments, measured, strict=True))
    found: list[Outgoing] = []
    for file in kept.files:
        # Files with the same bytes stand for one another.
        at = next(at for at, (one, read) in enumerate(left) if (one.source.size, read.sha256) == (file.size, file.sha256))
        found.append(_take_up(file, *left.pop(at)))
    return found


def _check_same(expected: Iterable[object], found: Iterable[object]) -> None:
    missing, others = Counter(expected), Counter(found)
    if missing != others:
        raise _wrong(f"of the {missing.total()} files of the report that was begun, {(missing & others).total()} are named as they were")


def _take_up(kept: KeptFile, attachment: Attachment, measured: Measured) -> Outgoing:
    try:
        recipient, key = Recipient.from_text(kept.recipient), unb64url(kept.key, BLOCK_KEY_LENGTH)
    except CorncrakeError as error:
        raise _wrong("the file to go on from is damaged") from error
    if not kept.next <= kept.tried <= measured.cut.total_blocks:
        raise _wrong("the file to go on from is damaged")
    return Outgoing(attachment.name, attachment.source, measured, recipient, key, kept.next, kept.tried)
