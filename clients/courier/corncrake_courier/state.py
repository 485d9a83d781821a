# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a courier remembers: how far it has carried the log, the newest charter, what vaults have asked for, and what is left to carry.

Rules of this file: one JSON file, replaced whole and synced, and only after what it says has happened; one run at a time holds it. To lose it
costs time, not safety: `pull --from 0` carries everything again, and vaults check all of it themselves.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, StoreError, UsageError
from corncrake_crypto.fields import CharterRef  # noqa: TC001 - read when the struct is made

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

STATE_FILE: Final = "state.json"
DOWNLOADS: Final = "downloads"
LOCK: Final = ".lock"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The last export of a reviewer that this courier has pushed, and the blocks that it asks for, the most wished for first.

    Attributes:
        reviewer: whose.
        number: of the export.
        left: blocks not looked for yet.
        missing: looked for, and the server had them not; each pull looks again when it has room.
        carried: in a parcel.
    """

    reviewer: str
    number: int
    left: list[str]
    missing: list[str] = []
    carried: list[str] = []


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The courier's memory.

    Attributes:
        number: of the last parcel that it made.
        log: the origin line of the log that was carried; empty in a state from before there could be another than the first.
        frontier: of it up to the end of that parcel, hex; see `merkle.Frontier`.
        charter: the newest one seen.
        left: reports of the log that had no room in a parcel yet, in its order.
        pending: reports that were carried and were not in the log then.
        asked: the last export of each reviewer.
        deleted: deletions that were carried.
        desk: whose reports its parcels carry; empty for all desks.
    """

    number: int = 0
    log: str = ""
    frontier: str = ""
    charter: CharterRef | None = None
    left: list[str] = []
    pending: list[str] = []
    asked: list[Asked] = []
    deleted: int = 0
    desk: str = ""


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Hold the state in `folder`, which is made (0700) when it is not there: what two change at once, one of them loses.

    Raises:
        UsageError: `misuse`, when another run holds it.   StoreError: `store`, when the folder cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{folder} cannot be used: {error.strerror}") from error
    try:
        # The kernel lets go when the process ends, however it ends.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise UsageError(Failure.MISUSE, f"another run of the courier uses {folder.name}: wait until it has ended, and run it again") from error
    except OSError as error:
        os.close(descriptor)
        raise StoreError(Failure.STORE, f"{folder} cannot be used ({error.strerror}): move it to a disk of this machine") from error
    try:
        yield
    finally:
        os.close(descriptor)


def load(folder: Path) -> State:
    """Return the state in `folder`, which is made (0700) with its folder for downloads when it is not there.

    Raises:
        StoreError: `store`, when folder or file cannot be used.
    """
    try:
        (folder / DOWNLOADS).mkdir(mode=0o700, parents=True, exist_ok=True)
        raw = (folder / STATE_FILE).read_bytes()
        return decode_canonical(raw, State)
    except FileNotFoundError:
        return State()
    except (OSError, FileError) as error:
        raise StoreError(Failure.STORE, "the courier's state cannot be read; move its folder away and pull with --from 0") from error


def save(folder: Path, state: State) -> None:
    """Replace the state in `folder`, synced.

    Raises:
        StoreError: `store`.
    """
    write_whole(folder / STATE_FILE, canonical(state))
    try:
        sync_folder(folder)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the state cannot be written: {error.strerror}; nothing is lost: run it again") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, its bytes synced; `save` syncs the name too.

    Raises:
        StoreError: `store`: the disk is full or refuses.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}; nothing is lost: make room and go on") from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; where a file system cannot sync a folder there is nothing more to do.

    Raises:
        OSError: the disk refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
