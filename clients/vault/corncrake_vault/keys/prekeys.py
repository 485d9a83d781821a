# SPDX-License-Identifier: AGPL-3.0-or-later
"""Epoch keys: made ahead, offline; their secrets destroyed 30 days after the epoch's end.

Rules of this file: one secret per epoch unless it is replaced, then the higher number wins. A destroyed secret is gone: its row
is deleted and overwritten (`secure_delete`), and it was never in a backup. What file systems and flash keep of overwritten
pages is stated in SECURITY.md.

Source: crypto/spec/prekeys.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import root_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.prekeys import Prekey, epoch_days, epoch_of, sign_prekey
from corncrake_vault.backup.returning import PREKEYS, check_may_speak

if TYPE_CHECKING:
    from datetime import date

    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

KEPT_AFTER: Final = timedelta(days=30)
"""How long a secret outlives its epoch: reports arrive late, and reviewers have holidays."""
MAX_WEEKS: Final = 26
USUAL_WEEKS: Final = 8


class Secret(NamedTuple):
    """The secret of one prekey: of which epoch, and which of that epoch's."""

    identity: Identity
    epoch: int
    number: int


def destroy_old_secrets(store: Store, today: date) -> tuple[int, ...]:
    """Destroy the secrets of epochs that ended more than 30 days before `today`, the newest day that may be believed; return those epochs.

    Called inside a transaction, at every unlock, before anything else.
    """
    epochs = sorted({int(row[0]) for row in store.rows("SELECT epoch FROM prekey_secrets")})
    old = tuple(epoch for epoch in epochs if epoch_days(epoch)[1] + KEPT_AFTER < today)
    for epoch in old:
        store.run("DELETE FROM prekey_secrets WHERE epoch = ?", (epoch,))
    return old


def make_prekeys(vault: Vault, weeks: int) -> tuple[int, ...]:
    """Make a prekey for each of the next `weeks` epochs, this week's first, that has none yet; return the new epochs.

    Where there was one whose secret is not here, as in a vault that came back from a backup, the new one has the next number; and so it is made for
    every week that is announced: what reporters seal to a key that is gone, nobody here could open.

    Called inside a transaction.

    Raises:
        UsageError: `misuse`, when `weeks` is not 1 to `MAX_WEEKS`, or this vault does not know what it has signed; `root`, when no
            organisation is pinned.
    """
    check_may_speak(vault.store)
    if not 1 <= weeks <= MAX_WEEKS:
        raise UsageError(Failure.MISUSE, f"prekeys are made for 1 to {MAX_WEEKS} weeks ahead")
    store, first = vault.store, epoch_of(vault.today)
    have = {int(row[0]) for row in store.rows("SELECT epoch FROM prekey_secrets")}
    least = int(store.fact(PREKEYS) or b"0")
    numbers = {int(epoch): int(number) for epoch, number in store.rows("SELECT epoch, max(number) FROM prekeys GROUP BY epoch")}
    announced = {epoch for epoch in numbers if epoch >= first - 1}
    made = tuple(sorted({*range(first, first + weeks), *announced} - have))
    for epoch in made:
        identity = Identity.generate()
        begin, end = epoch_days(epoch)
        number = max(numbers.get(epoch, 0), least) + 1
        note = _note(vault, (epoch, number), begin, end, identity)
        store.run("INSERT INTO prekeys VALUES (?, ?, ?)", (epoch, number, note))
        store.run("INSERT INTO prekey_secrets VALUES (?, ?, ?)", (epoch, number, identity.seed))
    return made


def _note(vault: Vault, named: tuple[int, int], begin: date, end: date, identity: Identity) -> bytes:
    # A day of slack on either side: an epoch is a UTC week, and it is another day elsewhere.
    prekey = Prekey(
        root=root_text(vault.root),
        reviewer=vault.reviewer,
        epoch=named[0],
        number=named[1],
        not_before=begin - timedelta(days=1),
        not_after=end + timedelta(days=1),
        recipient=identity.recipient.text,
    )
    return sign_prekey(prekey, vault.identity)


def secrets_near(store: Store, day: date) -> list[Secret]:
    """Return the secrets that may open a report received on `day`: its epoch first, then the neighbours, then all others."""
    epoch = epoch_of(day)
    rows = store.rows("SELECT epoch, number, seed FROM prekey_secrets")
    rows.sort(key=lambda row: (abs(int(row[0]) - epoch), -int(row[1])))
    return [Secret(Identity.from_seed(bytes(seed)), int(of), int(number)) for of, number, seed in rows]


def current_notes(store: Store, today: date) -> dict[int, bytes]:
    """Return by epoch the notes of this week's and later prekeys, and last week's, the highest number of each: what is published."""
    first = max(0, epoch_of(today) - 1)
    rows = store.rows("SELECT epoch, number, note FROM prekeys WHERE epoch >= ? ORDER BY epoch, number", (first,))
    return {int(row[0]): bytes(row[2]) for row in rows}


def weeks_left(store: Store, today: date) -> int:
    """Return for how many weeks, this one included, there are prekeys without a gap."""
    have = {int(row[0]) for row in store.rows("SELECT epoch FROM prekey_secrets")}
    epoch = epoch_of(today)
    count = 0
    while epoch + count in have:
        count += 1
    return count
