# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that a person attaches: read, looked into, cleaned of what they say about the person.

Rules of this file: a JPEG picture is cleaned unless the person says otherwise; one that cannot be cleaned is not sent by accident. Of other
kinds it is said that nobody looked inside. A file's name goes with it, its path never does.
"""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from corncrake_crypto.block import BLOCK_DATA, TIERS_SMALL
from corncrake_crypto.encoding import repair_text
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_reporter.cleaning import clean_picture, is_jpeg, read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corncrake_reporter.exif import Tell

MAX_BYTES: Final = BLOCK_DATA * TIERS_SMALL[-1]
"""Bytes of one file, 14,422,016: servers take blocks of the small class."""
_MAX_NAME: Final = 255
_MAX_TYPE: Final = 127


class Attachment(NamedTuple):
    """One file as it will be sent.

    Attributes:
        name, type: shown to reviewers.
        data: after cleaning.
        cleaning: `strip`, when it was cleaned; `keep`, when it is as it was.
        tells: what it said about the person before.
        known: whether anybody could look inside.
    """

    name: str
    type: str
    data: bytes
    cleaning: Literal["strip", "keep"]
    tells: tuple[Tell, ...]
    known: bool

    def __repr__(self) -> str:
        """Return a form that hides the file."""
        return f"Attachment({len(self.data)} bytes, {self.cleaning})"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as source:
            raw = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"the file {path.name} cannot be read") from error
    if len(raw) > MAX_BYTES:
        raise UsageError(Failure.SIZE, f"the file {path.name} has more than {MAX_BYTES >> 20} MiB")
    return raw


def attach(path: Path, *, keep: bool) -> Attachment:
    """Read one file, and clean it if it is a picture.

    Args:
        path: of the file, at most `MAX_BYTES` long.
        keep: send it as it is.

    Raises:
        UsageError: `misuse`, when it cannot be read; `size`, when it is too large; `archive`, when it is a picture that
            cannot be cleaned, and `keep` was not said.
    """
    raw = _read(path)
    name = repair_text(path.name)[:_MAX_NAME]
    kind = (mimetypes.guess_type(path.name)[0] or "application/octet-stream")[:_MAX_TYPE]
    if not is_jpeg(raw) or keep:
        return Attachment(name, kind, raw, "keep", _told(raw) if is_jpeg(raw) else (), known=is_jpeg(raw))
    try:
        clean = clean_picture(raw)
    except FileError as error:
        raise UsageError(Failure.ARCHIVE, f"{path.name} cannot be read to its end, so that nothing can be removed from it") from error
    return Attachment(name, kind, clean.data, "strip", clean.removed, known=True)


def _told(raw: bytes) -> tuple[Tell, ...]:
    """What a picture that is kept as it is says; a broken one says what nobody knows."""
    try:
        return read_picture(raw)
    except FileError:
        return ("other",)


def attach_all(paths: Sequence[Path], *, keep: bool) -> tuple[Attachment, ...]:
    """Read all files, or fail before anything was sent; see `attach`."""
    return tuple(attach(path, keep=keep) for path in paths)
