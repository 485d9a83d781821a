# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is this the log that this vault has followed so far, only longer?

Rules of this file: the vault believes its own leaves and nobody's word. It appends what a parcel brings to its own frontier
and compares the root with the signed one; a log that is shorter, or of which an older part changed, refuses the whole parcel.
A log that stands still is shown, not refused: the parcel may hold reports all the same.

Source: crypto/spec/checkpoint.md; RFC 6962 §2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.merkle import Frontier, leaf_hash, tree_root
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.tiles import is_public, read_entries

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.charter import Charter
    from corncrake_vault.store.database import Store

FROZEN_AFTER: Final = timedelta(days=2)
"""A head is signed every day; two days leave room for time zones and the way of a stick."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What an import learned about the log.

    Attributes:
        checkpoint: the head, its signature verified.
        head: SHA-256 of its text, hex.
        before: leaves that this vault had.
        frozen: the day of the head when it is older than it may be, else None.
    """

    checkpoint: Checkpoint
    head: str
    before: int
    frozen: date | None


def own_size(store: Store) -> int:
    """Return how many leaves of the log this vault has."""
    row = store.row("SELECT count(*) FROM leaves")
    return 0 if row is None else int(row[0])


def own_head(store: Store) -> str | None:
    """Return the SHA-256 of the text of the newest head that this vault has verified, hex; None before the first import."""
    head = store.fact("checkpoint")
    return None if head is None else text_hash(unverified_text(head))


def root_at(store: Store, size: int) -> bytes:
    """Return the root of the first `size` leaves that this vault has."""
    return tree_root([bytes(row[0]) for row in store.each("SELECT hash FROM leaves WHERE position < ? ORDER BY position", (size,))])


def follow(store: Store, charter: Charter, head: bytes, leaves: bytes, *, log_from: int, today: date) -> Growth:  # noqa: PLR0913 - each is another thing
    """Verify the head of a parcel and that its leaves continue this vault's, and keep both; inside a transaction.

    Args:
        store: with this vault's leaves.
        charter: names the log and its key.
        head: the checkpoint, a note.
        leaves: the entries `log_from` up to the size of the head.
        log_from: where the entries begin; what this vault has already is compared.
        today: the day by the clock.

    Raises:
        PeerError: `signature`; `shrunken`: the head is below this vault's; `fork`: an older part was changed; `range`: leaves
            between this vault's and the parcel's are missing, or their number is wrong.
    """
    checkpoint = open_checkpoint(head, charter.log.origin, unb64url(charter.log.key, 32))
    size = own_size(store)
    if checkpoint.size < size:
        raise PeerError(Failure.SHRUNKEN, f"the log has {checkpoint.size} leaves now and had {size}")
    if log_from > size:
        raise PeerError(Failure.RANGE, f"the parcel begins at leaf {log_from}, this vault ends at {size}")
    entries = read_entries(leaves)
    if log_from + len(entries) != checkpoint.size:
        raise PeerError(Failure.RANGE, f"the parcel should bring the log up to leaf {checkpoint.size} and does not")
    frontier = Frontier.decode(store.fact("frontier") or Frontier().encode())
    for position, entry in enumerate(entries, log_from):
        _keep(store, frontier, position, entry, known=position < size)
    if frontier.root() != checkpoint.root:
        raise PeerError(Failure.FORK, "the signed head does not follow from the leaves that this vault has seen")
    text = text_hash(unverified_text(head))
    store.set_fact("frontier", frontier.encode())
    store.set_fact("checkpoint", head)
    return Growth(checkpoint, text, size, checkpoint.day if today - checkpoint.day > FROZEN_AFTER else None)


def is_earlier(store: Store, charter: Charter, head: bytes) -> bool:
    """Say whether a head is simply an earlier one of the log that this vault has: no later day, and the same leaves so far."""
    log = charter.log
    key = unb64url(log.key, 32)
    newest = store.fact("checkpoint")
    if newest is None:
        return False
    earlier = open_checkpoint(head, log.origin, key)
    return earlier.day <= open_checkpoint(newest, log.origin, key).day and root_at(store, earlier.size) == earlier.root


def _keep(store: Store, frontier: Frontier, position: int, entry: bytes, *, known: bool) -> None:
    found = leaf_hash(entry)
    if known:
        row = store.row("SELECT hash FROM leaves WHERE position = ?", (position,))
        if row is None or bytes(row[0]) != found:
            raise PeerError(Failure.FORK, f"leaf {position} of the log was another one before")
        return
    frontier.append(found)
    store.run("INSERT INTO leaves VALUES (?, ?, ?)", (position, found, int(is_public(entry))))
