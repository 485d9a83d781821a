# SPDX-License-Identifier: AGPL-3.0-or-later
"""Errors that only a server has; `api/errors.py` alone knows which status each becomes.

Rules of this file: each type adds to a fault of `corncrake_crypto.errors` what kind of refusal it is, and nothing about HTTP.
"""
# ruff: noqa: N818 - each is named after what is refused, as a reader of the table of statuses would say it

from __future__ import annotations

import secrets
from typing import Final

from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError

_RETRY_AFTER: Final = range(900, 3_601, 300)
"""Seconds: from a quarter of an hour to an hour, in steps of five minutes."""
_BUSY_AFTER: Final = range(5, 31, 5)
"""Seconds: a queue is shorter soon."""


class NotHere(UsageError):
    """What was asked for does not exist."""

    def __init__(self, detail: str, failure: Failure = Failure.MISUSE) -> None:
        """Keep the sentence."""
        super().__init__(failure, detail)


class Conflict(PeerError):
    """Something else stands at that place already, or it is not its time."""


class Unsigned(PeerError):
    """A request that only a courier may make is not signed by one, or was made before."""


class LengthMissing(UsageError):
    """A body without a stated length."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Failure.SIZE, "a body needs its length stated in Content-Length")


class TooLarge(UsageError):
    """A body longer than any that is taken at that place."""

    def __init__(self, limit: int) -> None:
        """Say the limit, in bytes."""
        super().__init__(Failure.SIZE, f"a body here has at most {limit} bytes")


class OutOfRange(UsageError):
    """A range of bytes that what is asked for has not.

    Attributes:
        size: how many bytes it has.
    """

    def __init__(self, size: int) -> None:
        """Say how many there are."""
        super().__init__(Failure.RANGE, f"there are {size} bytes, and none of them in this range")
        self.size = size


class TooSlow(PeerError):
    """A body that did not arrive in its time, or not at all."""

    def __init__(self, detail: str) -> None:
        """Keep the sentence."""
        super().__init__(Failure.INCOMPLETE, detail)


class NoRoom(StoreError):
    """Taking it would use room that is kept free, or that nobody has given.

    Attributes:
        retry_after: seconds after which to try again; drawn for each refusal, so that those who wait do not all come back at once.
    """

    def __init__(self, detail: str = "the disk is too full to take this") -> None:
        """Say so."""
        super().__init__(Failure.STORE, detail)
        self.retry_after: Final = secrets.choice(_RETRY_AFTER)


class Full(StoreError):
    """Too many reports wait that have paid as much."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Failure.STORE, "too many reports wait to be stored just now; it was not taken, and may come again")


class Busy(Full):
    """The same, and what would help.

    Attributes:
        step: the lowest step of stamps with which a report would be taken soon; None, where the charter has no stamps.
        retry_after: seconds after which to try again, stamp or not; drawn as for `NoRoom`.
    """

    def __init__(self, step: int | None) -> None:
        """Keep the step."""
        super().__init__()
        self.step: Final = step
        self.retry_after: Final = secrets.choice(_BUSY_AFTER)


class FolderTaken(StoreError):
    """Another process has the data folder."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Failure.STORE, "another server process has this data folder")
