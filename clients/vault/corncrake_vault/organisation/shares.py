# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secrets on paper: a 32-byte seed as SLIP-39 shares, any k of n of which give it back.

Rules of this file: a set of shares counts only after k of them were typed in again and gave the same key: paper that nobody has read
back is no backup, and sheets of another set of the same key do not stand for it. What is kept here of a set is how many there are, of which
key, until when they may exist, and the mark by which its shares know each other; never a share.

Source: SLIP-0039; shamir-mnemonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics  # pyright: ignore[reportMissingTypeStubs] - typed, but unmarked
from shamir_mnemonic.wordlist import WORD_INDEX_MAP  # pyright: ignore[reportMissingTypeStubs] - the same

from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.errors import Failure, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from corncrake_vault.store.database import Row, Store

What = Literal["organisation", "recovery"]

SEED_LENGTH: Final = 32
MIN_SHARES: Final = 2
"""One share alone must open nothing."""
MAX_SHARES: Final = 16
SHARE_WORDS: Final = 33
_HARDENING: Final = 1
"""SLIP-39's iteration exponent: the seed is random, so that no passphrase has to be made dear to guess."""


@dataclass(frozen=True, slots=True)
class ShareSet:
    """One set of shares on paper.

    Attributes:
        number: of the set, in this vault.
        what: which kind of key.
        name: the desk and quarter of a recovery key; empty for the organisation's.
        key: its public key, as charters have it.
        needed: how many shares give it back.
        made: how many there are.
        destroy_after: the day after which the paper must be destroyed; None: never.
        tested: whether they were read back.
        destroyed: whether somebody has said that they are destroyed.
        mark: as `mark_of`; empty for a set that was made before marks were kept.
    """

    number: int
    what: What
    name: str
    key: str
    needed: int
    made: int
    destroy_after: date | None
    tested: bool
    destroyed: bool
    mark: str


def split(seed: bytes, needed: int, made: int) -> list[str]:
    """Return `made` shares of a 32-byte seed, each of 33 words; any `needed` of them give it back.

    Raises:
        UsageError: `misuse`, when the numbers are not 2 ≤ needed ≤ made ≤ 16.
    """
    if not MIN_SHARES <= needed <= made <= MAX_SHARES:
        raise UsageError(Failure.MISUSE, f"of k of n shares, k is at least {MIN_SHARES} and n at most {MAX_SHARES}, and k no more than n")
    return generate_mnemonics(1, [(needed, made)], seed, iteration_exponent=_HARDENING)[0]


def check_share(share: str) -> None:
    """Check one share by itself, before the others are there.

    Raises:
        UsageError: `checksum`, with what is wrong: no word of the share is repeated in it.
    """
    words = share.lower().split()
    if unknown := next((place for place, word in enumerate(words, 1) if word not in WORD_INDEX_MAP), 0):
        raise UsageError(Failure.CHECKSUM, f"word {unknown} is not one that a share can have")
    if len(words) != SHARE_WORDS:
        raise UsageError(Failure.CHECKSUM, f"it has {len(words)} words, and a share has {SHARE_WORDS}")
    try:
        Share.from_mnemonic(" ".join(words))
    except MnemonicError as error:
        raise UsageError(Failure.CHECKSUM, "one of its words is wrong: compare each with the sheet") from error


def combine(shares: Sequence[str]) -> bytes:
    """Return the 32-byte seed that shares give back.

    Raises:
        UsageError: `checksum`, when a word is wrong, or they are too few, too many, or not of one set.
    """
    try:
        seed = combine_mnemonics([_tidy(share) for share in shares])
    except MnemonicError as error:
        raise UsageError(Failure.CHECKSUM, f"these shares do not go together: {error}") from error
    if len(seed) != SEED_LENGTH:
        raise UsageError(Failure.CHECKSUM, "these are shares of something else")
    return seed


def mark_of(share: str) -> str:
    """Return what a share has in common with all others of its set, and with none of another: SLIP-39's identifier, a number of 15 bits."""
    return str(Share.from_mnemonic(_tidy(share)).identifier)


def _tidy(share: str) -> str:
    return " ".join(share.lower().split())


def note_made(store: Store, what: What, name: str, key: str, shares: tuple[int, int], destroy_after: date | None, mark: str) -> int:  # noqa: PLR0913, PLR0917 - what a set is
    """Remember a set of shares that was made, `shares` being k and n; return its number; inside a transaction."""
    until = day_text(destroy_after) if destroy_after is not None else ""
    return store.insert(
        "INSERT INTO share_sets (what, name, key, needed, made, destroy_after, mark) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (what, name, key, *shares, until, mark),
    )


def note_tested(store: Store, number: int) -> None:
    """Remember that this set was read back, and no other that was made while people typed it in; inside a transaction."""
    store.run("UPDATE share_sets SET tested = 1 WHERE number = ?", (number,))


def note_destroyed(store: Store, number: int) -> ShareSet:
    """Remember that somebody has destroyed a set, and return it; inside a transaction.

    Raises:
        UsageError: `misuse`, when there is no such set.
    """
    row = store.row("SELECT * FROM share_sets WHERE number = ?", (number,))
    if row is None:
        raise UsageError(Failure.MISUSE, "there is no set of shares with this number; 'organisation schedule' lists them")
    store.run("UPDATE share_sets SET destroyed = 1 WHERE number = ?", (number,))
    return _set_of(row)


def _set_of(row: Row) -> ShareSet:
    number, what, name, key, needed, made, until, tested, destroyed, mark = row
    return ShareSet(number, what, name, key, needed, made, parse_day(until) if until else None, bool(tested), bool(destroyed), mark)


def share_sets(store: Store) -> list[ShareSet]:
    """Return all sets, the oldest first."""
    return [_set_of(row) for row in store.rows("SELECT * FROM share_sets ORDER BY number")]


def newest_set(store: Store, key: str) -> ShareSet | None:
    """Return the newest set of a key, or None."""
    row = store.row("SELECT * FROM share_sets WHERE key = ? ORDER BY number DESC", (key,))
    return None if row is None else _set_of(row)


def overdue(store: Store, today: date) -> list[ShareSet]:
    """Return the sets whose paper should have been destroyed by now."""
    return [one for one in share_sets(store) if not one.destroyed and one.destroy_after is not None and one.destroy_after < today]
