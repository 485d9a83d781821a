# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks a page release that an operator brings, and says by which files the page that is served differs from it.

Rules of this file: a release counts when most of the release keys of the charter in force have signed it; numbers only rise. What is
compared is what is read when the server starts, so that a page that was changed on disk is found before it is served.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from corncrake_crypto.page_release import KIND, PageFile, check_release_floor, file_changes, open_page_release
from corncrake_crypto.tiles import leaf_entry
from corncrake_server.ports.documents import Changes, ReleaseNote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corncrake_crypto.page_release import FileChanges, OpenedRelease, PageRelease
    from corncrake_server.services.services import Services


async def bring_release(services: Services, note: bytes) -> OpenedRelease:
    """Take a page release that an operator brings; the next publication puts it into the log.

    The same one again takes the place of the note that is here, with whatever signatures it has now: when a charter names other release keys, what
    the page is was signed anew, and did not change.

    Raises:
        NotHere: there is no charter yet.
        FileError, PeerError: as `open_page_release` and `check_release_floor`.   StoreError: it could not be stored.
    """
    charter = (await services.organisation.charter()).charter
    opened = open_page_release(note, charter)
    here = await services.documents.release()
    if here is not None:
        check_release_floor(opened, here.number, here.sha256)
    stored = ReleaseNote(opened.release.number, opened.sha256, note)
    if here is None or opened.release.number > here.number:
        await services.documents.apply(Changes(release=stored, entries=[leaf_entry(KIND, opened.text)], by=charter.sequence))
    elif note != here.note:
        await services.documents.apply(Changes(release=stored, by=charter.sequence))
    return opened


def differences(release: PageRelease, served: Mapping[str, bytes]) -> FileChanges:
    """Return by which paths a page differs from its release.

    Args:
        release: what it must be.
        served: the bytes of each file, by its path below the page's folder.
    """
    files = [PageFile(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest()) for path, data in served.items()]
    return file_changes(release.files, files)
