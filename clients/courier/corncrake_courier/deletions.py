# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was deleted at the server, with what reviewers signed for it, so that no vault takes it for withheld.

Rules of this file: the courier judges nothing; it brings every note that a deletion names, and a vault verifies. What it brings is cut into parts,
each with all its acknowledgements, so that nobody has to keep them all at once.

Source: crypto/spec/deletion.md §3; crypto/spec/parcel.md §2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corncrake_courier.server import Missing
from corncrake_courier.state import DOWNLOADS, write_whole
from corncrake_crypto.deletion import MAX_BYTES, read_deletions, write_deletions
from corncrake_crypto.note import MAX_NOTE, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_courier.server import Server
    from corncrake_crypto.charter import OpenedCharter
    from corncrake_crypto.deletion import Deletion

MOST_ROUNDS: Final = 100
"""Answers of at most 10,000 reports each; what is left comes with the next pull."""
PART_BYTES: Final = 16 << 20
"""Of acknowledgements in one part, about."""


@dataclass(slots=True)
class Gone:
    """What was deleted.

    Attributes:
        count: deletions carried so far, those of earlier parcels included.
        reports: ids.
        charters: the member with the charters that deletions name, if there are any.
        parts: files, named as the members that they become.
    """

    count: int
    reports: set[str] = field(default_factory=set[str])
    charters: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    parts: list[Path] = field(default_factory=list["Path"])


def fetch_deletions(server: Server, charter: OpenedCharter, folder: Path, carried: int) -> Gone:
    """Fetch what was deleted after the first `carried` deletions, and the notes that it rests on.

    Raises:
        FileError: `size`, `json`, `not-canonical`.   PeerError, StoreError: as `Server.get`.
    """
    gone = Gone(carried)
    sequences: set[int] = set()
    for _ in range(MOST_ROUNDS):
        try:
            found = read_deletions(server.get("/v1/courier/deletions", MAX_BYTES, signed=True, query=f"start={gone.count + 1}"))
        except Missing:  # a server from before there were any
            break
        if not found:
            break
        gone.count += sum(len(one.reports) for one in found)
        gone.reports.update(report for one in found for report in one.reports)
        sequences.update(one.charter for one in found)
        _fetch_parts(server, folder, gone, list(found))
    notes = [server.get(f"/v1/charters/{sequence}", MAX_NOTE) for sequence in sorted(sequences - {charter.charter.sequence})]
    if notes:
        gone.charters.append(("charters.json", write_bundle(notes)))
    return gone


def _fetch_parts(server: Server, folder: Path, gone: Gone, deletions: list[Deletion]) -> None:
    notes: dict[tuple[str, int], bytes] = {}
    part: list[Deletion] = []
    for one in deletions:
        part.append(one)
        for named in one.acknowledgements:
            key = (named.reviewer, named.number)
            if key not in notes:
                notes[key] = server.get(f"/v1/courier/acknowledgements/{named.reviewer}/{named.number}", MAX_NOTE, signed=True)
        if sum(map(len, notes.values())) >= PART_BYTES:
            _write_part(folder, gone, part, notes)
            notes, part = {}, []
    if part:
        _write_part(folder, gone, part, notes)


def _write_part(folder: Path, gone: Gone, deletions: list[Deletion], notes: dict[tuple[str, int], bytes]) -> None:
    number = len(gone.parts) // 2
    for name, data in (("acknowledgements", write_bundle(notes.values())), ("deletions", write_deletions(deletions))):
        gone.parts.append(folder / DOWNLOADS / f"{name}-{number:05d}.json")
        write_whole(gone.parts[-1], data)
