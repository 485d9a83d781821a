# SPDX-License-Identifier: AGPL-3.0-or-later
"""Waiting for canaries: which have come back, and which should have.

Rules of this file: whether one is back is looked up among what came, each time, so that a late one mends what was said. A missing one is said
until it comes or a person drops it: the vault cannot know whether anybody posted it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.prekeys import epoch_days
from corncrake_vault.inbox.promises import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from corncrake_vault.store.database import Store

PATIENCE: Final = timedelta(days=14)
"""From the last day on which a canary may be posted until it is called missing: couriers come every week or two."""


class Canary(NamedTuple):
    """One that was made here.

    Attributes:
        number: as its file is called.
        report: its id as a report.
        desk: to which desk.
        made: on which day.
        last: the last day on which it may be posted.
        state: `given`; `back`, also when others have it and the server deleted it; `missing`; `dropped` by a person.
    """

    number: int
    report: str
    desk: str
    made: str
    last: date
    state: Literal["given", "back", "missing", "dropped"]


def canaries(store: Store, today: date) -> list[Canary]:
    """Return all, the oldest first."""
    found: list[Canary] = []
    for number, report, desk, epoch, made, dropped, back in store.rows(
        "SELECT number, report, desk, epoch, day, dropped,"
        " report IN (SELECT id FROM reports) OR report IN (SELECT report FROM deleted) FROM canaries ORDER BY number"
    ):
        last = epoch_days(int(epoch))[1]
        late = "missing" if today > last + PATIENCE else "given"
        found.append(Canary(int(number), str(report), str(desk), str(made), last, "back" if back else "dropped" if dropped else late))
    return found


def missing(store: Store, today: date) -> list[Fault]:
    """Return `withheld` for each canary that should be back."""
    return [
        Fault(
            Failure.WITHHELD,
            f"canary {one.number} for the desk {one.desk} did not come back; it could be posted until {one.last.isoformat()}. The server may hold"
            f" reports back, or nobody posted it: ask who was to. If nobody did: 'canary --forget {one.number}'",
        )
        for one in canaries(store, today)
        if one.state == "missing"
    ]


def came_back(store: Store, reports: Iterable[str]) -> list[int]:
    """Return the numbers of the canaries among these reports."""
    came = set(reports)
    return [int(number) for number, report in store.rows("SELECT number, report FROM canaries ORDER BY number") if report in came]


def forget(store: Store, number: int) -> None:
    """Wait for a canary no longer; inside a transaction. If it comes after all, it is back.

    Raises:
        UsageError: `misuse`: there is none of this number.
    """
    if store.row("SELECT 1 FROM canaries WHERE number = ?", (number,)) is None:
        raise UsageError(Failure.MISUSE, f"this vault has made no canary {number}")
    store.run("UPDATE canaries SET dropped = 1 WHERE number = ?", (number,))
