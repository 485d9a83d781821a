# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which day it is, as far as a machine without a network can know, and by which day secrets are destroyed.

Rules of this file: a clock can be wrong, and what is destroyed by a wrong clock is gone. So the vault remembers the newest day that it
has seen: of unlocks, of heads of the log that came, of what a person confirmed. Time only goes on here: a clock before that day is not
used. A clock up to two weeks beyond it is believed; beyond that it is used, but moves nothing until a head or a person confirms it; and
above 45 days a vault with secrets does nothing at all. A head of a day that has not come moves nothing: a server must not be
able to have keys destroyed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.errors import Failure, UsageError

if TYPE_CHECKING:
    from corncrake_vault.store.database import Store

FACT: Final = "day"
BELIEVED: Final = timedelta(days=14)
"""How far beyond the newest day seen a clock is believed without anybody's word: vaults are opened every week or two."""
USED: Final = timedelta(days=45)
"""How far beyond it a clock is used at all."""
SLIP: Final = timedelta(days=1)


def newest_day(store: Store) -> date | None:
    """Return the newest day that this vault has seen: secrets are destroyed by this one. None in a new vault."""
    seen = store.fact(FACT)
    return None if seen is None else parse_day(seen.decode())


def begin_day(store: Store, clock: date) -> date:
    """Return the day to go by, and remember it when it may be believed; inside a transaction, at every unlock.

    Raises:
        UsageError: `not-yet-valid`, when the clock is too far beyond the newest day seen and there are secrets to lose; nothing
            was changed.
    """
    seen = newest_day(store)
    if seen is None or timedelta(0) < clock - seen <= BELIEVED:
        _remember(store, clock)
        return clock
    if clock - seen > USED and store.row("SELECT 1 FROM prekey_secrets LIMIT 1") is not None:
        raise UsageError(
            Failure.NOT_YET_VALID,
            f"this machine's clock says {day_text(clock)}, {(clock - seen).days} days after the newest day seen here, {day_text(seen)}. Keys that a"
            " wrong clock destroys never come back, so nothing was done. Set the clock; if it is right, say --confirm-date and the day",
        )
    return max(clock, seen)


def confirm_day(store: Store, said: date, clock: date) -> None:
    """Go by the day that a person says, later or earlier than what was seen; inside a transaction.

    Raises:
        UsageError: `misuse`, when the clock says another day: it would be wrong again tomorrow.
    """
    if abs(said - clock) > SLIP:
        raise UsageError(Failure.MISUSE, f"you say {day_text(said)}, and this machine's clock {day_text(clock)}: set the clock; nothing was changed")
    _remember(store, said)


def note_head_day(store: Store, day: date, clock: date) -> None:
    """Remember the day of a verified head of the log, unless it has not come yet by the clock; inside a transaction."""
    seen = newest_day(store)
    if day <= clock and (seen is None or seen < day):
        _remember(store, day)


def doubts(store: Store, clock: date) -> list[str]:
    """Say what a person should know about the clock; nothing when it fits."""
    seen = newest_day(store)
    if seen is None or abs(clock - seen) <= SLIP or timedelta(0) < clock - seen <= BELIEVED:
        return []
    said = f"this machine's clock says {day_text(clock)}"
    if clock < seen:
        used = (
            f"{said}, before {day_text(seen)}, the newest day seen here, which is used instead: set the clock, or, if it is right, say --confirm-date"
        )
        return [used]
    return [f"{said}, {(clock - seen).days} days after the newest day seen here: it destroys no keys until the next import or --confirm-date"]


def _remember(store: Store, day: date) -> None:
    store.set_fact(FACT, day_text(day).encode())
