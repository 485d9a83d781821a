# SPDX-License-Identifier: AGPL-3.0-or-later
"""Errors that only a server has; `api/errors.py` alone knows which status each becomes.

Rules of this file: each type adds to a fault of `corncrake_crypto.errors` what kind of refusal it is, and nothing about HTTP.
"""
# ruff: noqa: N818 - each is named after what is refused, as a reader of the table of statuses would say it

from __future__ import annotations

from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError


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


class TooSlow(PeerError):
    """A body that did not arrive in its time, or not at all."""

    def __init__(self, detail: str) -> None:
        """Keep the sentence."""
        super().__init__(Failure.INCOMPLETE, detail)


class NoRoom(StoreError):
    """Taking it would use the disk that is kept free."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Failure.STORE, "the disk is too full to take this")


class FolderTaken(StoreError):
    """Another process has the data folder."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Failure.STORE, "another server process has this data folder")
