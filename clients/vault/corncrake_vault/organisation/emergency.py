# SPDX-License-Identifier: AGPL-3.0-or-later
"""For how long the charters that are signed here must tell an emergency.

Rules of this file: it is told for 30 days from the charter that let somebody in, and telling it again does not begin it anew. The organisation's
vault does not know which of its charters came into force: who declares an emergency again has it told from then on.

Source: crypto/spec/charter_change.md §3.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.charter import EMERGENCY_DAYS, KIND, Charter
from corncrake_crypto.charter_change import emergency_since
from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.note import read_document, unverified_text

if TYPE_CHECKING:
    from datetime import date

    from corncrake_vault.store.database import Store

FACT: Final = "emergency"
"""The last day on which somebody declared one."""


def tells_now(store: Store, today: date, *, declared: bool) -> bool:
    """Say whether a charter that is signed today tells an emergency, and remember when it was declared; inside a transaction.

    Args:
        store: of the organisation's vault.
        today: the day that the charter will bear.
        declared: that somebody says now that it is one.
    """
    if declared:
        store.set_fact(FACT, day_text(today).encode())
        return True
    said = store.fact(FACT)
    days = [parse_day(said.decode())] if said is not None else []
    days += _let_in(store)
    return any(today < day + timedelta(days=EMERGENCY_DAYS) for day in days)


def _let_in(store: Store) -> list[date]:
    """Return the days of the charters here from which an emergency may be told."""
    notes = [bytes(note) for (note,) in store.rows("SELECT note FROM charters ORDER BY sequence")]
    since = emergency_since(notes, over_gaps=True)
    # After 'organisation recover' the first one here may repeat what nobody here remembers.
    first = [read_document(unverified_text(note), KIND, Charter) for note in notes[:1]]
    return [one.issued for one in first if one.emergency] + ([since] if since is not None else [])
