# SPDX-License-Identifier: AGPL-3.0-or-later
"""Has a voice been shown another log than this vault? What voices have signed, against this vault's own leaves, now or when these reach so far.

Rules of this file: a head that reaches beyond this vault's leaves cannot be compared yet. It is remembered, one of each voice, since the server
need not show it again: the first that came, because it is reached first. It is forgotten when it fits, or when the same voice has signed a
later edition that does. An honest server shows no voice more than it shows the next courier, so what reaches further is told at once.
A remembered size belongs to one log, and to the key that signed it.

Source: crypto/spec/edition.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import comes_after
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import Failure
from corncrake_crypto.fields import Bytes32, Id, LogHead, Positive, Wire
from corncrake_vault.inbox.growth import own_log, own_size, roots_at
from corncrake_vault.inbox.promises import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corncrake_crypto.charter import Charter, OpenedCharter
    from corncrake_crypto.edition import Edition
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

FACT: Final = "voices_ahead"


class Ahead(Wire, frozen=True, kw_only=True):
    """What a voice has seen of the log beyond this vault's leaves: signed in which edition, by which key."""

    desk: Id
    reviewer: Id
    identity: Bytes32
    number: Positive
    log: LogHead


class _Remembered(Wire, frozen=True, kw_only=True):
    """The fact."""

    voices: tuple[Ahead, ...]


def compare_logs(vault: Vault, known: OpenedCharter, editions: Iterable[Edition], *, newest: bool) -> list[Fault]:
    """Compare the log that voices have seen with this vault's, and remember what reaches further; inside a transaction.

    Args:
        vault: whose leaves are those of the parcel by now.
        known: the newest charter here.
        editions: of this parcel, verified.
        newest: this is the newest parcel, so that what reaches further than it is told.

    Returns:
        `fork`: somebody has seen another log; `withheld`: or more of it.
    """
    store, named, size = vault.store, known.charter.log.origin, own_size(vault.store)
    origin = own_log(store) or named
    # Whoever has not begun the log that the charter names can be compared with when all have.
    editions = [one for one in editions if one.log.origin == origin or not (one.log.origin == named or comes_after(named, one.log.origin))]
    kept = _remembered(store, known.charter, origin)
    logs = [edition.log for edition in editions] + [one.log for one in kept.values()]
    roots = roots_at(store, {log.size for log in logs if log.origin == origin})
    others: dict[str, None] = {}
    for edition in editions:
        place, log = (edition.desk, edition.reviewer), edition.log
        before = kept.get(place)
        if log.origin == origin and log.size > size:
            if before is None or (before.number < edition.number and log.size < before.log.size):
                identity = known.charter.desk(edition.desk).identity(edition.reviewer)
                kept[place] = Ahead(desk=edition.desk, reviewer=edition.reviewer, identity=b64url(identity), number=edition.number, log=log)
        elif log.origin != origin or not _fits(log, roots):
            others[edition.reviewer] = None
        elif before is not None and before.number < edition.number:
            del kept[place]
    kept = {place: one for place, one in kept.items() if one.log.size > size or not _fits(one.log, roots)}
    others |= dict.fromkeys(one.reviewer for one in kept.values() if one.log.size <= size)
    store.set_fact(FACT, canonical(_Remembered(voices=tuple(kept.values()))))
    return [_other(reviewer) for reviewer in others] + [_further(one, size) for one in kept.values() if newest and one.log.size > size]


def _remembered(store: Store, charter: Charter, origin: str) -> dict[tuple[str, str], Ahead]:
    """Return what is remembered of a log, signed by keys that the charter names, by desk and reviewer."""
    raw = store.fact(FACT)
    found = () if raw is None else decode_canonical(raw, _Remembered).voices
    named = {(desk.id, reviewer.id, reviewer.identity) for desk in charter.desks for reviewer in desk.reviewers}
    here = [one for one in found if one.log.origin == origin and (one.desk, one.reviewer, one.identity) in named]
    return {(one.desk, one.reviewer): one for one in here}


def _fits(log: LogHead, roots: Mapping[int, bytes]) -> bool:
    return roots.get(log.size) == unb64url(log.root, 32)


def _other(reviewer: str) -> Fault:
    return Fault(Failure.FORK, f"{reviewer} says to have seen another log than this vault: one of the two was shown a false one, or {reviewer} lies")


def _further(one: Ahead, size: int) -> Fault:
    detail = (
        f"{one.reviewer} has seen {one.log.size} leaves of the log, and the newest parcel brings {size} only: the rest is held back, or"
        f" {one.reviewer} was shown a false log, or lies"
    )
    return Fault(Failure.WITHHELD, detail)
