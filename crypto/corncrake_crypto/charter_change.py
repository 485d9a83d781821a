# SPDX-License-Identifier: Apache-2.0
"""From one charter to the next: who may be let in to read, and by whose consent.

Rules of this file: whoever has the organisation's key alone must not be able to let somebody in unseen. So whoever reads more after a change
than before is countersigned by half of those who read before, or the charter says `emergency`, for everybody to see. Clients remember no
charter, so they cannot check this; vaults, servers and monitors do. What takes readers away needs nobody's consent. An emergency is told from the
charter that let somebody in: those that repeat it do not begin it anew, and none may hide it.

Source: crypto/spec/charter_change.md.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final, NamedTuple

from corncrake_crypto.charter import (
    EMERGENCY_DAYS,
    KIND,
    ORGANISATION,
    RECOVERY,
    SUCCESSION,
    Charter,
    Log,
    OpenedCharter,
    Reviewer,
    Succession,
    check_floor,
)
from corncrake_crypto.checkpoint import comes_after
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.note import NoteKey, add_signature, read_document, right_signers, signers, unverified_text
from corncrake_crypto.signatures import SigningKey

RECEIPT_DAYS: Final = 7
"""Days after `issued` for which a server takes a charter that lets somebody in without consent."""


class Addition(NamedTuple):
    """Who reads more at a desk than before.

    Attributes:
        desk: its id.
        readers: ids of reviewers with a new identity, and `recovery` for new recovery keys.
        electors: who read there before; at a new desk, all reviewers of the charter before.
        needed: how many of them have to countersign.
    """

    desk: str
    readers: tuple[str, ...]
    electors: tuple[Reviewer, ...]
    needed: int


def signer_name(reviewer: str) -> str:
    """Return the name under which a reviewer signs a note."""
    return f"reviewer/{reviewer}"


def countersign(raw: bytes, reviewer: str, key: SigningKey) -> bytes:
    """Return a charter's note with one reviewer's countersignature more.

    Raises:
        FileError: `note`.   UsageError: `misuse`: too many signatures.

    Source: crypto/spec/charter_change.md §2.
    """
    return add_signature(raw, signer_name(reviewer), key)


def _unique(reviewers: Iterable[Reviewer]) -> tuple[Reviewer, ...]:
    return tuple({(one.id, one.identity): one for one in reviewers}.values())


def additions(previous: Charter, following: Charter) -> tuple[Addition, ...]:
    """Return who is let in by a change, desk by desk; empty when nobody is.

    Source: crypto/spec/charter_change.md §1.
    """
    found: list[Addition] = []
    before = {desk.id: desk for desk in previous.desks}
    everybody = _unique(reviewer for desk in previous.desks for reviewer in desk.reviewers)
    for desk in following.desks:
        old = before.get(desk.id)
        electors = everybody if old is None else old.reviewers
        known = {(one.id, one.identity) for one in old.reviewers} if old is not None else set[tuple[str, str]]()
        keys = {entry.recipient for entry in old.recovery or ()} if old is not None else set[str]()
        readers = [one.id for one in desk.reviewers if (one.id, one.identity) not in known]
        if any(entry.recipient not in keys for entry in desk.recovery or ()):
            readers.append(RECOVERY)
        if readers:
            found.append(Addition(desk.id, tuple(readers), electors, (len(electors) + 1) // 2))
    return tuple(found)


def countersigners(raw: bytes, previous: Charter) -> frozenset[tuple[str, str]]:
    """Return id and identity of the reviewers of `previous` who have countersigned a charter.

    Raises:
        FileError: `note`.   PeerError: `signature`: one of their signatures is wrong.

    Source: crypto/spec/charter_change.md §2.
    """
    named = _named(previous)
    return frozenset(named[key] for key in signers(raw, list(named)))


def _named(previous: Charter) -> dict[NoteKey, tuple[str, str]]:
    """Return under which name and key each reviewer countersigns, and id and identity."""
    everybody = _unique(reviewer for desk in previous.desks for reviewer in desk.reviewers)
    return {NoteKey(signer_name(one.id), unb64url(one.identity, 32)): (one.id, one.identity) for one in everybody}


def _without(added: Iterable[Addition], signed: Collection[tuple[str, str]]) -> tuple[Addition, ...]:
    """Return the additions that too few of those who have signed are electors of."""
    return tuple(one for one in added if sum((elector.id, elector.identity) in signed for elector in one.electors) < one.needed)


def lacking(previous: Charter, raw: bytes, following: Charter) -> tuple[Addition, ...]:
    """Return the additions that too few have countersigned.

    Raises:
        FileError: `note`.   PeerError: `signature`.

    Source: crypto/spec/charter_change.md §2.
    """
    added = additions(previous, following)
    return _without(added, countersigners(raw, previous)) if added else ()


def unagreed(previous: Charter, raw: bytes, following: Charter) -> tuple[Addition, ...]:
    """Return the additions of a charter that was taken already and that too few have countersigned.

    Of the lines of each elector one that is right is enough: whoever carried the charter may have added others.

    Raises:
        FileError: `note`.

    Source: crypto/spec/charter_change.md §3.
    """
    named = _named(previous)
    return _without(additions(previous, following), {named[key] for key in right_signers(raw, list(named))})


def emergency_since(notes: Iterable[bytes], *, over_gaps: bool) -> date | None:
    """Return the day of the newest charter that let somebody in without consent: its `issued`; None when none here is known to have.

    Args:
        notes: of charters that were taken, in their order. The first is only compared with.
        over_gaps: whether one counts that is compared over charters that are not here. Somebody may have consented in these, or been let in by them.

    Raises:
        FileError: `note`.

    Source: crypto/spec/charter_change.md §3.
    """
    since: date | None = None
    before: Charter | None = None
    for note in notes:
        charter = read_document(unverified_text(note), KIND, Charter)
        if before is not None and charter.emergency and (over_gaps or charter.sequence == before.sequence + 1) and unagreed(before, note, charter):
            since = charter.issued
        before = charter
    return since


def _keys(charter: Charter) -> list[str]:
    """Return the organisation's keys from the first to the present one."""
    steps = [read_document(unverified_text(note.encode()), SUCCESSION, Succession) for note in charter.successions]
    return [*(step.from_key for step in steps), charter.organisation.key]


def _check_log(old: Log, new: Log) -> None:
    """Check that a log stays what it is, or is followed by the next one of the same host.

    Raises:
        PeerError: `charter`.
    """
    if old == new:
        return
    if not comes_after(new.origin, old.origin) or old.key == new.key:
        raise PeerError(Failure.CHARTER, f"the log {old.origin} is followed by one of a higher number and another key, and not by {new.origin}")


def check_change(previous: OpenedCharter, raw: bytes, following: OpenedCharter, since: date | None) -> None:
    """Check that a verified charter may follow another one.

    Args:
        previous: the one before; the next one follows it when its sequence is higher.
        raw: the note of the one that follows.
        following: the same, opened.
        since: as `emergency_since`, of the charters until `previous`; None for who does not know.

    Raises:
        PeerError: in this order: `root`; `rollback` or `equivocation` as `check_floor`; `equivocation`, when the organisation's keys part: two
            successors of one key; `charter`, when its log may not follow the one before; `signature`, when somebody is let in whom too few have
            countersigned, and it does not say `emergency`; `charter`, when it hides an emergency: it is issued less than `EMERGENCY_DAYS` after
            `since` and does not tell it, or is issued before `since`, so that clients would show it for a shorter time, or not at all.

    Source: crypto/spec/charter_change.md §3.
    """
    old, new = previous.charter, following.charter
    if old.root != new.root:
        raise PeerError(Failure.ROOT, "this is the charter of another organisation")
    check_floor(following, previous.ref)
    if old.sequence == new.sequence:
        return
    before = _keys(old)
    if _keys(new)[: len(before)] != before:
        raise PeerError(Failure.EQUIVOCATION, f"the keys of the {ORGANISATION} part here: one of them has two successors, or an old one signs again")
    _check_log(old.log, new.log)
    if not new.emergency and (missing := lacking(old, raw, new)):
        first = missing[0]
        detail = f"desk {first.desk}: {', '.join(first.readers)} would read there, and fewer than {first.needed} of its reviewers have countersigned"
        raise PeerError(Failure.SIGNATURE, detail)
    if not old.emergency or since is None:
        return
    if new.issued < since:
        raise PeerError(Failure.CHARTER, "this charter is of a day before the emergency that it must tell, and would hide it")
    if not new.emergency and (new.issued - since).days < EMERGENCY_DAYS:
        detail = f"an emergency is told for {EMERGENCY_DAYS} days, and this charter no longer tells it: sign it anew with --emergency"
        raise PeerError(Failure.CHARTER, detail)


def check_receipt(previous: OpenedCharter, raw: bytes, following: OpenedCharter, today: date) -> None:
    """Check, at a server that a charter has just come to, that it does not let somebody in by an emergency of a day long past.

    Clients count from `issued`: one that is signed with an early day would be shown for a short time, or not at all.

    Args:
        previous: the one in force.
        raw: the note of the one that follows.
        following: the same, which passed `check_change`.
        today: by the server's clock.

    Raises:
        PeerError: `charter`.

    Source: crypto/spec/charter_change.md §4.
    """
    new = following.charter
    if not new.emergency or (today - new.issued).days <= RECEIPT_DAYS:
        return
    if unagreed(previous.charter, raw, new):
        detail = f"this charter lets somebody in by an emergency and is {(today - new.issued).days} days old; {RECEIPT_DAYS} may pass: sign it anew"
        raise PeerError(Failure.CHARTER, f"{detail} with --emergency")
