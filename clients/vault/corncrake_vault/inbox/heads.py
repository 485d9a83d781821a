# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers have signed, as the server shows it: a second pair of eyes on the log and on the charter, and our own last words.

Rules of this file: one reviewer must not be able to stop the others' imports. This vault's log was checked by its own leaves and its
charter by the organisation's key; so what a head says against them is shown, with the reviewer's name, and refuses nothing. Only
a head that names a newer charter than the parcel and the vault have does: what is opened by an old charter may be opened by
the wrong people.

Source: crypto/spec/edition.md; crypto/spec/prekeys.md.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corncrake_crypto.edition import KIND, MAX_HEAD, QUIET_DAYS, Edition, open_edition
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import Prekey, open_prekey
from corncrake_vault.backup.returning import PREKEYS as NUMBERS
from corncrake_vault.backup.returning import is_returned, last_edition
from corncrake_vault.inbox.delivery import exported_weeks
from corncrake_vault.inbox.promises import Fault
from corncrake_vault.recovery.keys import all_charters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from corncrake_crypto.charter import Charter, OpenedCharter
    from corncrake_vault.vault import Vault


@dataclass(slots=True)
class Heads:
    """What the edition heads of a parcel say.

    Attributes:
        faults: what speaks against a reviewer or the server.
        own: number of the newest edition of this vault's reviewer, by desk.
        charter: the highest sequence that one of them names.
        days: of the newest head of each voice, by desk and reviewer.
        editions: all that are good.
    """

    faults: list[Fault] = field(default_factory=list[Fault])
    own: dict[str, int] = field(default_factory=dict[str, int])
    charter: int = 0
    days: dict[tuple[str, str], date] = field(default_factory=dict[tuple[str, str], "date"])
    editions: list[Edition] = field(default_factory=list[Edition])


def look_at_heads(vault: Vault, known: OpenedCharter, notes: Iterable[bytes]) -> Heads:
    """Look at the edition heads of a parcel; inside the import's transaction.

    Raises:
        PeerError: `rollback`: a head names a newer charter than `known`, the newest one here.
    """
    found = Heads()
    for edition in _good(vault, known, notes, found.faults):
        if edition.charter.sequence > known.charter.sequence:
            raise PeerError(
                Failure.ROLLBACK, f"{edition.reviewer} has seen charter {edition.charter.sequence}, and the newest here is {known.charter.sequence}"
            )
        place = (edition.desk, edition.reviewer)
        found.days[place] = max(edition.day, found.days.get(place, edition.day))
        found.charter = max(found.charter, edition.charter.sequence)
        if edition.charter.sequence == known.charter.sequence and edition.charter.sha256 != known.sha256:
            detail = f"{edition.reviewer} says to have seen another charter {known.charter.sequence} than this vault"
            found.faults.append(Fault(Failure.EQUIVOCATION, detail))
        if edition.reviewer == vault.reviewer:
            found.faults += _not_made_here(vault, edition)
            found.own[edition.desk] = max(edition.number, found.own.get(edition.desk, 0))
        found.editions.append(edition)
    return found


def not_seen(vault: Vault, known: OpenedCharter, heads: Heads) -> list[str]:
    """Say of which other voices of own desks no head has come for long: they are away, or the server keeps back what they know."""
    lines: list[str] = []
    for desk in vault.own_desks(known.charter):
        for voice in sorted(set(desk.voices) - {vault.reviewer}):
            day = heads.days.get((desk.id, voice))
            if (vault.today - (day or known.charter.issued)).days > QUIET_DAYS:
                since = f"since {day.isoformat()}" if day else "at all"
                lines.append(
                    f"{voice} of the desk {desk.id} has not been seen {since}: ask whether {voice} is away, or whether the server keeps it back"
                )
    return lines


def _not_made_here(vault: Vault, edition: Edition) -> list[Fault]:
    """Say that an edition under this reviewer's name has a number that this vault never gave, and never give that number."""
    if edition.number <= last_edition(vault.store, edition.desk):
        return []
    vault.store.raise_number(f"edition:{edition.desk}", edition.number)
    if is_returned(vault.store):
        # It comes back from a backup, and learns here what it has said since.
        return []
    detail = (
        f"the server has edition {edition.number} of {edition.desk} under your name, and this vault has not made it: a copy of it is in use on"
        " another machine, or this one came back from an older copy, or somebody else has your signing key"
    )
    return [Fault(Failure.EQUIVOCATION, detail)]


def _good(vault: Vault, known: OpenedCharter, notes: Iterable[bytes], faults: list[Fault]) -> Iterator[Edition]:
    """Give the editions of the heads that are good, one after the other, and say of the others what is wrong with them."""
    for note in notes:
        try:
            edition = _open(known.charter, note)
        except CorncrakeError as error:
            if not _is_of_one_who_left(vault, known, note):
                faults.append(Fault(error.failure, f"an edition head that the server gives is not good: {error.detail}"))
        else:
            yield edition


def _is_of_one_who_left(vault: Vault, known: OpenedCharter, note: bytes) -> bool:
    """Say whether a head is by a reviewer of an older charter that was seen here: the parcel may have been pulled before they left."""
    for older in all_charters(vault.store):
        if older.sequence < known.charter.sequence:
            with contextlib.suppress(CorncrakeError):
                _open(older, note)
                return True
    return False


def _open(charter: Charter, note: bytes) -> Edition:
    claimed = read_document(unverified_text(note, limit=MAX_HEAD), KIND, Edition)
    identity = charter.desk(claimed.desk).identity(claimed.reviewer)
    return open_edition(note, root=parse_root(charter.root), desk=claimed.desk, reviewer=claimed.reviewer, identity=identity).edition


def own_weeks(vault: Vault, notes: Iterable[bytes]) -> tuple[set[int], list[Fault]]:
    """Return the weeks of which the server has this reviewer's keys, and `equivocation` for each that stands in place of one exported here."""
    weeks: set[int] = set()
    exported = exported_weeks(vault.store)
    # Of a vault that came back: keys up to this number were made before, in the one that was lost. The first parcel may have been an old one.
    former = int(vault.store.fact(NUMBERS) or b"0")
    found: list[Fault] = []
    for note in notes:
        try:
            text = unverified_text(note)
            if read_document(text, PREKEYS, Prekey).reviewer != vault.reviewer:
                continue
            prekey = open_prekey(note, root=vault.root, reviewer=vault.reviewer, identity=vault.identity.public)
        except CorncrakeError as error:
            found.append(Fault(error.failure, f"a weekly key that the server gives is not good: {error.detail}"))
            continue
        row = vault.store.row("SELECT note FROM prekeys WHERE epoch = ? AND number = ?", (prekey.epoch, prekey.number))
        if row is None and (is_returned(vault.store) or (prekey.number <= former and prekey.epoch not in exported)):
            vault.store.run("INSERT INTO prekeys VALUES (?, ?, ?)", (prekey.epoch, prekey.number, note))
        elif row is None or unverified_text(bytes(row[0])) != text:
            if prekey.epoch in exported:
                detail = (
                    f"the server has a key of yours for week {prekey.epoch} that this vault has not made: a copy of it is in use, or somebody else"
                    " has your signing key"
                )
                found.append(Fault(Failure.EQUIVOCATION, detail))
            continue
        weeks.add(prekey.epoch)
    return weeks, found
