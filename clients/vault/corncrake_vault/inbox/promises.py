# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must come: every commitment of the log opened, every report of own desks here, every receipt kept.

Rules of this file: a fault is never a row that somebody has to delete; it is computed from what is there, so that it is shown
until a later parcel mends it, and then no more. Nothing here refuses an import: what is withheld must not also hold back the rest.

Source: crypto/spec/parcel.md; crypto/spec/receipt.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.merkle import leaf_hash
from corncrake_crypto.receipt import Opening, commitment, open_receipt, opening_commitment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from corncrake_crypto.charter import Charter
    from corncrake_vault.store.database import Store


class Fault(NamedTuple):
    """Something that needs a person: the failure word, and a sentence that names what it is about."""

    failure: Failure
    detail: str


def take_openings(store: Store, openings: Iterable[Opening], desks: Collection[str]) -> set[str]:
    """Match openings with the leaves that this vault has, and expect the reports of `desks`; inside a transaction.

    Returns:
        The ids of all reports that they vouch for. An opening that does not fit its leaf opens nothing.
    """
    vouched: set[str] = set()
    for opening in openings:
        leaf = leaf_hash(opening_commitment(opening))
        row = store.row("SELECT hash FROM leaves WHERE position = ?", (opening.index,))
        if row is None or bytes(row[0]) != leaf:
            continue
        store.run("UPDATE leaves SET opened = 1 WHERE position = ?", (opening.index,))
        if opening.kind != "report" or opening.id is None or opening.desk is None:
            continue
        vouched.add(opening.id)
        if opening.desk in desks:
            _expect(store, _Promised(opening.id, opening.desk, opening.day, leaf), head="", position=opening.index)
    return vouched


def take_receipts(store: Store, notes: Iterable[bytes], charter: Charter, desks: Collection[str], head: str) -> set[str]:
    """Verify receipts of reports that are not in the log yet, and expect them under the next head; inside a transaction.

    Returns:
        The ids of the reports that they vouch for.

    Raises:
        PeerError: `signature`, when one is not the log's.
    """
    vouched: set[str] = set()
    key = unb64url(charter.log.key, 32)
    for note in notes:
        receipt = open_receipt(note, charter.log.origin, key)
        vouched.add(receipt.id)
        leaf = leaf_hash(commitment(receipt))
        if receipt.desk in desks:
            row = store.row("SELECT position FROM leaves WHERE hash = ?", (leaf,))
            promised = _Promised(receipt.id, receipt.desk, receipt.day, leaf)
            _expect(store, promised, head=head, position=None if row is None else int(row[0]))
    return vouched


class _Promised(NamedTuple):
    report: str
    desk: str
    day: str
    leaf: bytes


def _expect(store: Store, promised: _Promised, *, head: str, position: int | None) -> None:
    known = store.row("SELECT leaf FROM expected WHERE report = ?", (promised.report,))
    if known is not None and bytes(known[0]) != promised.leaf:
        raise PeerError(Failure.EQUIVOCATION, f"the server has given report {promised.report[:12]}… two different receipts")
    store.run(
        "INSERT INTO expected VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (report) DO UPDATE SET position = coalesce(position, excluded.position)",
        (*promised, head, position),
    )


def settle_promises(store: Store) -> None:
    """Find the leaves of promised reports among those that have come since; inside a transaction."""
    store.run("UPDATE expected SET position = (SELECT position FROM leaves WHERE leaves.hash = expected.leaf) WHERE position IS NULL")


def faults(store: Store, head: str) -> list[Fault]:
    """Return all that is withheld, as far as this vault can know under the newest head (SHA-256 of its text, hex)."""
    found: list[Fault] = []
    for (position,) in store.rows("SELECT position FROM leaves WHERE opened = 0 ORDER BY position LIMIT 100"):
        found.append(Fault(Failure.WITHHELD, f"leaf {position} of the log was not opened"))
    for report, desk, day in store.rows(
        "SELECT report, desk, day FROM expected WHERE (position IS NOT NULL OR head <> ?)"
        " AND report NOT IN (SELECT id FROM reports) ORDER BY day, report LIMIT 100",
        (head,),
    ):
        found.append(Fault(Failure.WITHHELD, f"report {report} of {day} to the desk {desk} was not handed over"))
    for report, desk, day in store.rows(
        "SELECT report, desk, day FROM expected WHERE position IS NULL AND head <> ? ORDER BY day, report LIMIT 100", (head,)
    ):
        found.append(Fault(Failure.WITHHELD, f"report {report} of {day} to the desk {desk} has a receipt but is not in the log"))
    return found
