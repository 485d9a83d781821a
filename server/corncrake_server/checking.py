# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-server check`: looks at everything that an operator can put right, and says what to do.

Rules of this file: one check, one function, one line. It returns what is well, or raises an error whose sentence says what to do.
Nothing is signed or changed, and no lock is taken, so that a server may run meanwhile. What lies in a database that is missing or
damaged is not looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import b64url, day_text, parse_day
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, StoreError
from corncrake_crypto.page_release import open_page_release
from corncrake_crypto.prekeys import epoch_days, epoch_of
from corncrake_server.api.page import read_page
from corncrake_server.clock import TODAY_VARIABLE, is_fixed
from corncrake_server.refusals import NoRoom
from corncrake_server.services.blocks import MOST_WIRE
from corncrake_server.services.organisation import Organisation
from corncrake_server.services.publication import Publication
from corncrake_server.services.releases import differences
from corncrake_server.storage.block_stores import open_blocks
from corncrake_server.storage.database import Database
from corncrake_server.storage.documents import SqlDocuments
from corncrake_server.storage.files import FileSpool, free_bytes
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.log_key import LogKeyFolder
from corncrake_server.storage.schema import check_schema

if TYPE_CHECKING:
    from corncrake_server.clock import Clock
    from corncrake_server.settings import Settings

_SOON: Final = timedelta(days=28)
_WEEKS: Final = 4


class Finding(NamedTuple):
    """What was looked at, whether it is well, and a sentence."""

    what: str
    well: bool
    said: str

    def __str__(self) -> str:
        """Return the line for a person."""
        return f"{'ok   ' if self.well else 'WRONG'} {self.what}: {self.said}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where is looked."""

    settings: Settings
    clock: Clock
    database: Database

    @property
    def log(self) -> SqlLog:
        return SqlLog(self.database)

    @property
    def organisation(self) -> Organisation:
        return Organisation(SqlDocuments(self.database), self.clock)

    def keys(self) -> LogKeyFolder:
        return LogKeyFolder(self.settings.keys)


def _wrong(said: str) -> StoreError:
    return StoreError(Failure.STORE, said)


async def _folders(at: _Place) -> str:
    for folder in dict.fromkeys((at.settings.data, at.settings.keys)):
        if not folder.is_dir():
            raise _wrong(f"there is no {folder}: run `corncrake-server init`")
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            raise _wrong(f"others can look into it: chmod 0700 {folder}")
        foreign = [path.name for path in folder.iterdir() if path.stat().st_uid != os.geteuid()]
        if foreign:
            raise _wrong(f"these files in {folder} are another user's, and the server cannot use them: {', '.join(sorted(foreign))}")
    return f"{at.settings.data} is the server's alone"


async def _clock(at: _Place) -> str:
    said = f"it is {at.clock.today()}"
    return f"{said}, as {TODAY_VARIABLE} says and not the clock: unset it before anything is real" if is_fixed() else said


async def _disk(at: _Place) -> str:
    free, reserve = free_bytes(at.settings.data), at.settings.disk_reserve
    if free < reserve:
        raise _wrong(f"{free >> 20} MiB are free, less than disk_reserve ({reserve >> 20} MiB): blocks are refused, and soon reports; make room")
    return f"{free >> 20} MiB are free, and {reserve >> 20} MiB are kept for reports"


async def _blocks(at: _Place) -> str:
    settings = at.settings
    if not settings.data.is_dir():
        raise _wrong(f"there is no {settings.data}")
    store = open_blocks(settings, FileSpool(settings.data / "spool", settings.disk_reserve))
    try:
        await store.check()
    except NoRoom as error:
        raise _wrong("disk_reserve would be used: no block is taken until there is room") from error
    used = sum([block.size async for block in store.stored()])
    where = "files" if settings.block_store == "files" else f"bucket {settings.s3_bucket}"
    if settings.blocks_most and used + MOST_WIRE > settings.blocks_most:
        raise _wrong(
            f"{where}: {used >> 20} MiB of blocks, and blocks_most is {settings.blocks_most >> 20} MiB: no more are taken; raise it, or wait"
        )
    most = f" of {settings.blocks_most >> 20}" if settings.blocks_most else ""
    return f"{where} can be written to, and {used >> 20}{most} MiB of it are used"


async def _key(at: _Place) -> str:
    keys = at.keys()
    keys.check_writable()
    found = [keys.numbered(number) for number in keys.numbers()]
    return f"{', '.join(f'{one.origin} {b64url(one.key.public)}' for one in found)}, and its folder can be written to"


async def _integrity(at: _Place) -> str:
    try:
        await at.database.check_integrity()
    except StoreError as error:
        raise _wrong(f"{error.detail}; docs/backup.md says how to bring back a backup") from error
    return "whole" if at.database.is_sqlite else "whether it is whole, PostgreSQL's own tools say"


async def _tables(at: _Place) -> str:
    await check_schema(at.database)
    return "those of this program"


async def _log(at: _Place) -> str:
    newest = await Publication(at.log, at.keys(), at.clock).check_noted()
    if newest is not None and newest.note is None:
        raise _wrong(f"a publication of size {newest.size} was cut off: start the server, or run `corncrake-server publish`")
    return f"size {newest.size if newest else 0}, as the key has signed"


async def _publication(at: _Place) -> str:
    head = await at.log.head()
    if head is None:
        return "nothing was published yet"
    if parse_day(head.day) > at.clock.today():
        raise _wrong(f"the newest head is of {head.day}, a day to come: is the clock behind, or was it ahead?")
    if at.settings.publish_at and await Publication(at.log, at.keys(), at.clock).is_late():
        raise _wrong(f"the newest head is of {head.day}: `corncrake-server publish` tries again, and says what is wrong")
    return f"the newest head is of {head.day}" + ("" if at.settings.publish_at else "; this host publishes by command only")


async def _charter(at: _Place) -> str:
    opened = await at.organisation.charter_or_none()
    if opened is None:
        raise _wrong("there is none: bring one with `corncrake-server charter`")
    charter = opened.charter
    if not at.keys().has(charter.log):
        raise _wrong("it names another log key than the one that is here: every receipt is worth nothing until a charter names this one")
    if at.clock.today() > charter.expires:
        raise _wrong(f"it has ended on {charter.expires}: no reporter is let through until the organisation signs a new one")
    if at.clock.today() + _SOON > charter.expires:
        raise _wrong(f"it ends on {charter.expires}: ask the organisation for the next one")
    return f"number {charter.sequence}, in force until {charter.expires}"


async def _prekeys(at: _Place) -> str:
    now = epoch_of(at.clock.today())
    short = await at.organisation.desks_without_prekeys(range(now, now + _WEEKS + 1))
    if short:
        desks = ", ".join(f"{desk} from {day_text(epoch_days(epoch)[0])} on" for desk, epoch in sorted(short.items()))
        raise _wrong(f"too few, so that nobody can report to {desks}: have reviewers export, and a courier push")
    lacking = await at.organisation.running_out(range(now, now + _WEEKS + 1))
    if lacking:
        names = ", ".join(f"{who} at {desk} from {day_text(epoch_days(epoch)[0])} on" for (desk, who), epoch in sorted(lacking.items()))
        raise _wrong(f"desks are open, but these have none: {names}; nothing can be sealed to them then: have them export, and a courier push")
    return f"of all reviewers, for {_WEEKS} weeks"


async def _page(at: _Place) -> str:
    if not at.settings.page_dir:
        return "this host serves none"
    files = read_page(Path(at.settings.page_dir))
    here, opened = await SqlDocuments(at.database).release(), await at.organisation.charter_or_none()
    if opened is None or not opened.charter.release_keys:
        return "the charter names no release keys, so that nobody can check it"
    if here is None:
        raise _wrong("there is no release of it, so that nobody can check it: bring one with `corncrake-server release`")
    try:
        release = open_page_release(here.note, opened.charter).release
    except PeerError as error:
        raise _wrong(f"release {here.number} is not signed by enough keys of the charter now in force: have it signed anew, and bring it") from error
    found = differences(release, {path.lstrip("/"): file.data for path, file in files.items() if path != "/"})
    if found:
        names = ", ".join((*found.changed, *found.removed, *found.added))
        raise _wrong(f"what is served is not release {release.number}: {names}; put the files of the release there, and start the server again")
    return f"release {release.number}, file by file"


_Check = Callable[[_Place], Awaitable[str]]
_OF_FILES: Final[dict[str, _Check]] = {"clock": _clock, "folders": _folders, "disk": _disk, "blocks": _blocks, "log key": _key}
# What comes after one of the first two would look into, or even make, a database that is not there or not ours.
_OF_DATABASE: Final[dict[str, _Check]] = {"database": _integrity, "tables": _tables}
_OF_TABLES: Final[dict[str, _Check]] = {"log": _log, "publication": _publication, "charter": _charter, "prekeys": _prekeys, "page": _page}


async def _find(what: str, check: _Check, at: _Place) -> Finding:
    try:
        return Finding(what, well=True, said=await check(at))
    except CorncrakeError as error:
        return Finding(what, well=False, said=error.detail)
    except OSError as error:
        return Finding(what, well=False, said=f"it cannot be looked at: {error.strerror}")


async def check(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at everything; return a finding for each check, in the order in which an operator would put things right."""
    database = Database(settings.url)
    at = _Place(settings, clock, database)
    try:
        found = [await _find(what, look, at) for what, look in _OF_FILES.items()]
        for what, look in _OF_DATABASE.items():
            found.append(await _find(what, look, at))
            if not found[-1].well:
                return found
        return found + [await _find(what, look, at) for what, look in _OF_TABLES.items()]
    finally:
        await database.close()
