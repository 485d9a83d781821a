# SPDX-License-Identifier: AGPL-3.0-or-later
"""A desk's recovery key: one quarter, k of n people, paper. For the day on which all vaults are lost.

Rules of this file: the secret is never kept where it is made; it lives on paper as shares. A vault that is given enough shares holds it until 90
days after the quarter, as long as the paper may exist, and destroys it like weekly keys. Reports that waited unopened are tried again then.

Source: crypto/spec/prekeys.md §3; crypto/spec/charter.md §1.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.charter import KIND, Charter, Recovery, open_charter
from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.note import read_document, unverified_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

KEPT_AFTER: Final = timedelta(days=90)
"""How long shares, and secrets made of them, outlive their quarter."""
_QUARTER: Final = re.compile(r"([0-9]{4})-Q([1-4])")


class RecoverySecret(NamedTuple):
    """The secret of a recovery key, and its number among those of its desk."""

    identity: Identity
    number: int


def quarter_days(quarter: str) -> tuple[date, date]:
    """Return first and last day of a quarter, as `2026-Q4`.

    Raises:
        UsageError: `misuse`, when it is none.
    """
    match = _QUARTER.fullmatch(quarter)
    if match is None or not MINYEAR <= int(match[1]) < MAXYEAR:
        raise UsageError(Failure.MISUSE, "a quarter is written 2026-Q4")
    year, place = int(match[1]), int(match[2])
    following = date(year + 1, 1, 1) if place == 4 else date(year, 3 * place + 1, 1)  # noqa: PLR2004 - quarters of a year
    return date(year, 3 * place - 2, 1), following - timedelta(days=1)


def make_recovery(past: Iterable[Charter], desk: str, quarter: str) -> tuple[Identity, Recovery]:
    """Make a recovery key, numbered after all that the desk ever had; nothing is kept of it.

    Raises:
        UsageError: `misuse`, when the quarter is none.
    """
    first, last = quarter_days(quarter)
    numbers = [entry.number for charter in past for one in charter.desks if one.id == desk for entry in one.recovery or ()]
    identity = Identity.generate()
    number = max(numbers, default=0) + 1
    return identity, Recovery(number=number, quarter=quarter, recipient=identity.recipient.text, not_before=first, not_after=last)


def all_charters(store: Store) -> list[Charter]:
    """Return every charter that this vault has seen, the oldest first; read, not verified again."""
    return [read_document(unverified_text(bytes(row[0])), KIND, Charter) for row in store.rows("SELECT note FROM charters ORDER BY sequence")]


_OLDER: Final = "'recovery use --charter FILE' takes the one that has it, however old (a server has all that were in force: GET /v1/charters/N)"


def open_older(vault: Vault, raw: bytes) -> Charter:
    """Return a charter of this organisation, verified, that may have run out, or been followed by others, long ago; nothing is kept of it.

    Raises:
        FileError, PeerError: as `open_charter`, but `expired` and `rollback`.
    """
    claimed = read_document(unverified_text(raw), KIND, Charter)
    return open_charter(raw, root=vault.root, origin=None, today=min(vault.today, claimed.expires)).charter


def find_recoveries(store: Store, desk: str, quarter: str, older: Charter | None = None) -> list[Recovery]:
    """Return a desk's recovery keys for a quarter, from any charter that this vault has seen: the newest first, then those that it replaced.

    Args:
        store: of the vault.
        desk: its id.
        quarter: as `2026-Q4`.
        older: a charter that a person brings for this: a new vault has not seen those in which a key stood that was replaced.

    Raises:
        UsageError: `misuse`, when there is none.
    """
    found: dict[str, Recovery] = {}
    for charter in [*reversed(all_charters(store)), *([older] if older is not None else [])]:
        for one in charter.desks:
            for entry in one.recovery or ():
                if (one.id, entry.quarter) == (desk, quarter):
                    found.setdefault(entry.recipient, entry)
    if not found:
        raise UsageError(Failure.MISUSE, f"no charter that was seen here has a recovery key of {desk} for {quarter}; {_OLDER}")
    return list(found.values())


def check_fits(entry: Recovery, seed: bytes) -> Identity:
    """Return the identity of a seed, when it is the secret of a recovery key.

    Raises:
        UsageError: `checksum`, when it is another one's.
    """
    identity = Identity.from_seed(seed)
    if identity.recipient.text != entry.recipient:
        raise UsageError(Failure.CHECKSUM, f"these shares give back another key than the one for {entry.quarter}")
    return identity


def find_fitting(entries: Sequence[Recovery], seed: bytes) -> tuple[Recovery, Identity]:
    """Return the recovery key whose secret this seed is, of those that a quarter has had.

    Raises:
        UsageError: `checksum`, when it is of none.
    """
    identity = Identity.from_seed(seed)
    entry = next((one for one in entries if one.recipient == identity.recipient.text), None)
    if entry is None:
        detail = f"these shares give back another key than the one for {entries[0].quarter}; of one that was replaced since, {_OLDER}"
        raise UsageError(Failure.CHECKSUM, detail)
    return entry, identity


def keep_secret(vault: Vault, desk: str, entry: Recovery, identity: Identity) -> None:
    """Keep a secret that shares gave back; inside a transaction.

    Raises:
        UsageError: `expired`, when its time is over: the shares should have been destroyed.
    """
    until = entry.not_after + KEPT_AFTER
    if until < vault.today:
        raise UsageError(Failure.EXPIRED, f"the shares for {entry.quarter} were to be destroyed after {day_text(until)}: destroy them now")
    vault.store.run("INSERT OR REPLACE INTO recovery_secrets VALUES (?, ?, ?, ?)", (desk, entry.number, identity.seed, day_text(until)))


def recovery_secrets(store: Store, desk: str) -> list[RecoverySecret]:
    """Return the recovery secrets of a desk that this vault was given."""
    rows = store.rows("SELECT seed, number FROM recovery_secrets WHERE desk = ? ORDER BY number", (desk,))
    return [RecoverySecret(Identity.from_seed(bytes(seed)), int(number)) for seed, number in rows]


def destroy_old_recovery(store: Store, today: date) -> int:
    """Destroy the recovery secrets whose time is over by the newest day that may be believed; return how many; inside a transaction."""
    old = store.row("SELECT count(*) FROM recovery_secrets WHERE destroy_after < ?", (day_text(today),))
    store.run("DELETE FROM recovery_secrets WHERE destroy_after < ?", (day_text(today),))
    return int(old[0]) if old else 0
