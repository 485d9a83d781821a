# SPDX-License-Identifier: AGPL-3.0-or-later
"""By which charter a parcel is read: the newest that this vault has ever seen, whoever brought it.

Rules of this file: a newer charter in a parcel is taken, another one of the same number refuses it. An older one does not: a new charter
comes to vaults by hand before it comes to the server, and a parcel may lie on a stick for days. What an older one means is
said in `heads.py`, where it is known what the server has seen.

Source: crypto/spec/charter.md §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.charter import KIND, Charter, Log, OpenedCharter, open_charter
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.note import read_document, unverified_text

if TYPE_CHECKING:
    from corncrake_vault.vault import Vault


class ParcelCharter(NamedTuple):
    """The charter to go by, the sequence of the one in the parcel, and the log that this one names."""

    opened: OpenedCharter
    brought: int
    log: Log


def charter_of_parcel(vault: Vault, raw: bytes) -> ParcelCharter:
    """Verify the charter of a parcel, and return the newest; inside a transaction.

    Raises:
        FileError: as `open_charter`.
        PeerError: as `open_charter`, but `rollback`; `expired`, when the newest has run out; `equivocation`, when the organisation
            signed another one of this number.
    """
    held = vault.newest_charter()
    claimed = read_document(unverified_text(raw), KIND, Charter)
    if held is None or claimed.sequence >= held[0].sequence:
        return ParcelCharter(vault.open_and_keep_charter(raw), claimed.sequence, claimed.log)
    older = open_charter(raw, root=vault.root, origin=None, today=min(vault.today, claimed.expires))
    known = vault.store.row("SELECT sha256 FROM charters WHERE sequence = ?", (claimed.sequence,))
    if known is not None and known[0] != older.sha256:
        raise PeerError(Failure.EQUIVOCATION, "two charters have the same sequence")
    return ParcelCharter(vault.charter(), claimed.sequence, older.charter.log)
