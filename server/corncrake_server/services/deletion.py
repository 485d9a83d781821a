# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deletes reports that enough reviewers have, 14 days after the last that was needed.

Rules of this file: who must have a report is said by its sealing charter, and by the identities that stand there. Days are those of heads of
the log; and, as for blocks, a day counts as so long ago only when this machine has lived through that time since. What is held is not even
looked at. Nothing is said about which reports, or how many.

Source: crypto/spec/deletion.md §1 and §2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.charter import KIND, Charter
from corncrake_crypto.deletion import PATIENCE, suffices
from corncrake_crypto.encoding import day_text
from corncrake_crypto.note import read_document, unverified_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from corncrake_server.ports.blocks import DayMarks
    from corncrake_server.ports.documents import Documents
    from corncrake_server.ports.retention import Acknowledged, Candidate, Retention

_LIVED_DAYS: Final = PATIENCE.days
"""Since a later day than that of the acknowledgement was first seen."""


class ReportDeletion:
    """Deletes reports."""

    def __init__(self, retention: Retention, documents: Documents, marks: DayMarks) -> None:
        """Keep the parts; `marks` are its own."""
        self._retention = retention
        self._documents = documents
        self._marks = marks

    async def sweep(self, today: date) -> int:
        """Delete what may be deleted; return how many reports these were.

        Args:
            today: the day of the newest head.

        Raises:
            StoreError: `store`: what is left goes the next time.
        """
        lived = await self._marks.note(today, _LIVED_DAYS)
        if lived is None:
            return 0
        before = day_text(min(today - PATIENCE, lived))
        charters = await self._charters()
        removed, after = 0, ""
        while after is not None:
            count, after = await self._retention.delete(before, lambda candidate: _who_count(candidate, charters), after)
            removed += count
        # Also when nothing was removed now: the last time it may have failed, or been killed before this.
        await self._retention.scrub()
        return removed

    async def _charters(self) -> Mapping[int, Charter]:
        found: dict[int, Charter] = {}
        for sequence in await self._retention.charters():
            stored = await self._documents.charter_of(sequence)
            if stored is not None:
                found[sequence] = read_document(unverified_text(stored.note), KIND, Charter)
        return found


def _who_count(candidate: Candidate, charters: Mapping[int, Charter]) -> Sequence[Acknowledged]:
    """Return those who have a report and count, if they suffice; else nobody."""
    charter = charters.get(candidate.charter)
    desk = next((desk for desk in charter.desks if desk.id == candidate.desk), None) if charter else None
    if charter is None or desk is None:
        return ()
    readers = {(reviewer.id, reviewer.identity) for reviewer in desk.reviewers}
    counted = [one for one in candidate.by if (one.reviewer, one.identity) in readers]
    opened, aside = ({one.reviewer for one in counted if one.opened is which} for which in (True, False))
    return counted if suffices(desk, charter.quorum, opened, aside) else ()
