# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed objects for one parcel: as many reports and blocks as there is room for; the others wait for the next one.

Rules of this file: objects are kept in the state folder as they come, under their hash or id, so that a broken pull goes on where it
stopped. Reports come before blocks, but leave a quarter of the room to them: a flood of reports must not keep everybody's files waiting.
What the server has not is said and passed over: one report that it lacks must not stop all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from corncrake_courier.server import Missing
from corncrake_courier.state import DOWNLOADS, Asked, write_whole
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS, MAX_RECIPIENTS, REPORT_CLASSES, wire_size
from corncrake_crypto.receipt import report_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from corncrake_courier.server import Server

MOST_ABSENT: Final = 10_000
"""Blocks that one pull looks for and does not find: each costs a round trip, and reports and recordings can name many that were never sent."""
MOST_SEALED: Final = 20_000
"""Sealed objects of one parcel."""
REPORT_MAX: Final = wire_size(MAX_RECIPIENTS, REPORT_CLASSES[-1])
BLOCK_SIZES: Final = (wire_size(1, BLOCK_CLASS), wire_size(1, LARGE_BLOCK_CLASS))
"""The two lengths that a sealed block can have. Which one it has, the server says first."""


@dataclass(slots=True)
class Room:
    """What a parcel still has room for. One object always fits, so that every pull gets on.

    Attributes:
        count: objects.
        size: bytes.
        absent: blocks that may still turn out not to be on the server; these take no room, but time.
    """

    count: int
    size: int
    used: int = 0
    absent: int = MOST_ABSENT

    def has(self, size: int) -> bool:
        """Say whether an object of so many bytes fits."""
        return not self.used or (self.count > 0 and self.size >= size)

    def take(self, size: int) -> None:
        """Take an object in."""
        self.count -= 1
        self.size -= size
        self.used += 1

    def share(self, parts: int, of: int) -> Room:
        """Return a part of this room."""
        return Room(self.count * parts // of, self.size * parts // of, self.used)


@dataclass(slots=True)
class Fetched:
    """What was fetched, by file; what the server has not; and what had no room."""

    files: list[Path] = field(default_factory=list["Path"])
    here: list[str] = field(default_factory=list[str])
    absent: list[str] = field(default_factory=list[str])
    rest: list[str] = field(default_factory=list[str])


def fetch_reports(server: Server, folder: Path, wanted: list[str], room: Room, progress: Callable[[str], None]) -> Fetched:
    """Fetch reports in their order, while there is room.

    Raises:
        PeerError: `altered`, when the server gives other bytes than the id says.
    """
    done = Fetched()
    for count, report in enumerate(wanted):
        if not room.has(REPORT_MAX):
            done.rest = wanted[count:]
            break
        path = folder / DOWNLOADS / f"report-{report}.age"
        try:
            if not (path.exists() and report_id(path.read_bytes()) == report):
                data = server.get(f"/v1/courier/reports/{report}", REPORT_MAX, signed=True)
                if report_id(data) != report:
                    raise PeerError(Failure.ALTERED, f"the server gave other bytes for report {report[:12]}…")
                write_whole(path, data)
            room.take(path.stat().st_size)
            done.files.append(path)
            done.here.append(report)
        except Missing:
            done.absent.append(report)
        progress(f"reports: {count + 1} of {len(wanted)}")
    return done


def fetch_blocks(server: Server, folder: Path, wanted: list[str], room: Room, progress: Callable[[str], None]) -> Fetched:
    """Fetch blocks in their order, while there is room, and until `room.absent` of them are not on the server.

    A block of which a part is here goes on from there.

    Raises:
        PeerError: `size`, when one has a length that no block has.
        StoreError: `store`: the line broke, or the disk is full; what came stays.
    """
    done = Fetched()
    for count, block in enumerate(wanted):
        if not room.has(BLOCK_SIZES[0]) or room.absent < 1:
            done.rest = wanted[count:]
            break
        path = folder / DOWNLOADS / f"block-{block}.age"
        try:
            size = _fetch_block(server, block, path, room)
            if size is None:
                done.rest = wanted[count:]
                break
            room.take(size)
            done.files.append(path)
            done.here.append(block)
        except Missing:
            room.absent -= 1
            done.absent.append(block)
        progress(f"blocks: {count + 1} of {len(wanted)}")
    return done


def _fetch_block(server: Server, block: str, path: Path, room: Room) -> int | None:
    """Fetch one block, unless it is here, and return its length; None when it has no room."""
    if path.exists() and path.stat().st_size in BLOCK_SIZES:
        size = path.stat().st_size
        return size if room.has(size) else None
    part = path.with_name(f"{path.name}.part")
    with server.download(f"/v1/blocks/{block}", part, BLOCK_SIZES) as coming:
        if not room.has(coming.size):
            return None
        coming.receive()
    part.replace(path)
    return coming.size


def in_turns(lists: Iterable[list[str]]) -> list[str]:
    """Return what is in any of these lists, once, in turns: no reviewer waits for all that another one has asked for."""
    return list(dict.fromkeys(block for block in chain.from_iterable(zip_longest(*lists)) if block is not None))


def after(asked: Asked, fetched: Fetched) -> Asked:
    """Return what a reviewer's export still asks for after these blocks were looked for."""
    here, absent = set(fetched.here), set(fetched.absent)
    # What was looked for now goes to the end: when a pull cannot look for all of them again, the next one begins with the others.
    missing = [block for block in asked.missing if block not in absent] + [block for block in asked.missing + asked.left if block in absent]
    return Asked(
        reviewer=asked.reviewer,
        number=asked.number,
        left=[block for block in asked.left if block not in here and block not in absent],
        missing=[block for block in missing if block not in here],
        carried=asked.carried + [block for block in asked.left + asked.missing if block in here],
    )


def anew(asked: Asked) -> Asked:
    """Return an export of which nothing has been carried yet: everything is to be carried again."""
    return Asked(reviewer=asked.reviewer, number=asked.number, left=asked.carried + asked.left + asked.missing)
