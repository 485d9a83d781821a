# SPDX-License-Identifier: AGPL-3.0-or-later
"""A built page as it lies in a folder: every file with its size and hash.

Rules of this file: what is no plain file is refused, since a server would not serve it; so is what no release can name.

Source: crypto/spec/page_release.md §1.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.page_release import MAX_FILE, MAX_FILES, PageFile

if TYPE_CHECKING:
    from pathlib import Path

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_MOST_PATH: Final = 128


def _listed(folder: Path, path: Path) -> PageFile:
    name = path.relative_to(folder)
    if path.is_symlink() or not path.is_file():
        raise UsageError(Failure.MISUSE, f"{name} is no plain file")
    if len(str(name)) > _MOST_PATH or any(_SEGMENT.fullmatch(part) is None for part in name.parts):
        raise UsageError(Failure.MISUSE, f"{str(name)!r} is a name that no release can have")
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise UsageError(Failure.SIZE, f"{name} has more than {MAX_FILE} bytes")
    return PageFile(path=name.as_posix(), size=len(data), sha256=hashlib.sha256(data).hexdigest())


def page_files(folder: Path) -> tuple[PageFile, ...]:
    """Return the files of a built page, in the order of their paths.

    Raises:
        UsageError: `misuse` or `size`: there are none, too many, or one that a page cannot have.
    """
    try:
        found = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
        if not 1 <= len(found) <= MAX_FILES:
            raise UsageError(Failure.MISUSE, f"{folder.name} holds {len(found)} files; a page has 1 to {MAX_FILES}")
        files = [_listed(folder, path) for path in found]
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{folder.name} cannot be read: {error.strerror}") from error
    return tuple(sorted(files, key=lambda file: file.path))
