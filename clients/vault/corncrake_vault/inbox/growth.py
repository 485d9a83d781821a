# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is this the log that this vault has followed so far, only longer?

Rules of this file: the vault believes its own leaves and nobody's word. It appends what a parcel brings to its own frontier
and compares the root with the signed one; a log that is shorter, or of which an older part changed, refuses the whole parcel. Leaves
come in parts, one at a time in memory.
A log that stands still is shown, not refused: the parcel may hold reports all the same. When the organisation's charter names the next log, that
one is followed from its first leaf, and what the former one promised and did not bring is expected of it.

Source: crypto/spec/checkpoint.md; RFC 6962 §2.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint
from corncrake_crypto.cosignature import check_cosigned
from corncrake_crypto.encoding import day_text, unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.tiles import is_public

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from corncrake_crypto.charter import Log, Witnesses
    from corncrake_vault.store.database import Store

_BEFORE: Final = 1 << 52
"""Leaves of a log, and more: what stood in a former one has a place below zero."""
FROZEN_AFTER: Final = timedelta(days=2)
"""A head is signed every day; two days leave room for time zones and the way of a stick."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What an import learned about the log.

    Attributes:
        checkpoint: the head, its signature verified.
        head: SHA-256 of its text, hex.
        before: leaves that this vault had.
        frozen: the day of the newest head that this vault has, when it is older than it may be, else None.
    """

    checkpoint: Checkpoint
    head: str
    before: int
    frozen: date | None


def own_size(store: Store) -> int:
    """Return how many leaves of the log this vault has."""
    row = store.row("SELECT count(*) FROM leaves")
    return 0 if row is None else int(row[0])


def own_log(store: Store) -> str | None:
    """Return the origin line of the log that this vault follows; None before the first import."""
    head = store.fact("checkpoint")
    return None if head is None else unverified_text(head).partition("\n")[0]


def begin_log(store: Store, today: date) -> None:
    """Let go of the log that was followed: another one has taken its place; inside a transaction.

    Reports that it promised and that are neither here nor deleted stay expected, wherever the new log will have them.
    """
    size = own_size(store)
    for table in ("leaves", "charter_leaves"):
        store.run(f"DELETE FROM {table}")  # noqa: S608 - constants
    store.run("DELETE FROM facts WHERE name IN ('frontier', 'checkpoint')")
    settled = "report IN (SELECT id FROM reports) OR report IN (SELECT report FROM deleted)"
    store.run(f"UPDATE expected SET position = NULL, told = ? WHERE NOT ({settled})", (day_text(today),))  # noqa: S608 - a constant
    # Messages keep their order: before all of the new log, until that one has them too.
    store.run(f"UPDATE expected SET position = coalesce(position, ?) - ? WHERE {settled}", (size, _BEFORE))  # noqa: S608 - a constant


def own_head(store: Store) -> str | None:
    """Return the SHA-256 of the text of the newest head that this vault has verified, hex; None before the first import."""
    head = store.fact("checkpoint")
    return None if head is None else text_hash(unverified_text(head))


def root_at(store: Store, size: int) -> bytes:
    """Return the root of the first `size` leaves that this vault has."""
    frontier = Frontier()
    for (leaf,) in store.each("SELECT hash FROM leaves WHERE position < ? ORDER BY position", (size,)):
        frontier.append(bytes(leaf))
    return frontier.root()


class Following:
    """Verifies the head of a parcel and that its leaves continue this vault's, part by part, and keeps both; inside a transaction.

    Nothing of it may last when one of its methods raises.
    """

    def __init__(self, store: Store, log: Log, witnesses: Witnesses | None, head: bytes, *, log_from: int, may_be_earlier: bool) -> None:  # noqa: PLR0913 - each is another thing
        """Verify the head.

        Args:
            store: with this vault's leaves.
            log: its name and key, as a charter says.
            witnesses: whom the newest charter demands.
            head: the checkpoint, a note.
            log_from: where the parcel's entries begin; what this vault has already is compared.
            may_be_earlier: a head that this vault has gone past is one all the same: parcels of several couriers, or of a series, come in
                any order.

        Raises:
            PeerError: `signature`; `shrunken`: the head is below this vault's; `fork`: it is an earlier one of another log; `range`: leaves
                between this vault's and the parcel's are missing; `too-few`: fewer witnesses have cosigned than the charter demands.
        """
        key = unb64url(log.key, 32)
        self.checkpoint = open_checkpoint(head, log.origin, key)
        self.size = own_size(store)
        newest = store.fact("checkpoint")
        day = None if newest is None else open_checkpoint(newest, log.origin, key).day
        self.earlier = day is not None and (self.checkpoint.size, self.checkpoint.day) < (self.size, day)
        self.later = day is None or (self.checkpoint.size, self.checkpoint.day) > (self.size, day)
        if self.checkpoint.size < self.size and not (may_be_earlier and day is not None and self.checkpoint.day <= day):
            raise PeerError(Failure.SHRUNKEN, f"the log has {self.checkpoint.size} leaves now and had {self.size}")
        if self.earlier and root_at(store, self.checkpoint.size) != self.checkpoint.root:
            raise PeerError(Failure.FORK, "an earlier head of the log is of other leaves than this vault has seen")
        if not self.earlier:
            # An earlier head is one that this vault's own leaves vouch for.
            check_cosigned(head, witnesses)
        if log_from > self.size:
            raise PeerError(Failure.RANGE, f"the parcel begins at leaf {log_from}, this vault ends at {self.size}")
        self._store = store
        self._head = head
        self._position = log_from
        self._newest_day = day
        self._frontier = Frontier.decode(store.fact("frontier") or Frontier().encode())

    def add(self, entries: Iterable[bytes]) -> None:
        """Take the next entries.

        Raises:
            PeerError: `fork`: an older part was changed; `range`: there are more than the head has.
        """
        for entry in entries:
            if self._position >= self.checkpoint.size:
                raise PeerError(Failure.RANGE, f"the parcel brings more leaves than the {self.checkpoint.size} of its head")
            _keep(self._store, self._frontier, self._position, entry, known=self._position < self.size)
            self._position += 1

    def finish(self, today: date) -> Growth:
        """Check that the leaves give the signed root, and keep the head.

        Raises:
            PeerError: `range`: leaves are missing; `fork`: the head is of other leaves.
        """
        checkpoint, text = self.checkpoint, text_hash(unverified_text(self._head))
        if self._position != checkpoint.size:
            raise PeerError(Failure.RANGE, f"the parcel should bring the log up to leaf {checkpoint.size} and does not")
        if not self.earlier:
            if self._frontier.root() != checkpoint.root:
                raise PeerError(Failure.FORK, "the signed head does not follow from the leaves that this vault has seen")
            self._store.set_fact("frontier", self._frontier.encode())
            self._store.set_fact("checkpoint", self._head)
        newest = self._newest_day if self.earlier and self._newest_day is not None else checkpoint.day
        return Growth(checkpoint, text, self.size, newest if today - newest > FROZEN_AFTER else None)


def roots_at(store: Store, sizes: Iterable[int]) -> dict[int, bytes]:
    """Return the roots of the first so many leaves that this vault has, for each size; a size beyond them is not there."""
    wanted, frontier = sorted(set(sizes), reverse=True), Frontier()
    roots: dict[int, bytes] = {}
    for (leaf,) in store.each("SELECT hash FROM leaves ORDER BY position"):
        while wanted and wanted[-1] == frontier.size:
            roots[wanted.pop()] = frontier.root()
        if not wanted:
            break
        frontier.append(bytes(leaf))
    if wanted and wanted[-1] == frontier.size:
        roots[wanted[-1]] = frontier.root()
    return roots


_CHARTER_ENTRY: Final = re.compile(rb"corncrake\.org/leaf/v1\ncharter\n([0-9a-f]{64})\n")


def _keep(store: Store, frontier: Frontier, position: int, entry: bytes, *, known: bool) -> None:
    found = leaf_hash(entry)
    if (charter := _CHARTER_ENTRY.fullmatch(entry)) is not None:
        store.run("INSERT OR IGNORE INTO charter_leaves VALUES (?, ?)", (position, charter[1].decode()))
    if known:
        row = store.row("SELECT hash FROM leaves WHERE position = ?", (position,))
        if row is None or bytes(row[0]) != found:
            raise PeerError(Failure.FORK, f"leaf {position} of the log was another one before")
        return
    frontier.append(found)
    store.run("INSERT INTO leaves VALUES (?, ?, ?)", (position, found, int(is_public(entry))))
