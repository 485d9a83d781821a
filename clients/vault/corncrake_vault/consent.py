# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was let in to read without the consent of those who read before, as the charters that this vault has taken show.

Rules of this file: a charter may bear an earlier day than the one on which it comes, and the next one may speak of nothing. So what was seen when a
charter was taken is told for 30 days from that day, whatever the charter's own day is and whatever later ones say.

Source: crypto/spec/charter_change.md §3, §4.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.charter import EMERGENCY_DAYS, KIND, RECOVERY, Charter
from corncrake_crypto.charter_change import emergency_since, unagreed
from corncrake_crypto.encoding import canonical, day_text, decode_canonical, parse_day
from corncrake_crypto.note import read_document, unverified_text

if TYPE_CHECKING:
    from datetime import date

    from corncrake_vault.store.database import Store

FACT: Final = "let_in"
"""Rows of the day on which a charter was taken, its sequence, and whom it let in; nobody's name where no charter before it was known."""


def told_since(store: Store) -> date | None:
    """Return since when an emergency is told by the charters here; None when none is known to have let somebody in."""
    return emergency_since((bytes(note) for (note,) in store.rows("SELECT note FROM charters ORDER BY sequence")), over_gaps=False)


def note_let_in(store: Store, today: date, before: Charter | None, raw: bytes, taken: Charter) -> None:
    """Remember whom a charter that is taken now lets in without consent, if anybody; inside a transaction.

    Args:
        store: of the vault.
        today: by the vault.
        before: the charter that was the newest here; None when there was none.
        raw: the note of the one that is taken.
        taken: the same, verified.
    """
    added = unagreed(before, raw, taken) if taken.emergency and before is not None else ()
    if added or (taken.emergency and before is None):
        who = "; ".join(f"{', '.join(one.readers)} at {one.desk}" for one in added)
        store.set_fact(FACT, canonical([*_let_in(store, today), [day_text(today), str(taken.sequence), who]]))


def _let_in(store: Store, today: date) -> list[list[str]]:
    """Return the rows that are still told."""
    rows = decode_canonical(store.fact(FACT) or b"[]", list[list[str]])
    return [row for row in rows if today < parse_day(row[0]) + timedelta(days=EMERGENCY_DAYS)]


def let_in_lines(store: Store, today: date) -> list[str]:
    """Say who was let in without consent by charters that were taken in the last 30 days, and who reads now."""
    if not (rows := _let_in(store, today)):
        return []
    lines = [
        f"charter {sequence}, taken on {day}, says that somebody was let in to read without the reviewers' consent{f': {who}' if who else ''}"
        for day, sequence, who in rows
    ]
    note = store.row("SELECT note FROM charters ORDER BY sequence DESC LIMIT 1")
    readers = _readers(read_document(unverified_text(bytes(note[0])), KIND, Charter)) if note is not None else ""
    return [*lines, f"who reads now: {readers}; ask the organisation, and compare by voice ('charter' shows the words of each)"]


def _readers(charter: Charter) -> str:
    desks = ((desk.id, [one.id for one in desk.reviewers] + [RECOVERY] * bool(desk.recovery)) for desk in charter.desks)
    return "; ".join(f"{', '.join(readers)} at {desk}" for desk, readers in desks)
