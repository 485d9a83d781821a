# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must come: every commitment of the log opened, every report of own desks here, every receipt kept.

Rules of this file: a fault is never a row that somebody has to delete; it is computed from what is there, so that it is shown
until a later parcel mends it, and then no more. Nothing here refuses an import: what is withheld must not also hold back the rest.
What a courier says is still to come is not called withheld, for a week.

Source: crypto/spec/parcel.md; crypto/spec/receipt.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import day_text, unb64url
from corncrake_crypto.errors import Failure
from corncrake_crypto.merkle import leaf_hash
from corncrake_crypto.receipt import Opening, commitment, open_receipt, opening_commitment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from corncrake_crypto.charter import Log
    from corncrake_vault.store.database import Store


COMING_FOR: Final = timedelta(days=7)
"""How long a courier's word that something is still to come is taken."""
_SHOWN: Final = 100


class Fault(NamedTuple):
    """Something that needs a person: the failure word, and a sentence that names what it is about."""

    failure: Failure
    detail: str


class Hearer(NamedTuple):
    """Who hears promises: this vault's store, the desks of its reviewer, and the day."""

    store: Store
    desks: Collection[str]
    today: date


def take_openings(hearer: Hearer, openings: Iterable[Opening]) -> list[Fault]:
    """Match openings with the leaves that this vault has, and expect the reports of own desks; inside a transaction.

    An opening that does not fit its leaf opens nothing.

    Returns:
        `equivocation` for each report that the log has twice.
    """
    store, found = hearer.store, list[Fault]()
    for opening in openings:
        leaf = leaf_hash(opening_commitment(opening))
        row = store.row("SELECT hash FROM leaves WHERE position = ?", (opening.index,))
        if row is None or bytes(row[0]) != leaf:
            continue
        store.run("UPDATE leaves SET opened = 1 WHERE position = ?", (opening.index,))
        if opening.kind == "report" and opening.id is not None and opening.desk is not None:
            promised = _Promised(opening.id, opening.desk, opening.day, leaf)
            found += _expect(hearer, promised, head="", position=opening.index)
    return found


def take_receipts(hearer: Hearer, notes: Iterable[bytes], log: Log, head: str) -> list[Fault]:
    """Verify receipts of reports that are not in the log yet, and expect them under the next head; inside a transaction.

    Returns:
        `equivocation` for each report that has two different receipts.

    Raises:
        PeerError: `signature`, when one is not the log's.
    """
    found: list[Fault] = []
    key = unb64url(log.key, 32)
    for note in notes:
        receipt = open_receipt(note, log.origin, key)
        leaf = leaf_hash(commitment(receipt))
        row = hearer.store.row("SELECT position FROM leaves WHERE hash = ?", (leaf,))
        promised = _Promised(receipt.id, receipt.desk, receipt.day, leaf)
        found += _expect(hearer, promised, head=head, position=None if row is None else int(row[0]))
    return found


class _Promised(NamedTuple):
    report: str
    desk: str
    day: str
    leaf: bytes


def _expect(hearer: Hearer, promised: _Promised, *, head: str, position: int | None) -> list[Fault]:
    store = hearer.store
    if promised.desk not in hearer.desks:
        store.run("INSERT OR IGNORE INTO others VALUES (?)", (promised.report,))
        return []
    known = store.row("SELECT leaf FROM expected WHERE report = ?", (promised.report,))
    if known is not None and bytes(known[0]) != promised.leaf:
        return [Fault(Failure.EQUIVOCATION, f"the server has given report {promised.report[:12]}… two different receipts; the first one counts here")]
    store.run(
        "INSERT INTO expected (report, desk, day, leaf, head, position, told) VALUES (?, ?, ?, ?, ?, ?, ?)"
        # Below zero: in a former log.
        " ON CONFLICT (report) DO UPDATE SET position ="
        " CASE WHEN position IS NULL OR position < 0 THEN coalesce(excluded.position, position) ELSE position END",
        (*promised, head, position, day_text(hearer.today)),
    )
    return []


def settle_promises(store: Store) -> None:
    """Find the leaves of promised reports among those that have come since; inside a transaction."""
    store.run("UPDATE expected SET position = (SELECT position FROM leaves WHERE leaves.hash = expected.leaf) WHERE position IS NULL")


def _is_more_to_come(store: Store) -> bool:
    """Say whether the newest parcel of some courier says that more is to come."""
    newest = "SELECT sender, max(number) FROM parcels GROUP BY sender"
    return store.row(f"SELECT 1 FROM parcels WHERE more = 1 AND (sender, number) IN ({newest}) LIMIT 1") is not None  # noqa: S608 - a constant


_NOT_HERE: Final = "(position IS NOT NULL OR head <> ?) AND report NOT IN (SELECT id FROM reports) AND report NOT IN (SELECT report FROM deleted)"


def still_to_come(store: Store, head: str, today: date) -> int:
    """Return how many reports of own desks are in the log, not here, and said to come with a courier's next parcel."""
    if not _is_more_to_come(store):
        return 0
    row = store.row(f"SELECT count(*) FROM expected WHERE {_NOT_HERE} AND told >= ?", (head, day_text(today - COMING_FOR)))  # noqa: S608 - a constant
    return 0 if row is None else int(row[0])


def faults(store: Store, head: str, today: date) -> list[Fault]:
    """Return all that is withheld, as far as this vault can know under the newest head (SHA-256 of its text, hex)."""
    found: list[Fault] = []
    for (position,) in store.rows("SELECT position FROM leaves WHERE opened = 0 ORDER BY position LIMIT ?", (_SHOWN,)):
        found.append(Fault(Failure.WITHHELD, f"leaf {position} of the log was not opened"))
    told_before = day_text(today - COMING_FOR) if _is_more_to_come(store) else "9999-12-31"
    for report, desk, day in store.rows(
        f"SELECT report, desk, day FROM expected WHERE {_NOT_HERE} AND told < ? ORDER BY day, report LIMIT ?",  # noqa: S608 - a constant
        (head, told_before, _SHOWN),
    ):
        found.append(Fault(Failure.WITHHELD, f"report {report} of {day} to the desk {desk} was not handed over"))
    for report, desk, day in store.rows(
        "SELECT report, desk, day FROM expected WHERE position IS NULL AND head <> ? ORDER BY day, report LIMIT ?", (head, _SHOWN)
    ):
        found.append(Fault(Failure.WITHHELD, f"report {report} of {day} to the desk {desk} has a receipt but is not in the log"))
    return found
