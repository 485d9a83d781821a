# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log as a courier carries it: its head, the leaves since the last parcel, and what opens them.

Rules of this file: leaves and openings go into the state folder part by part, so that a long log takes little memory. The log must have
grown from what was carried before, and the leaves must give the root that is signed. When the charter names the next log, that one is carried
from its beginning.

Source: crypto/spec/parcel.md; C2SP tlog-tiles.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from corncrake_courier.server import Missing
from corncrake_courier.state import DOWNLOADS, write_whole
from corncrake_crypto.checkpoint import log_name, open_checkpoint
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.parcel import MAX_LEAVES, MAX_LEAVES_BYTES
from corncrake_crypto.receipt import MAX_OPENINGS, MAX_OPENINGS_BYTES, read_openings
from corncrake_crypto.tiles import WIDTH, entries_path, read_entries, write_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from corncrake_courier.server import Server
    from corncrake_courier.state import State
    from corncrake_crypto.charter import OpenedCharter

CHECKPOINT_MAX: Final = 16_384
ENTRIES_MAX: Final = WIDTH * 1_024
MOST_LEAVES: Final = 1 << 24
"""Leaves that one pull takes in, some 0.6 GB: more than decades of a busy log, and no server fills a disk with leaves."""


class CarriedLog(NamedTuple):
    """The log as far as a parcel carries it.

    Attributes:
        head: the newest, verified; None before the first publication.
        start: its first leaf.
        frontier: at its end.
        parts: files with the leaves, named as the members that they become.
    """

    head: bytes | None
    start: int
    frontier: Frontier
    parts: list[Path]


def of_this_log(state: State, charter: OpenedCharter) -> State:
    """Return what is remembered, without what was of another log than the charter names.

    Raises:
        PeerError: `origin`: the charter's log has not an origin line of ours.
    """
    origin = charter.charter.log.origin
    if (state.log or f"{log_name(origin).host}/log/1") == origin:
        return replace(state, log=origin)
    return replace(state, log=origin, frontier="", left=[], pending=[])


def fetch_log(  # noqa: PLR0913, PLR0917 - each is another thing
    server: Server, charter: OpenedCharter, state: State, folder: Path, start: int | None, progress: Callable[[str], None]
) -> CarriedLog:
    """Fetch the head and the leaves from `start`, and check that the log has only grown since the last parcel.

    Raises:
        PeerError: `shrunken`, `fork`, `withheld`; `signature`; `size`: there are more leaves than `MOST_LEAVES`, or longer ones than
            a parcel may hold.
    """
    path = log_name(charter.charter.log.origin).path
    known = Frontier.decode(bytes.fromhex(state.frontier)) if state.frontier else Frontier()
    try:
        head = server.get(f"{path}/checkpoint", CHECKPOINT_MAX)
    except Missing:
        if known.size:
            raise PeerError(Failure.SHRUNKEN, "the server has lost its log") from None
        return CarriedLog(None, 0, known, [])
    log = charter.charter.log
    checkpoint = open_checkpoint(head, log.origin, unb64url(log.key, 32))
    if checkpoint.size < known.size:
        raise PeerError(Failure.SHRUNKEN, f"the log has {checkpoint.size} leaves now and had {known.size}")
    begin = known.size if start is None else min(start, known.size)
    if checkpoint.size - begin > MOST_LEAVES:
        raise PeerError(Failure.SIZE, f"the log says to have grown by {checkpoint.size - begin} leaves: ask the organisation whether that can be")
    parts: list[Path] = []
    position = begin
    for part in _parts(_leaves(server, path, (begin, checkpoint.size), progress)):
        for entry in part:
            if position >= known.size:
                known.append(leaf_hash(entry))
            position += 1
        written = write_entries(part)
        if len(written) > MAX_LEAVES_BYTES:
            raise PeerError(Failure.SIZE, "the leaves of the log are longer than any vault takes: tell the organisation")
        parts.append(folder / DOWNLOADS / f"leaves-{len(parts):05d}.bin")
        write_whole(parts[-1], written)
    if known.root() != checkpoint.root:
        raise PeerError(Failure.FORK, "the log was changed since the last parcel, or its leaves are not those that it signed")
    return CarriedLog(head, begin, known, parts)


def _parts(leaves: Iterator[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    for leaf in leaves:
        part.append(leaf)
        if len(part) == MAX_LEAVES:
            yield part
            part = []
    if part:
        yield part


def _leaves(server: Server, path: str, between: tuple[int, int], progress: Callable[[str], None]) -> Iterator[bytes]:
    begin, end = between
    for number in range(begin // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - number * WIDTH)
        entries = read_entries(_bundle(server, path, number, width))[:width]
        if len(entries) != width:
            raise PeerError(Failure.WITHHELD, "the server holds back leaves of its log")
        yield from entries[max(0, begin - number * WIDTH) :]
        progress(f"log: {min(end, (number + 1) * WIDTH)} of {end} leaves")


def _bundle(server: Server, path: str, number: int, width: int) -> bytes:
    """Fetch a bundle; a partial one may have been replaced by the full one meanwhile."""
    try:
        return server.get(f"{path}/{entries_path(number, width)}", ENTRIES_MAX)
    except Missing:
        if width == WIDTH:
            raise
        return server.get(f"{path}/{entries_path(number)}", ENTRIES_MAX)


def fetch_openings(server: Server, begin: int, end: int, folder: Path, desk: str | None) -> tuple[list[Path], list[str]]:
    """Fetch what opens leaves `begin` ≤ i < `end`; return the files, and the ids of the reports of this desk, or of all, in order."""
    parts: list[Path] = []
    reports: list[str] = []
    for start in range(begin, end, MAX_OPENINGS):
        query = f"start={start}&end={min(end, start + MAX_OPENINGS)}"
        raw = server.get("/v1/courier/openings", MAX_OPENINGS_BYTES, signed=True, query=query)
        reports += [opening.id for opening in read_openings(raw) if opening.id is not None and desk in {None, opening.desk}]
        parts.append(folder / DOWNLOADS / f"openings-{len(parts):05d}.json")
        write_whole(parts[-1], raw)
    return parts, reports
