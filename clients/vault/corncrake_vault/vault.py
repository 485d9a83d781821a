# SPDX-License-Identifier: AGPL-3.0-or-later
"""An open vault: the folder, the store, who its reviewer is, and what day it is.

Rules of this file: at every unlock, before anything else is done, prekey secrets whose time is over are destroyed, by the newest day
that the vault may believe and never by the clock alone (`keys/days.py`). The pinned root never changes once it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corncrake_crypto.charter import Charter, Desk, OpenedCharter, open_charter
from corncrake_crypto.encoding import b64url, parse_root, root_text
from corncrake_crypto.errors import Failure, PeerError, UsageError
from corncrake_crypto.fields import CharterRef
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.keys.days import begin_day, confirm_day, newest_day
from corncrake_vault.keys.passphrase import create_key_file, open_key_file
from corncrake_vault.keys.prekeys import destroy_old_secrets
from corncrake_vault.store.database import DATABASE_FILE, Store
from corncrake_vault.threads.expected import catch_up

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Vault:
    """What every command of an unlocked vault works with.

    Attributes:
        store: open; closed by the command line.
        today: the day to go by.
        clock: the day by the clock.
        destroyed: epochs whose prekey secrets this unlock destroyed.
    """

    store: Store
    today: date
    clock: date
    destroyed: tuple[int, ...] = ()

    @property
    def reviewer(self) -> str:
        """The id of the reviewer whose vault this is.

        Raises:
            UsageError: `misuse`, when the vault is an organisation key's only.
        """
        value = self.store.fact("reviewer")
        if value is None:
            raise UsageError(Failure.MISUSE, "this vault has no reviewer; 'init --reviewer ID' makes one that has")
        return value.decode()

    @property
    def identity(self) -> SigningKey:
        """The reviewer's signing key."""
        seed = self.store.fact("identity")
        if seed is None:
            raise UsageError(Failure.MISUSE, "this vault has no reviewer; 'init --reviewer ID' makes one that has")
        return SigningKey.from_seed(seed)

    @property
    def root(self) -> bytes:
        """The pinned root of the organisation, 32 bytes.

        Raises:
            UsageError: `root`, when none was pinned yet.
        """
        value = self.store.fact("root")
        if value is None:
            raise UsageError(Failure.ROOT, "no organisation is pinned yet; give its root by 'charter FILE --root ROOT'")
        return value

    def pin(self, text: str) -> None:
        """Pin the root of this text, or check that it is the pinned one; only inside a transaction.

        Raises:
            PeerError: `root`, when another one is pinned.
        """
        root, known = parse_root(text), self.store.fact("root")
        if known is not None and known != root:
            raise PeerError(Failure.ROOT, f"this vault belongs to the organisation {root_text(known)[:10]}…, not to that one")
        self.store.set_fact("root", root)

    def newest_charter(self) -> tuple[CharterRef, bytes] | None:
        """Return reference and note of the newest charter seen, or None."""
        row = self.store.row("SELECT sequence, sha256, note FROM charters ORDER BY sequence DESC LIMIT 1")
        return None if row is None else (CharterRef(sequence=row[0], sha256=row[1]), bytes(row[2]))

    def open_and_keep_charter(self, raw: bytes) -> OpenedCharter:
        """Verify a charter against the pinned root and the newest one seen, and keep it; only inside a transaction.

        Raises:
            PeerError: as `open_charter`: `rollback`, `equivocation`, `root`, `expired` and so on.
        """
        newest = self.newest_charter()
        opened = open_charter(raw, root=self.root, origin=None, today=self.today, floor=newest[0] if newest else None)
        self.store.run("INSERT OR IGNORE INTO charters VALUES (?, ?, ?)", (opened.charter.sequence, opened.sha256, raw))
        return opened

    def charter(self) -> OpenedCharter:
        """Return the newest charter, verified again, today.

        Raises:
            UsageError: `charter`, when there is none yet.
            PeerError: `expired`, when its time is over.
        """
        newest = self.newest_charter()
        if newest is None:
            raise UsageError(Failure.CHARTER, "no charter yet; 'charter FILE' or the first import brings it")
        return open_charter(newest[1], root=self.root, origin=None, today=self.today, floor=newest[0])

    def own_desks(self, charter: Charter) -> tuple[Desk, ...]:
        """Return the desks that name this vault's reviewer, with this vault's identity.

        Raises:
            PeerError: `charter`, when the charter gives this reviewer another identity.
        """
        mine: list[Desk] = []
        for desk in charter.desks:
            for reviewer in desk.reviewers:
                if reviewer.id == self.reviewer:
                    if reviewer.identity != self.identity_text:
                        raise PeerError(Failure.CHARTER, "the charter gives this reviewer's name to another key")
                    mine.append(desk)
        return tuple(mine)

    @property
    def identity_text(self) -> str:
        """The reviewer's public key as charters have it."""
        return b64url(self.identity.public)


def create_vault(folder: Path, passphrase: str, clock: date) -> Vault:
    """Make a new, empty vault in `folder` (0700) under `passphrase`.

    Raises:
        StoreError: `store`, when there is one already or the disk refuses.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(folder / DATABASE_FILE, create_key_file(folder, passphrase))
    with store.transaction():
        return Vault(store, begin_day(store, clock), clock)


def unlock_vault(folder: Path, passphrase: str, clock: date, confirmed: date | None = None) -> Vault:
    """Open the vault in `folder`, and destroy the prekey secrets whose time is over before it can be used.

    Args:
        folder: of the vault.
        passphrase: of the vault.
        clock: the day by the clock.
        confirmed: the day that a person says it is, when they do.

    Raises:
        StoreError: `store`: no vault, wrong passphrase, damage.
        UsageError: `not-yet-valid`, when the clock is too far ahead; `misuse`, when it says another day than the person.
    """
    store = Store(folder / DATABASE_FILE, open_key_file(folder, passphrase))
    try:
        with store.transaction():
            if confirmed is not None:
                confirm_day(store, confirmed, clock)
            today = begin_day(store, clock)
            destroyed = destroy_old_secrets(store, newest_day(store) or today)
            catch_up(store)
    except BaseException:
        store.close()
        raise
    return Vault(store, today, clock, destroyed)
