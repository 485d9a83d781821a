# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was let in to read without the consent of those who read before, as a monitor tells it.

Rules of this file: a charter may bear a day long past, and the next one may tell nothing. So each that let somebody in is told for 30 days from when
this monitor first saw it, whatever its day is and whatever later ones say; and an emergency as long as clients are told of one.

Source: crypto/spec/charter_change.md §3, §4.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from corncrake_crypto.charter import EMERGENCY_DAYS, tells_emergency
from corncrake_crypto.charter_change import unagreed
from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure
from corncrake_monitor.findings import EMERGENCY
from corncrake_monitor.state import SHORT, LetIn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from corncrake_crypto.charter import Charter
    from corncrake_monitor.findings import Looking
    from corncrake_monitor.state import CharterSeen


def let_in(before: Charter | None, note: bytes, after: Charter) -> LetIn | None:
    """Return whom a charter lets in without consent; None when it lets nobody in, or only whom enough have countersigned.

    Where no charter before it is known, an emergency is taken to have let somebody in.
    """
    added = unagreed(before, note, after) if before is not None else ()
    if not added and not (before is None and after.emergency):
        return None
    readers = "; ".join(f"{', '.join(one.readers)} at {one.desk}" for one in added)
    return LetIn(issued=after.issued, readers=readers[:SHORT], silent=not after.emergency)


def told_since(seen: Sequence[CharterSeen]) -> date | None:
    """Return the day of the newest emergency that is known to have let somebody in; see `charter_change.emergency_since`."""
    known = (one.let_in for one in reversed(seen) if one.let_in is not None)
    return next((one.issued for one in known if one.readers and not one.silent), None)


def tell_emergencies(looking: Looking, seen: Sequence[CharterSeen], newest: Charter | None) -> None:
    """Note what has to be told today; `newest` is the charter that clients are shown."""
    told = False
    for one in seen:
        found = one.let_in
        if found is None or looking.today >= one.since + timedelta(days=EMERGENCY_DAYS):
            continue
        who = f" ({found.readers})" if found.readers else ""
        says = f"charter {one.sequence} let somebody in without the reviewers' consent{who}"
        days = f"issued {day_text(found.issued)}, first seen here {day_text(one.since)}"
        if found.silent:
            looking.find(Failure.SIGNATURE, f"{says}, and does not say so; {days}")
        else:
            told = True
            looking.find(EMERGENCY, f"{says}; {days}: ask the organisation")
    if not told and newest is not None and tells_emergency(newest, looking.today):
        says = f"charter {newest.sequence} says that somebody was let in without the reviewers' consent"
        looking.find(EMERGENCY, f"{says}: ask the organisation")
