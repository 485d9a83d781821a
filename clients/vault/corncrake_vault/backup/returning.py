# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vault that came back from a backup: what it must learn before it may speak again.

Rules of this file: between the backup and now the lost vault may have published editions and weekly keys under numbers that the backup does not
know. To give one of them again would be to sign two things of one number. So the vault says nothing, makes no key and signs nothing, until a
parcel has shown it what the server has; numbers that no parcel shows are passed over by a leap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, UsageError

if TYPE_CHECKING:
    from datetime import date

    from corncrake_vault.store.database import Store

FACT: Final = "returned"
LEAP: Final = 1_000
"""Exports that a vault may have made since its backup: more than one a day for two years."""
PREKEYS: Final = "prekey_numbers"
"""Weekly keys of a vault that came back are numbered above this."""
EDITIONS: Final = "edition_least"
"""Editions of a vault that came back are numbered above this, also at desks of which its backup knew nothing."""
_COUNTERS: Final = ("outbound", "hold_number", PREKEYS, EDITIONS)


def note_made(copy: Store, today: date) -> None:
    """Mark a store as a backup of this day; inside the transaction that makes it."""
    copy.set_fact(FACT, day_text(today).encode())
    editions = [str(name) for (name,) in copy.rows("SELECT name FROM facts WHERE name LIKE 'edition:%'")]
    for name in (*_COUNTERS, *editions):
        copy.raise_number(name, int(copy.fact(name) or b"0") + LEAP)


def is_returned(store: Store) -> bool:
    """Say whether this vault came back from a backup and has not seen a parcel since."""
    return store.fact(FACT) is not None


def check_may_speak(store: Store) -> None:
    """Check that this vault knows what it has said.

    Raises:
        UsageError: `misuse`, when it came back from a backup and has imported nothing since.
    """
    made = store.fact(FACT)
    if made is not None:
        raise UsageError(
            Failure.MISUSE,
            f"this vault came back from a backup of {made.decode()}, and does not know what it has signed since: import a parcel first"
            " (corncrake-courier pull --from 0); nothing was changed",
        )


def note_learnt(store: Store) -> None:
    """Remember that a parcel has shown what the server has; inside a transaction."""
    store.run("DELETE FROM facts WHERE name = ?", (FACT,))


def last_edition(store: Store, desk: str) -> int:
    """Return the highest number of a desk's editions that this vault has given, or may have given before it came back; 0 when there is none."""
    return max(int(store.fact(name) or b"0") for name in (f"edition:{desk}", EDITIONS))
