# SPDX-License-Identifier: AGPL-3.0-or-later
"""Legal holds of this vault's reviewer: what the server must not delete, whoever has acknowledged it.

Rules of this file: what is held is written down as a person said it (a desk, a thread, a report); what is signed are desks and report ids,
worked out anew at each export, so that what comes later in a held thread is held too. A new number is taken only when something has changed.
What this reviewer holds, this vault does not acknowledge either. Where this reviewer reads no longer, what was signed stays, and nothing is added:
a server would refuse the parcel.

Source: crypto/spec/legal_hold.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import day_text, root_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.legal_hold import MAX_REPORTS, LegalHold, open_legal_hold, sign_legal_hold
from corncrake_vault.retention.organisation_holds import brought, newest_terms

if TYPE_CHECKING:
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

NOTE: Final = "hold"
"""The fact that keeps the last note signed here."""
NUMBER: Final = "hold_number"
BLOCKS_MAX: Final = 100_000

HELD_DESKS: Final = "SELECT target FROM holds WHERE kind = 'desk'"
HELD: Final = (
    "SELECT target FROM holds WHERE kind = 'report'"
    " UNION SELECT report FROM messages WHERE thread IN (SELECT CAST(target AS INTEGER) FROM holds WHERE kind = 'thread')"
)
"""Ids of the reports that are held one by one or by their threads."""
_DESK: Final = {
    "desk": "SELECT ?",
    "thread": "SELECT desk FROM threads WHERE number = CAST(? AS INTEGER)",
    "report": "SELECT desk FROM reports WHERE id = ?",
}
"""The desk of what is held."""


class Target(NamedTuple):
    """What is held: `desk`, `thread` (its number) or `report`, and which."""

    kind: str
    which: str


def find_report(store: Store, start: str) -> str:
    """Return the id of the report that begins so.

    Raises:
        UsageError: `misuse`: there is none, or more than one.
    """
    rows = store.rows("SELECT id FROM reports WHERE substr(id, 1, ?) = ? LIMIT 2", (len(start), start)) if start else []
    if len(rows) != 1:
        raise UsageError(Failure.MISUSE, f"{'more than one' if rows else 'no'} report here has an id that begins so")
    return str(rows[0][0])


def hold(vault: Vault, target: Target) -> None:
    """Hold something; inside a transaction.

    Raises:
        UsageError: `misuse`: it is of no desk of this reviewer's, or more reports would be held than a server takes.
    """
    row = vault.store.row(_DESK[target.kind], (target.which,))
    if row is None or row[0] not in _own_desks(vault):
        desk = target.which if row is None else row[0]
        raise UsageError(Failure.MISUSE, f"the charter does not name {vault.reviewer} at a desk {desk}: only its own reviewers hold there")
    vault.store.run("INSERT OR IGNORE INTO holds VALUES (?, ?, ?)", (*target, day_text(vault.today)))
    # A desk is held by its name, however many reports are held one by one: it is what helps then.
    if target.kind != "desk" and len(held_reports(vault.store)) > MAX_REPORTS:
        raise UsageError(Failure.MISUSE, f"more than {MAX_REPORTS} reports would be held: hold their desk instead; nothing was changed")


def lift(vault: Vault, target: Target) -> None:
    """Let go of something; inside a transaction.

    Raises:
        UsageError: `misuse`: this reviewer does not hold it.
    """
    if vault.store.row("SELECT 1 FROM holds WHERE kind = ? AND target = ?", target) is None:
        raise UsageError(Failure.MISUSE, f"this {target.kind} is not held by {vault.reviewer}; 'status' shows what is. Only who holds can let go")
    vault.store.run("DELETE FROM holds WHERE kind = ? AND target = ?", target)


def held(store: Store) -> list[tuple[Target, str]]:
    """Return what is held, and since which day."""
    return [(Target(kind, which), str(day)) for kind, which, day in store.rows("SELECT kind, target, day FROM holds ORDER BY kind, target")]


def held_reports(store: Store) -> list[str]:
    """Return the ids of reports that are held one by one or by their threads, and that the server has not deleted."""
    query = f"SELECT target FROM ({HELD}) WHERE target NOT IN (SELECT report FROM deleted) ORDER BY target"  # noqa: S608 - a constant
    return [str(row[0]) for row in store.rows(query)]


def held_blocks(store: Store) -> list[str]:
    """Return the ids of blocks of held reports that are here; those that are not are asked for anyway."""
    of_held = f"SELECT number FROM messages WHERE report IN ({HELD})"  # noqa: S608 - a constant
    query = f"SELECT id FROM blocks WHERE state = 'here' AND message IN ({of_held}) LIMIT ?"  # noqa: S608 - a constant
    return [str(row[0]) for row in store.rows(query, (BLOCKS_MAX,))]


class Names(NamedTuple):
    """Ids of the desks and reports that this vault knows to be held, by its reviewer or the organisation."""

    desks: set[str]
    reports: set[str]


def names_held(vault: Vault) -> Names:
    """Return all that is held, as far as this vault knows."""
    here = brought(vault)
    desks, reports = (here.value.desks, here.value.reports) if here is not None else ((), ())
    return Names({*_held_desks(vault.store), *desks}, {*held_reports(vault.store), *reports})


def hold_members(vault: Vault) -> list[tuple[str, bytes]]:
    """Return the members of an export that say what is held; inside a transaction."""
    store, members = vault.store, list[tuple[str, bytes]]()
    last = _last(vault)
    desks, reports = _to_sign(vault, last)
    reports = _named(reports, last)
    if last is None and not desks and not reports:
        own = None
    elif last is None or (last.desks, last.reports) != (desks, reports):
        value = LegalHold(root=root_text(vault.root), holder=vault.reviewer, number=store.next_number(NUMBER), desks=desks, reports=reports)
        own = sign_legal_hold(value, vault.identity)
        store.set_fact(NOTE, own)
    else:
        own = store.fact(NOTE)
    if own is not None:
        members.append(("hold.note", own))
    if (carried := brought(vault)) is not None and carried.is_present:
        members.append(("organisation-hold.note", carried.note))
    return members


def _to_sign(vault: Vault, last: LegalHold | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return desks and reports that are held: those of own desks, and those of others that were signed when they were own."""
    own = _own_desks(vault)
    signed = set[str]() if last is None else {*last.desks, *last.reports}
    desk_of = _desk_of_held(vault.store)
    desks = tuple(desk for desk in _held_desks(vault.store) if desk in own or desk in signed)
    return desks, tuple(report for report in held_reports(vault.store) if desk_of.get(report) in own or report in signed)


def _named(reports: tuple[str, ...], last: LegalHold | None) -> tuple[str, ...]:
    """Return as many of these reports as a hold names: those that were signed before stay, however much somebody adds to a held thread."""
    signed = set[str]() if last is None else set(last.reports)
    return tuple(sorted(sorted(reports, key=lambda report: report not in signed)[:MAX_REPORTS]))


def not_named(vault: Vault) -> int:
    """Return how many reports are held that no export names, nor their desk, since there are more of them than a hold has room for."""
    if not held(vault.store):
        return 0
    last = _last(vault)
    desks, reports = _to_sign(vault, last)
    desk_of = _desk_of_held(vault.store)
    return sum(desk_of.get(report) not in desks for report in set(reports).difference(_named(reports, last)))


def _desk_of_held(store: Store) -> dict[str, str]:
    return {str(report): str(desk) for report, desk in store.rows(f"SELECT id, desk FROM reports WHERE id IN ({HELD})")}  # noqa: S608 - a constant


def _held_desks(store: Store) -> list[str]:
    return [str(row[0]) for row in store.rows(f"{HELD_DESKS} ORDER BY target")]


def held_here_only(vault: Vault) -> tuple[list[str], list[str]]:
    """Return desks and reports that are held here and that no export names: this reviewer no longer reads there."""
    if not held(vault.store):
        return [], []
    desks, reports = _to_sign(vault, _last(vault))
    return sorted(set(_held_desks(vault.store)) - set(desks)), sorted(set(held_reports(vault.store)) - set(reports))


def _own_desks(vault: Vault) -> set[str]:
    return {desk.id for desk in vault.own_desks(newest_terms(vault))}


def _last(vault: Vault) -> LegalHold | None:
    raw = vault.store.fact(NOTE)
    return None if raw is None else open_legal_hold(raw, root=vault.root, holder=vault.reviewer, key=vault.identity.public)
