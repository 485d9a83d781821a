# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed reports, and what is promised of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to store. `id` and `salt`: 64 lower-case hex characters."""

    id: str
    desk: str
    salt: str
    epoch: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a receipt says of a stored report, so that the receipt can be made again."""

    id: str
    desk: str
    day: str
    salt: str


class Reports(Protocol):
    """Sealed reports."""

    async def store(self, reports: Sequence[NewReport], day: str) -> Mapping[str, Promise]:
        """Store those that are not there yet, all in one transaction; return for each id what was stored first under it.

        One that was deleted before the log in force began is not stored, and has nothing: its first receipt names a leaf that is no more, and a
        second one would look like a lie.

        Args:
            reports: to store.
            day: of the new ones' promises, `YYYY-MM-DD`.
        """
        ...

    async def body(self, report_id: str) -> bytes | None:
        """Return a stored report."""
        ...

    async def promise(self, report_id: str) -> Promise | None:
        """Return what is promised of a stored report."""
        ...

    async def unpublished(self, limit: int) -> Sequence[Promise]:
        """Return reports whose commitment no signed head includes yet, at most `limit`."""
        ...
