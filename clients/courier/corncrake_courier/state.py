# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a courier remembers: how far it has carried the log, the newest charter, and what vaults have asked for.

Rules of this file: one JSON file, replaced whole and synced, and only after what it says has happened. To lose it costs time, not
safety: `pull --from 0` carries everything again, and vaults check all of it themselves.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, StoreError
from corncrake_crypto.fields import CharterRef  # noqa: TC001 - read when the struct is made

if TYPE_CHECKING:
    from pathlib import Path

STATE_FILE: Final = "state.json"
DOWNLOADS: Final = "downloads"


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The courier's memory.

    Attributes:
        number: of the last parcel that it made.
        frontier: of the log up to the end of that parcel, hex; see `merkle.Frontier`.
        charter: the newest one seen.
        wanted: block ids that vaults asked for in their last parcels, by reviewer.
    """

    number: int = 0
    frontier: str = ""
    charter: CharterRef | None = None
    wanted: dict[str, list[str]] = {}


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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, synced.

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
