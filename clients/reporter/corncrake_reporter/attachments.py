# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that a person attaches: looked into, and cleaned of what they say about the person where this program can.

Rules of this file: a JPEG picture is cleaned unless the person says otherwise; one that cannot be cleaned is not sent by accident. Of other
kinds it is said that nobody looked inside, and what such files often say. A file's name goes with it, its path never does.
"""

from __future__ import annotations

import mimetypes
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from corncrake_crypto.block import plan
from corncrake_crypto.encoding import repair_text
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.report import MAX_FILES
from corncrake_reporter.cleaning import clean_picture, is_jpeg, read_picture
from corncrake_reporter.sources import PictureSource, PlainSource, check_plain, is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corncrake_reporter.exif import Tell
    from corncrake_reporter.sources import Source

Kind = Literal["jpeg", "picture", "film", "sound", "document", "unknown"]

MAX_PICTURE: Final = 64 << 20
"""Bytes of a picture that is looked into: it is in memory as a whole while that lasts."""
MAX_NAME: Final = 255
MAX_TYPE: Final = 127
_BEGINNING: Final = 16
_TYPES: Final = {
    ".ts": "video/mp2t",
    ".mts": "video/mp2t",
    ".m2ts": "video/mp2t",
    ".mkv": "video/x-matroska",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".opus": "audio/ogg",
}
"""What the tables of Python and of machines lack, or take for something else."""
_KINDS: Final[dict[str, Kind]] = {"image": "picture", "video": "film", "audio": "sound", "text": "document"}
_DOCUMENTS: Final = ("application/pdf", "application/msword", "application/rtf", "application/vnd.")


class Attachment(NamedTuple):
    """One file as it will be sent.

    Attributes:
        name, type: shown to reviewers.
        source: its bytes, after cleaning.
        cleaning: `strip`, when it was cleaned; `keep`, when it is as it was.
        tells: what it said about the person before.
        kind: what it seems to be; only `jpeg` was looked into.
    """

    name: str
    type: str
    source: Source
    cleaning: Literal["strip", "keep"]
    tells: tuple[Tell, ...]
    kind: Kind

    def __repr__(self) -> str:
        """Return a form that hides the file."""
        return f"Attachment({self.source.size} bytes, {self.cleaning})"


def type_of(name: str) -> str:
    """Return the type that a file's name promises."""
    known = _TYPES.get(PurePath(name).suffix.lower()) or mimetypes.guess_type(name)[0]
    return (known or "application/octet-stream")[:MAX_TYPE]


def kind_of(media_type: str) -> Kind:
    """Return what a file of this type is to a person."""
    if media_type.startswith(_DOCUMENTS):
        return "document"
    return _KINDS.get(media_type.partition("/")[0], "unknown")


def attach(path: Path, *, keep: bool) -> Attachment:
    """Look at one file, and clean it if it is a JPEG picture.

    Args:
        path: of a plain file.
        keep: send it as it is.

    Raises:
        UsageError: `misuse`, when it cannot be read; `size`, when no report can carry it; `archive`, when it is a picture that
            cannot be cleaned, and `keep` was not said.
    """
    if not is_plain(path):
        raise UsageError(Failure.MISUSE, f"the file {path.name} cannot be read")
    size = check_plain(path)
    plan(size)
    name, source = repair_text(path.name)[:MAX_NAME], PlainSource(path, size)
    media_type = type_of(path.name)
    if not is_jpeg(source.read(0, _BEGINNING)):
        return Attachment(name, media_type, source, "keep", (), kind_of(media_type))
    if size > MAX_PICTURE:
        if not keep:
            raise UsageError(Failure.ARCHIVE, f"{path.name} has more than {MAX_PICTURE >> 20} MiB, so that this program does not look inside")
        return Attachment(name, media_type, source, "keep", ("other",), "jpeg")
    return _picture(path, Attachment(name, media_type, source, "keep", (), "jpeg"), keep=keep)


def _picture(path: Path, as_it_is: Attachment, *, keep: bool) -> Attachment:
    raw = as_it_is.source.read(0, MAX_PICTURE)
    if keep:
        return as_it_is._replace(tells=_told(raw))
    try:
        clean = clean_picture(raw)
    except FileError as error:
        raise UsageError(Failure.ARCHIVE, f"{path.name} cannot be read to its end, so that nothing can be removed from it") from error
    return as_it_is._replace(source=PictureSource(path, len(clean.data)), cleaning="strip", tells=clean.removed)


def _told(raw: bytes) -> tuple[Tell, ...]:
    """What a picture that is kept as it is says; a broken one says what nobody knows."""
    try:
        return read_picture(raw)
    except FileError:
        return ("other",)


def attach_all(paths: Sequence[Path], *, keep: bool) -> tuple[Attachment, ...]:
    """Look at all files, or fail before anything was sent; see `attach`.

    Raises:
        UsageError: `size`, when there are more than one report can name.
    """
    if len(paths) > MAX_FILES:
        raise UsageError(Failure.SIZE, f"one report names at most {MAX_FILES} files")
    return tuple(attach(path, keep=keep) for path in paths)
