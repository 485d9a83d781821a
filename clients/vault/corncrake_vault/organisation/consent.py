# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which of the charters that were signed here have the consent of those who read, as far as this vault was shown.

Rules of this file: to sign is not to be agreed with. A charter that lets somebody in is kept when it is signed, and comes back countersigned or
not at all; servers and vaults step over one that did not. So whoever signs the next one compares it with the newest that lacked nothing, too.

Source: crypto/spec/charter_change.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.charter import KIND, ORGANISATION, Charter
from corncrake_crypto.charter_change import lacking
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.note import NoteKey, open_note, read_document, text_hash, unverified_text

if TYPE_CHECKING:
    from corncrake_crypto.charter_change import Addition
    from corncrake_vault.store.database import Store


def lacking_after(before: Charter | None, note: bytes, charter: Charter) -> tuple[Addition, ...]:
    """Return who is let in by the step from `before` whom too few have countersigned; nobody by a first charter or an emergency."""
    return () if before is None or charter.emergency else lacking(before, note, charter)


def newest_agreed(store: Store, below: int) -> Charter | None:
    """Return the newest charter under this sequence that is known to have lacked nothing; None when there is none at all."""
    agreed: Charter | None = None
    for row in store.rows("SELECT note FROM charters WHERE sequence < ? ORDER BY sequence", (below,)):
        note = bytes(row[0])
        charter = read_document(unverified_text(note), KIND, Charter)
        if not lacking_after(agreed, note, charter):
            agreed = charter
    return agreed


def take_agreed(store: Store, note: bytes) -> Charter:
    """Keep the countersignatures of a charter that was signed here, and return it; inside a transaction.

    Raises:
        UsageError: `misuse`: it was not signed here; `signature`: too few have countersigned it.
        FileError: `note`.   PeerError: `signature`: one of its signatures is wrong.
    """
    text = unverified_text(note)
    if store.row("SELECT 1 FROM charters WHERE sha256 = ?", (text_hash(text),)) is None:
        raise UsageError(Failure.MISUSE, "this charter was not signed by this vault; nothing was changed")
    charter = read_document(text, KIND, Charter)
    open_note(note, [NoteKey(ORGANISATION, unb64url(charter.organisation.key, 32))])
    before = newest_agreed(store, charter.sequence)
    for one in lacking_after(before, note, charter):
        who, after = ", ".join(elector.id for elector in one.electors), f"since charter {before.sequence}, " if before is not None else ""
        raise UsageError(
            Failure.SIGNATURE,
            f"desk {one.desk}: {after}{', '.join(one.readers)} may read only when {one.needed} of these countersign: {who}; nothing was changed",
        )
    store.run("UPDATE charters SET note = ? WHERE sequence = ?", (note, charter.sequence))
    return charter
