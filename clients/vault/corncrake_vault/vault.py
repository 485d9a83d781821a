# SPDX-License-Identifier: AGPL-3.0-or-later
"""An open vault: the folder, the store, who its reviewer is, and what day it is.

Rules of this file: at every unlock, before anything else is done, prekey secrets whose time is over are destroyed, by the newest day
that the vault may believe and never by the clock alone (`keys/days.py`). The pinned root never changes once it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corncrake_crypto.charter import KIND, Charter, Desk, OpenedCharter, open_charter
from corncrake_crypto.charter_change import check_change
from corncrake_crypto.encoding import b64url, parse_root, root_text
from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError
from corncrake_crypto.fields import CharterRef
from corncrake_crypto.note import read_document, text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.consent import note_let_in, told_since
from corncrake_vault.keys.days import begin_day, confirm_day, newest_day
from corncrake_vault.keys.passphrase import KEY_FILE, NEXT_KEY_FILE, create_key_file, open_key_file, take_place
from corncrake_vault.keys.prekeys import destroy_old_secrets
from corncrake_vault.recovery.keys import destroy_old_recovery
from corncrake_vault.store.database import DATABASE_FILE, InUseError, Store
from corncrake_vault.threads.expected import catch_up

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

DOUBT: Final = "charter_doubt"
ORGANISATION_KEY: Final = "organisation"
"""The fact that keeps the organisation's key, in a vault of its own."""


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
            raise self._no_reviewer()
        return value.decode()

    @property
    def identity(self) -> SigningKey:
        """The reviewer's signing key."""
        seed = self.store.fact("identity")
        if seed is None:
            raise self._no_reviewer()
        return SigningKey.from_seed(seed)

    def _no_reviewer(self) -> UsageError:
        if self.store.fact(ORGANISATION_KEY) is None:
            return UsageError(Failure.MISUSE, "this vault has no reviewer; 'init --reviewer ID' makes one that has")
        return UsageError(
            Failure.MISUSE,
            "this is the vault of the organisation's key, and a reviewer has another one (--store); a newer charter than it knows comes to that key"
            " by 'organisation recover --charter FILE' into a new vault; nothing was changed",
        )

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
            UsageError: `root`, when another one is pinned.
        """
        root, known = parse_root(text), self.store.fact("root")
        if known is not None and known != root:
            raise UsageError(Failure.ROOT, f"this vault belongs to the organisation {root_text(known)[:10]}…, not to that one; nothing was changed")
        self.store.set_fact("root", root)

    def newest_charter(self) -> tuple[CharterRef, bytes] | None:
        """Return reference and note of the newest charter seen, or None."""
        row = self.store.row("SELECT sequence, sha256, note FROM charters ORDER BY sequence DESC LIMIT 1")
        return None if row is None else (CharterRef(sequence=row[0], sha256=row[1]), bytes(row[2]))

    def open_and_keep_charter(self, raw: bytes) -> OpenedCharter:
        """Verify a charter against the pinned root and the newest one seen, and keep it; only inside a transaction.

        When charters in between were never seen here, nobody can tell whether whoever was let in was countersigned there: then it is kept, and
        `DOUBT` says so until a person has compared. Whom an emergency lets in is remembered (`consent.py`).

        Raises:
            PeerError: as `open_charter` and `check_change`: `rollback`, `equivocation`, `root`, `expired`, `signature` and so on.
        """
        newest = self.newest_charter()
        opened = open_charter(raw, root=self.root, origin=None, today=self.today, floor=newest[0] if newest else None)
        if newest is None:
            note_let_in(self.store, self.today, None, raw, opened.charter)
        elif opened.charter.sequence > newest[0].sequence:
            self._check_change(newest[1], raw, opened)
        self.store.run("INSERT OR IGNORE INTO charters VALUES (?, ?, ?)", (opened.charter.sequence, opened.sha256, raw))
        return opened

    def _check_change(self, before: bytes, raw: bytes, opened: OpenedCharter) -> None:
        text = unverified_text(before)
        previous = OpenedCharter(read_document(text, KIND, Charter), text, text_hash(text))
        try:
            check_change(previous, raw, opened, told_since(self.store))
        except PeerError as error:
            gap = opened.charter.sequence - previous.charter.sequence
            if gap == 1 or error.failure not in {Failure.SIGNATURE, Failure.CHARTER}:
                raise
            self.store.set_fact(DOUBT, f"charter {opened.charter.sequence}, after {gap - 1} that this vault never saw: {error.detail}".encode())
        note_let_in(self.store, self.today, previous.charter, raw, opened.charter)

    @property
    def doubt(self) -> str | None:
        """What this vault could not check of the newest charter, until a person says that it was compared; None when there is nothing."""
        value = self.store.fact(DOUBT)
        return None if value is None else value.decode()

    def check_no_doubt(self, until_then: str) -> None:
        """Check that the newest charter may be vouched for, or be what another one is compared with.

        Args:
            until_then: what does not happen before somebody has compared, and why.

        Raises:
            UsageError: `charter`, when nobody has compared yet what this vault could not check.
        """
        if self.doubt is not None:
            raise UsageError(
                Failure.CHARTER,
                f"{self.doubt}. Compare by voice with whoever reads now ('charter' shows who), then 'charter --compared'; until then {until_then}",
            )

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


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _open_store(folder: Path, passphrase: str) -> Store:
    """Open the store by its key file, or by the next one, where a change of the passphrase was cut off; then end that change."""
    following, by = folder / NEXT_KEY_FILE, KEY_FILE
    cut_off = _content(following)
    try:
        store = Store(folder / DATABASE_FILE, open_key_file(folder, passphrase))
    except StoreError as error:
        if isinstance(error, InUseError) or cut_off is None:
            raise
        store, by = _open_by_next(folder, passphrase, error), NEXT_KEY_FILE
    try:
        if cut_off is not None:
            # Inside a transaction nobody changes the passphrase, and it begins only if nobody has changed it since.
            with store.transaction():
                _end_change(folder, cut_off, by)
    except BaseException:
        store.close()
        raise
    return store


def _open_by_next(folder: Path, passphrase: str, refused: StoreError) -> Store:
    try:
        return Store(folder / DATABASE_FILE, open_key_file(folder, passphrase, NEXT_KEY_FILE))
    except InUseError:
        raise
    except StoreError as error:
        both = f"{refused.detail}; a change of the passphrase was cut off here: try the one before it and the new one"
        raise StoreError(Failure.STORE, both) from error


def _end_change(folder: Path, cut_off: bytes, by: str) -> None:
    """Keep the one key file of the two that has opened the store; inside a transaction of that store."""
    following = folder / NEXT_KEY_FILE
    if _content(following) != cut_off:
        # Another command has ended that change, and this may be the beginning of a later one: the next unlock sees to it.
        return
    if by == NEXT_KEY_FILE:
        take_place(folder)
    else:
        # The store never got this key, which nobody needs then.
        following.unlink()


def change_passphrase(vault: Vault, folder: Path, passphrase: str) -> None:
    """Lock the vault under another passphrase, and under another key, so that a copy of the old key file opens nothing that is here.

    Whenever it is cut off, the old passphrase or the new one opens the vault. From the first step to the last no other command opens it:
    such a command would take the change for one that was cut off, and remove the only copy of the new key.

    Raises:
        UsageError: `misuse`: the passphrase is too short.
        StoreError: `store`: another command is using the vault, or has changed its passphrase; the disk refuses.
    """
    with vault.store.alone():
        (folder / NEXT_KEY_FILE).unlink(missing_ok=True)
        vault.store.change_key(create_key_file(folder, passphrase, NEXT_KEY_FILE))
        take_place(folder)


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
    store = _open_store(folder, passphrase)
    try:
        with store.transaction():
            if confirmed is not None:
                confirm_day(store, confirmed, clock)
            today = begin_day(store, clock)
            destroyed = destroy_old_secrets(store, newest_day(store) or today)
            destroy_old_recovery(store, newest_day(store) or today)
            catch_up(store)
    except BaseException:
        store.close()
        raise
    return Vault(store, today, clock, destroyed)
