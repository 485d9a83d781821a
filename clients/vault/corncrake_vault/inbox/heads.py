# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the other voices of a desk have signed: a second pair of eyes on the log and on the charter.

Rules of this file: a head names the charter and the log as its voice saw them. If it names a newer charter than the parcel
brings, the parcel's is old; if it saw another log, the server shows different logs to different people.

Source: crypto/spec/edition.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.charter import check_floor
from corncrake_crypto.edition import KIND, MAX_HEAD, Edition, open_edition
from corncrake_crypto.encoding import parse_root, unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.note import read_document, unverified_text
from corncrake_vault.inbox.growth import own_size, root_at
from corncrake_vault.inbox.promises import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_vault.vault import Vault


def check_heads(vault: Vault, known: OpenedCharter, notes: Iterable[bytes]) -> list[Fault]:
    """Check the edition heads of a parcel; inside the import's transaction.

    Returns:
        `fork` for each head that saw another log than this vault. It is shown and refuses nothing: this vault's own log was checked by its own
        leaves, and one reviewer must not be able to stop the others' imports.

    Raises:
        PeerError: `desk`: by nobody of the charter; `signature`; `rollback` or `equivocation`: a head names a newer charter than this
            one, or another of its number.
    """
    charter = known.charter
    identities = {(desk.id, reviewer.id): reviewer.identity for desk in charter.desks for reviewer in desk.reviewers}
    size = own_size(vault.store)
    found: list[Fault] = []
    for note in notes:
        claimed = read_document(unverified_text(note, limit=MAX_HEAD), KIND, Edition)
        identity = identities.get((claimed.desk, claimed.reviewer))
        if identity is None:
            raise PeerError(Failure.DESK, f"an edition is by {claimed.reviewer}, who is no reviewer of {claimed.desk}")
        opened = open_edition(note, root=parse_root(charter.root), desk=claimed.desk, reviewer=claimed.reviewer, identity=unb64url(identity, 32))
        edition = opened.edition
        check_floor(known, edition.charter)
        if edition.reviewer == vault.reviewer:
            # A vault that came back from a backup must not give a number twice.
            vault.store.raise_number(f"edition:{edition.desk}", edition.number)
        ours = edition.log.origin == charter.log.origin
        if ours and edition.log.size <= size and root_at(vault.store, edition.log.size) != unb64url(edition.log.root, 32):
            found.append(
                Fault(Failure.FORK, f"{edition.reviewer} says to have seen another log than this vault: one of the two was shown a false one")
            )
    return found
