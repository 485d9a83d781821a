# SPDX-License-Identifier: AGPL-3.0-or-later
"""Has the server what this vault exported? Editions, weekly keys, charter.

Rules of this file: what the server has is what its newest parcels show, verified; what a courier says it has pushed only decides whose
silence it is. An export that the courier says it brought and the server does not show is a fault; one of which nobody says so is shown as
not brought, after some days. A server shows nothing of somebody whom the charter does not name: that is no fault.

Source: crypto/spec/parcel.md §1.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_crypto.charter import KIND, Charter
from corncrake_crypto.encoding import canonical, day_text, decode_canonical
from corncrake_crypto.errors import Failure
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.prekeys import epoch_of
from corncrake_vault.inbox.promises import Fault

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from corncrake_crypto.charter import Desk
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

FACT: Final = "exported"
WEEKS: Final = "served_weeks"
PUSHED: Final = "pushed"
CHARTER: Final = "served_charter"
PATIENCE: Final = timedelta(days=3)
"""A walk to the courier's machine, and a weekend."""


class Exported(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The last export.

    Attributes:
        number: of its parcel.
        since: the day of the oldest export of which the server has shown nothing yet.
        charter: its sequence.
        charter_in: number of the first export that carried it.
        weeks: of which keys were in it.
        editions: number of each desk's; desks side by side in `desks`.
    """

    number: int
    since: str
    charter: int
    charter_in: int
    weeks: list[int]
    desks: list[str]
    editions: list[int]


def _last(store: Store) -> Exported | None:
    raw = store.fact(FACT)
    return None if raw is None else decode_canonical(raw, Exported)


def exported_weeks(store: Store) -> set[int]:
    """Return the weeks of which this vault has exported keys last."""
    last = _last(store)
    return set() if last is None else set(last.weeks)


def note_exported(store: Store, number: int, day: date, charter: int, weeks: list[int], editions: list[tuple[str, int]]) -> None:  # noqa: PLR0913, PLR0917 - what an export is
    """Remember what was exported; inside a transaction."""
    last = _last(store)
    waited = last is not None and bool(_lacking(store, last, day))
    record = Exported(
        number=number,
        since=last.since if last is not None and waited else day_text(day),
        charter=charter,
        charter_in=last.charter_in if last is not None and last.charter == charter else number,
        weeks=weeks,
        desks=[desk for desk, _ in editions],
        editions=[edition for _, edition in editions],
    )
    store.set_fact(FACT, canonical(record))


def note_served(store: Store, editions: dict[str, int], weeks: Collection[int] | None, charter: int) -> None:
    """Remember what the server has: own editions, own weekly keys (None when the parcel is not the newest), charter; inside a transaction."""
    for desk, number in editions.items():
        store.raise_number(f"served:{desk}", number)
    if weeks is not None:
        store.set_fact(WEEKS, canonical(sorted(weeks)))
    store.raise_number(CHARTER, charter)


def note_pushed(store: Store, number: int) -> None:
    """Remember that a courier says it has brought export `number` to the server; inside a transaction."""
    store.raise_number(PUSHED, number)


def _number(store: Store, name: str) -> int:
    return int(store.fact(name) or b"0")


def served_weeks(store: Store) -> set[int] | None:
    """Return the weeks of which the server has this reviewer's keys; None before an import has told."""
    raw = store.fact(WEEKS)
    return None if raw is None else set(decode_canonical(raw, list[int]))


def weeks_at_server(store: Store, today: date) -> int | None:
    """Return for how many weeks, this one included, the server has keys without a gap; None when it is not known."""
    have = served_weeks(store)
    if have is None:
        return None
    epoch, count = epoch_of(today), 0
    while epoch + count in have:
        count += 1
    return count


def _lacking(store: Store, last: Exported, today: date) -> list[str]:
    """Say what of the last export the server has not shown."""
    found: list[str] = []
    for desk, edition in zip(last.desks, last.editions, strict=True):
        served = _number(store, f"served:{desk}")
        if served < edition:
            found.append(f"desk {desk}: the server has {f'edition {served}' if served else 'no edition'} of yours, and the newest is {edition}")
    have = served_weeks(store)
    lacking = sorted(week for week in set(last.weeks) - (have or set()) if week >= epoch_of(today))
    if have is not None and lacking:
        found.append(f"the server has not your keys for {len(lacking)} of {len(last.weeks)} weeks")
    return found


def desks_now(vault: Vault) -> tuple[Desk, ...] | None:
    """Return the desks at which the newest charter, run out or not, names this vault's reviewer by this vault's key; None before the first."""
    newest = vault.newest_charter()
    if newest is None:
        return None
    desks = read_document(unverified_text(newest[1]), KIND, Charter).desks
    return tuple(desk for desk in desks if any((one.id, one.identity) == (vault.reviewer, vault.identity_text) for one in desk.reviewers))


def _to_be_shown(vault: Vault, last: Exported) -> Exported:
    """Return of an export what the newest charter leaves there: the editions of a voice, the keys of a reader."""
    desks = desks_now(vault)
    if desks is None:
        return last
    spoken = {desk.id for desk in desks if vault.reviewer in desk.voices}
    kept = {desk: number for desk, number in zip(last.desks, last.editions, strict=True) if desk in spoken}
    return msgspec.structs.replace(last, weeks=last.weeks if desks else [], desks=list(kept), editions=list(kept.values()))


def undelivered(vault: Vault) -> tuple[list[Fault], list[str]]:
    """Return what of the last export the server does not show: as faults when a courier says it was brought, else as lines for a person."""
    store, today = vault.store, vault.today
    last = _last(store)
    if last is None or _number(store, CHARTER) == 0:
        return [], []
    lacking = _lacking(store, _to_be_shown(vault, last), today)
    if _number(store, PUSHED) >= last.number:
        said = f"(export {last.number}): the courier says that it brought it, and the server does not show it"
        return [Fault(Failure.WITHHELD, f"{what} {said}") for what in lacking], []
    if day_text(today - PATIENCE) < last.since:
        return [], []
    return [], [f"{what}, exported since {last.since}: the courier has not brought it; export and push again" for what in lacking]


def old_charter(store: Store, brought: int, held: int, named: int) -> Fault | str | None:
    """Say what it means that the newest parcel brings an older charter than this vault holds; None when it does not.

    Args:
        store: of the vault.
        brought: sequence of the one in the parcel.
        held: of the newest here.
        named: the highest that an edition head of the same parcel names.
    """
    if brought >= held:
        return None
    last = _last(store)
    pushed = last is not None and last.charter > brought and _number(store, PUSHED) >= last.charter_in
    if brought < max(named, _number(store, CHARTER)) or pushed:
        return Fault(Failure.ROLLBACK, f"the server gives charter {brought}, though it knows of a newer one; charter {held} was used here")
    return f"the server still has charter {brought}; charter {held} is here: export, and let the courier push it"
