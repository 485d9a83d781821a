# SPDX-License-Identifier: AGPL-3.0-or-later
"""Charters, as a monitor checks them: each chained to the pinned root, each allowed to follow the one before, each in the log.

Rules of this file: clients remember no charter, so nobody but vaults, servers and monitors can see that somebody was let in. Every charter since the
newest one known is fetched and compared with its predecessor; who was let in without consent is told by `emergencies.py`.

Source: crypto/spec/charter.md; crypto/spec/charter_change.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from corncrake_crypto.charter import KIND, MAX_AHEAD, ORGANISATION, Charter, OpenedCharter, open_charter
from corncrake_crypto.charter_change import check_change
from corncrake_crypto.encoding import parse_root, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, StoreError
from corncrake_crypto.note import MAX_NOTE, read_document, unverified_text
from corncrake_monitor.emergencies import let_in, tell_emergencies, told_since
from corncrake_monitor.evidence import Evidence
from corncrake_monitor.server import Missing
from corncrake_monitor.state import MOST_CHARTERS, CharterSeen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_monitor.findings import Looking
    from corncrake_monitor.state import State

_MOST_STEPS: Final = 256
"""Sequences that are asked for in one pass: a charter lives a quarter, so this is a life's worth."""
_GRACE: Final = timedelta(days=1)
"""A head signed soon after a charter came need not have its leaf."""


class Known(NamedTuple):
    """A verified charter and its note."""

    opened: OpenedCharter
    note: bytes


def open_any(note: bytes, root: bytes) -> Known:
    """Return a charter that may have ended, verified but for its days.

    Raises:
        FileError, PeerError: as `open_charter`.
    """
    issued = read_document(unverified_text(note), KIND, Charter).issued
    return Known(open_charter(note, root=root, origin=None, today=issued), note)


def remembered(state: State) -> Known | None:
    """Return the newest charter that the state knows."""
    if state.charter is None or state.root is None:
        return None
    return open_any(state.charter.encode(), parse_root(state.root))


def look_at_charters(looking: Looking) -> tuple[Known | None, tuple[CharterSeen, ...]]:
    """Return the newest charter to go by, and all that are known now.

    Raises:
        StoreError: `store`: the line broke.
    """
    known, seen = remembered(looking.state), looking.state.charters
    newest: Known | None = None
    try:
        note = looking.server.get("/v1/charter", MAX_NOTE)
        newest = Known(open_charter(note, root=looking.root, origin=looking.server.origin, today=looking.today), note)
    except StoreError:
        raise
    except CorncrakeError as error:
        looking.find_error(error, "the charter that the server gives")
    if newest is not None and (known is None or not _contradicts(looking, known, newest)):
        known, seen = _learn(looking, known, newest, seen)
    tell_emergencies(looking, seen, newest.opened.charter if newest is not None else None)
    return known, seen


def _learn(looking: Looking, known: Known | None, newest: Known, seen: tuple[CharterSeen, ...]) -> tuple[Known | None, tuple[CharterSeen, ...]]:
    """Check each charter from the known one to the newest; return the one to go by, and all that are known now."""
    origin = None if known is None else known.opened.charter.log.origin
    origins = {one.sha256: origin for one in seen}
    for following in (*_between(looking, known, newest), newest):
        if known is not None and following.opened.sha256 == known.opened.sha256:
            continue
        if known is not None and not _may_follow(looking, known, following, told_since(seen)):
            continue
        ref, origin = following.opened.ref, following.opened.charter.log.origin
        origins[ref.sha256] = origin
        found = let_in(None if known is None else known.opened.charter, following.note, following.opened.charter)
        seen = (*seen, CharterSeen(sequence=ref.sequence, sha256=ref.sha256, since=looking.today, let_in=found))
        known = following
    # What named another log stands in that one; what the former log did not get any more, nobody publishes.
    marked = (one if origins[one.sha256] == origin else replace(one, logged=True) for one in seen[-MOST_CHARTERS:])
    return known, tuple(marked)


def _contradicts(looking: Looking, known: Known, newest: Known) -> bool:
    """Say whether the server shows an older charter than it did, or another of the same number."""
    before, now = known.opened.charter.sequence, newest.opened.charter.sequence
    if now < before:
        looking.find(Failure.ROLLBACK, f"the server shows charter {now}, and showed {before} before: clients may be seeing the older one")
        return True
    if now == before and newest.opened.sha256 != known.opened.sha256:
        says = f"the organisation's key has signed two different charters {now}"
        same_key = known.opened.charter.organisation.key == newest.opened.charter.organisation.key
        notes = (known.note.decode(), newest.note.decode())
        evidence = Evidence(word=Failure.EQUIVOCATION.value, says=says, name=ORGANISATION, key=newest.opened.charter.organisation.key, notes=notes)
        looking.find(Failure.EQUIVOCATION, says, evidence if same_key else None)
        return True
    return False


def _between(looking: Looking, known: Known | None, newest: Known) -> Sequence[Known]:
    """Return the charters after the known one and before the newest, as far as the server has them."""
    last = newest.opened.charter.sequence
    first = 1 if known is None else known.opened.charter.sequence + 1
    if last - first > _MOST_STEPS:
        looking.find(Failure.CHARTER, f"the charters {first} to {last} are more than can have been signed: the last {_MOST_STEPS} were looked at")
        first = last - _MOST_STEPS
    found: list[Known] = []
    for sequence in range(first, last):
        try:
            one = open_any(looking.server.get(f"/v1/charters/{sequence}", MAX_NOTE), looking.root)
            if one.opened.charter.sequence != sequence:
                raise PeerError(Failure.CHARTER, "the server gives a charter of another number")
        except Missing:
            continue
        except StoreError:
            raise
        except CorncrakeError as error:
            looking.find_error(error, f"charter {sequence}")
            continue
        found.append(one)
    return found


def _may_follow(looking: Looking, before: Known, after: Known, since: date | None) -> bool:
    """Find what is wrong in a step from one charter to the next; say whether this monitor goes on from the next.

    Where the organisation's keys part it does not: who has an old one would lead it to a log of their own.
    """
    sequence, follows = after.opened.charter.sequence, True
    try:
        check_change(before.opened, after.note, after.opened, since)
    except CorncrakeError as error:
        # Who was let in is told in this pass and in later ones.
        if error.failure is not Failure.SIGNATURE:
            says = f"charter {sequence} must not follow charter {before.opened.charter.sequence}: {error.detail}"
            # The next pass goes on from it and compares no more.
            looking.find(error.failure, says, lasts=True)
        follows = error.failure is not Failure.EQUIVOCATION
    if after.opened.charter.issued > looking.today + timedelta(days=MAX_AHEAD):
        looking.find(Failure.NOT_YET_VALID, f"charter {sequence} is of a day to come, or this machine's clock is slow")
    return follows


def look_at_leaves(
    looking: Looking, charters: tuple[CharterSeen, ...], leaves: Sequence[str], head: date
) -> tuple[tuple[CharterSeen, ...], tuple[str, ...]]:
    """Compare the charters with those that stand in the log, whose hashes are `leaves`, in order.

    Returns:
        The charters, marked; and the hashes that are of none of them, to be looked for again by the next pass.

    Args:
        looking: the pass.
        charters: all that are known.
        leaves: hashes of the charters that the log has gained since the last pass, after those that were of none known then.
        head: the day of the newest head.
    """
    by_hash = {one.sha256: one.sequence for one in charters}
    highest = max((one.sequence for one in charters if one.logged), default=0)
    for leaf in leaves:
        sequence = by_hash.get(leaf)
        if sequence is None:
            looking.find(
                Failure.WITHHELD, f"a charter stands in the log that the server shows to nobody (text hash {leaf[:16]}…): ask the organisation"
            )
        elif sequence < highest:
            # Its leaf is looked at once.
            looking.find(Failure.ROLLBACK, f"charter {sequence} was published after charter {highest}", lasts=True)
        highest = max(highest, sequence or 0)
    logged = {*leaves, *looking.state.settled}
    marked = tuple(replace(one, logged=True) if one.sha256 in logged else one for one in charters)
    for one in marked:
        if not one.logged and head > one.since + _GRACE:
            looking.find(Failure.WITHHELD, f"charter {one.sequence} is shown to clients and does not stand in the log")
    return marked, tuple(leaf for leaf in leaves if leaf not in by_hash)[:MOST_CHARTERS]


def log_key(charter: Charter) -> tuple[str, bytes]:
    """Return origin and key of a charter's log."""
    return charter.log.origin, unb64url(charter.log.key, 32)
