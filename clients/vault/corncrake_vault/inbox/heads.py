# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers have signed, as the server shows it: a second pair of eyes on the log and on the charter, and our own last words.

Rules of this file: one reviewer must not be able to stop the others' imports. This vault's log was checked by its own leaves and its
charter by the organisation's key; so what a head says against them is shown, with the reviewer's name, and refuses nothing. Only
a head that names a newer charter than the parcel and the vault have does: what is opened by an old charter may be opened by
the wrong people.

Source: crypto/spec/edition.md; crypto/spec/prekeys.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corncrake_crypto.edition import KIND, MAX_HEAD, Edition, open_edition
from corncrake_crypto.encoding import parse_root, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import Prekey, open_prekey
from corncrake_vault.inbox.delivery import exported_weeks
from corncrake_vault.inbox.growth import own_size, root_at
from corncrake_vault.inbox.promises import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_vault.vault import Vault


@dataclass(slots=True)
class Heads:
    """What the edition heads of a parcel say.

    Attributes:
        faults: what speaks against a reviewer or the server.
        own: number of the newest edition of this vault's reviewer, by desk.
        charter: the highest sequence that one of them names.
    """

    faults: list[Fault] = field(default_factory=list[Fault])
    own: dict[str, int] = field(default_factory=dict[str, int])
    charter: int = 0


def look_at_heads(vault: Vault, known: OpenedCharter, notes: Iterable[bytes]) -> Heads:
    """Look at the edition heads of a parcel; inside the import's transaction.

    Raises:
        PeerError: `rollback`: a head names a newer charter than `known`, the newest one here.
    """
    found = Heads()
    roots: dict[int, bytes] = {}
    size = own_size(vault.store)
    for note in notes:
        try:
            edition = _open(known, note)
        except CorncrakeError as error:
            found.faults.append(Fault(error.failure, f"an edition head that the server gives is not good: {error.detail}"))
            continue
        if edition.charter.sequence > known.charter.sequence:
            raise PeerError(
                Failure.ROLLBACK, f"{edition.reviewer} has seen charter {edition.charter.sequence}, and the newest here is {known.charter.sequence}"
            )
        found.charter = max(found.charter, edition.charter.sequence)
        if edition.charter.sequence == known.charter.sequence and edition.charter.sha256 != known.sha256:
            detail = f"{edition.reviewer} says to have seen another charter {known.charter.sequence} than this vault"
            found.faults.append(Fault(Failure.EQUIVOCATION, detail))
        if edition.reviewer == vault.reviewer:
            # A vault that came back from a copy must not give a number twice.
            vault.store.raise_number(f"edition:{edition.desk}", edition.number)
            found.own[edition.desk] = max(edition.number, found.own.get(edition.desk, 0))
        if edition.log.size > size and edition.log.origin == known.charter.log.origin:
            continue
        if edition.log.size not in roots:
            roots[edition.log.size] = root_at(vault.store, edition.log.size)
        if (edition.log.origin, unb64url(edition.log.root, 32)) != (known.charter.log.origin, roots[edition.log.size]):
            detail = (
                f"{edition.reviewer} says to have seen another log than this vault: one of the two was shown a false one, or {edition.reviewer} lies"
            )
            found.faults.append(Fault(Failure.FORK, detail))
    return found


def _open(known: OpenedCharter, note: bytes) -> Edition:
    charter = known.charter
    claimed = read_document(unverified_text(note, limit=MAX_HEAD), KIND, Edition)
    identity = charter.desk(claimed.desk).identity(claimed.reviewer)
    return open_edition(note, root=parse_root(charter.root), desk=claimed.desk, reviewer=claimed.reviewer, identity=identity).edition


def own_weeks(vault: Vault, notes: Iterable[bytes]) -> tuple[set[int], list[Fault]]:
    """Return the weeks of which the server has this reviewer's keys, and `equivocation` for each that stands in place of one exported here."""
    weeks: set[int] = set()
    exported = exported_weeks(vault.store)
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
        if row is None or unverified_text(bytes(row[0])) != text:
            if prekey.epoch in exported:
                detail = f"the server has a key of yours for week {prekey.epoch} that this vault has not made: somebody else has your signing key"
                found.append(Fault(Failure.EQUIVOCATION, detail))
            continue
        weeks.add(prekey.epoch)
    return weeks, found
