# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is to be deleted, what is held, and what was deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corncrake_crypto.deletion import Deletion


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """That a reviewer has a report: by which key and which acknowledgement, and whether it was opened there."""

    reviewer: str
    identity: str
    number: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that is not held, and who has had it for long enough."""

    report: str
    desk: str
    leaf: int
    charter: int
    by: Sequence[Acknowledged]


class Retention(Protocol):
    """What is to be deleted, what is held, and what was deleted."""

    async def charters(self) -> Sequence[int]:
        """Return the sequences of the sealing charters of all reports that somebody has acknowledged."""
        ...

    async def delete(self, before: str, judge: Callable[[Candidate], Sequence[Acknowledged]], after: str) -> tuple[int, str | None]:
        """Look at some candidates, in the order of their ids, and delete those that `judge` says may be; in one transaction.

        A hold or an acknowledgement that is applied before this transaction is heeded, and one after it waits for its end.

        Args:
            before: `YYYY-MM-DD`: what was acknowledged on this day or later is not counted yet.
            judge: returns those who have it and count, if they suffice, and else nobody.
            after: an id; those up to it are not looked at.

        Returns:
            How many were deleted, and the id after which to go on; None when all were looked at.
        """
        ...

    async def is_desk_held(self) -> bool:
        """Say whether a whole desk is held."""
        ...

    async def scrub(self) -> None:
        """Have the database let go of what deleted rows have left behind, as far as it can."""
        ...

    async def deletions(self, start: int) -> Sequence[Deletion]:
        """Return the next deletions from number `start` on, which count from 1: of at most `MAX_REPORTS` reports, and on which grounds."""
        ...

    async def acknowledgement(self, reviewer: str, number: int) -> bytes | None:
        """Return an acknowledgement that is a reviewer's newest, or on which a deletion rests."""
        ...
