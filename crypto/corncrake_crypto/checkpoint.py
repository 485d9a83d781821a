# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the head of the log, signed: origin, size, root, and the day it was signed.

Rules of this file: the log's key signs under the origin line. Our heads have `day YYYY-MM-DD` as their first extension line, so
that a log that stands still is seen; later lines may follow and mean nothing here. `parse_checkpoint_text` reads the heads of other
logs too.

Source: crypto/spec/checkpoint.md; C2SP tlog-checkpoint.md.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from corncrake_crypto.encoding import b64std, day_text, parse_day, unb64std
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.merkle import HASH_LENGTH, MAX_SIZE
from corncrake_crypto.note import NoteKey, open_note, sign_note
from corncrake_crypto.signatures import SigningKey

MAX_CHECKPOINT: Final = 16_384
"""Bytes of a checkpoint, signatures included."""

_LOG_ORIGIN: Final = re.compile(r"([!-*,-.0-~]{1,240})/log/([1-9][0-9]{0,3})", re.ASCII)
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_DAY_LINE: Final = "day "


class TreeHead(NamedTuple):
    """What any log's checkpoint says: origin, size in leaves, 32-byte root, and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]


class Checkpoint(NamedTuple):
    """A head of our log: origin, size in leaves, 32-byte root, day of signing."""

    origin: str
    size: int
    root: bytes
    day: date


def _refused(detail: str) -> FileError:
    return FileError(Failure.NOTE, detail)


class LogName(NamedTuple):
    """The parts of the origin line of one of our logs: the server's host, and which of its logs it is, from 1."""

    host: str
    number: int

    @property
    def path(self) -> str:
        """Where the server has the log's files."""
        return f"/log/{self.number}"


def log_name(origin: str) -> LogName:
    """Return the parts of a log's origin line.

    Raises:
        PeerError: `origin`: it has not the form of ours.

    Source: crypto/spec/checkpoint.md §3.
    """
    match = _LOG_ORIGIN.fullmatch(origin)
    if match is None:
        raise PeerError(Failure.ORIGIN, "the log has an origin line of another form than host/log/N")
    return LogName(match[1], int(match[2]))


def comes_after(origin: str, former: str) -> bool:
    """Say whether a log may follow another one: of the same host, with a higher number.

    Source: crypto/spec/checkpoint.md §3.
    """
    try:
        now, before = log_name(origin), log_name(former)
    except PeerError:
        return False
    return now.host == before.host and now.number > before.number


def parse_checkpoint_text(text: str) -> TreeHead:
    """Return what the text of a checkpoint says.

    Raises:
        FileError: `note`.

    Source: crypto/spec/checkpoint.md §1; C2SP tlog-checkpoint.md.
    """
    origin, *lines = text.split("\n")
    if len(lines) < 3 or lines.pop() or not all((origin, *lines)):  # noqa: PLR2004 - size, root, and what follows the last newline
        raise _refused("a checkpoint is three lines or more, none of them empty")
    size_line, root_line, *extensions = lines
    if _SIZE.fullmatch(size_line) is None or int(size_line) > MAX_SIZE:
        raise _refused("the size of a tree is a decimal number without leading zeros")
    try:
        root = unb64std(root_line, HASH_LENGTH)
    except FileError as error:
        raise _refused("the root of a tree is 32 bytes in base64") from error
    return TreeHead(origin, int(size_line), root, tuple(extensions))


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """Return the text of a checkpoint of ours, which is what is signed and hashed."""
    lines = (checkpoint.origin, str(checkpoint.size), b64std(checkpoint.root), _DAY_LINE + day_text(checkpoint.day))
    return "\n".join(lines) + "\n"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """Return the note of a checkpoint, signed by the log's key under its origin.

    Whether the key may sign it, because it continues what it signed before, is the caller's duty.

    Raises:
        UsageError: `misuse`, when origin, size or root have not the form of theirs.

    Source: crypto/spec/checkpoint.md §2.
    """
    if not 0 <= checkpoint.size <= MAX_SIZE or len(checkpoint.root) != HASH_LENGTH or "\n" in checkpoint.origin:
        raise UsageError(Failure.MISUSE, "this is not the head of a tree")
    return sign_note(checkpoint_text(checkpoint), [(checkpoint.origin, key)])


def open_checkpoint(raw: bytes, origin: str, key: bytes) -> Checkpoint:
    """Return a checkpoint of ours, verified.

    Args:
        raw: the note.
        origin: the log's origin line, from the charter.
        key: the log's 32-byte public key, from the charter.

    Raises:
        FileError: `note`: the form of note or text is wrong, or the day is not there.
        PeerError: `signature`; `origin`, when the key has signed a head of another log.

    Source: crypto/spec/checkpoint.md §2.
    """
    head = parse_checkpoint_text(open_note(raw, [NoteKey(origin, key)], limit=MAX_CHECKPOINT))
    if head.origin != origin:
        raise PeerError(Failure.ORIGIN, "the checkpoint is of another log")
    if not head.extensions or not head.extensions[0].startswith(_DAY_LINE):
        raise _refused("the fourth line of a checkpoint says the day")
    try:
        day = parse_day(head.extensions[0].removeprefix(_DAY_LINE))
    except FileError as error:
        raise _refused("the fourth line of a checkpoint says the day") from error
    return Checkpoint(head.origin, head.size, head.root, day)
