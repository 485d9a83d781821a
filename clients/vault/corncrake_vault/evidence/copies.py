# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derivatives as files for other programs.

Rules of this file: as `threads/files.py`: a name of ours, nothing overwritten, whole or not at all, 0600.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import Failure, StoreError
from corncrake_vault.threads.files import publish

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_vault.evidence.content import EvidenceFile

_COPY: Final = 1 << 20
ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "video/mp4": ".mp4",
    "audio/mp4": ".m4a",
    "video/x-matroska": ".mkv",
    "audio/x-matroska": ".mka",
}


def write_out(made: EvidenceFile, folder: Path, name: str, media: str) -> Path:
    """Write a cleaned copy into a folder, under the original's safe name with `-cleaned` and the ending of what it is.

    Raises:
        StoreError: `store`: the folder cannot be made or the disk is full; nothing was saved.
    """
    target = folder / f"{name.rsplit('.', 1)[0]}-cleaned{ENDINGS.get(media, '')}"
    temporary = target.with_name(f".{target.name}.part")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as out:
                for start in range(0, made.size, _COPY):
                    out.write(made.read(start, start + _COPY))
                out.flush()
                os.fsync(out.fileno())
            return publish(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{target.name} cannot be written: {error.strerror}; it was not saved") from error
