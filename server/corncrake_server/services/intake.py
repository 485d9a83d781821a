# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking a report: is it for a desk we have, an epoch that is now, and exactly a sealed object? Then a receipt.

Rules of this file: nothing is stored that has not the exact shape and length, and no receipt is signed before its report is
durable. A receipt can always be made again: the same bytes get the same one. A stamp that is not of now is worth nothing, and
nothing says so; a report that has none is asked for one only when too many wait.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.age_format import check_sealed_shape
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.padding import REPORT_CLASSES, wire_size
from corncrake_crypto.prekeys import epoch_of
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import Receipt, report_id, sign_receipt
from corncrake_crypto.stamp import DAYS_AROUND, step_paid, zero_bits
from corncrake_server.ports.reports import NewReport
from corncrake_server.refusals import Busy, Conflict, Full, TooLarge

if TYPE_CHECKING:
    from corncrake_crypto.stamp import Stamp
    from corncrake_server.clock import Clock
    from corncrake_server.ports.log import LogKey, LogKeys
    from corncrake_server.ports.reports import Promise
    from corncrake_server.ports.room import Disk
    from corncrake_server.services.committer import Committer
    from corncrake_server.services.organisation import Organisation

_SALT_LENGTH: Final = 32
_SLACK_DAYS: Final = 2
"""Clocks of reporters that are so many days off still work, also on the first and last days of a week."""


class Allowed(NamedTuple):
    """What a report must be: how many stanzas it has, and for which id it has paid which step."""

    stanzas: int
    paid: int = 0
    stamp: Stamp | None = None


class Taken(NamedTuple):
    """A receipt note, and whether the report is new here."""

    receipt: bytes
    new: bool


def receipt_of(promise: Promise, log: LogKey) -> bytes:
    """Return the receipt note of a stored report; always the same for the same promise."""
    receipt = Receipt(id=promise.id, desk=promise.desk, log=log.origin, day=promise.day, salt=promise.salt)
    return sign_receipt(receipt, log.key)


class Intake:
    """What happens to a report."""

    def __init__(self, organisation: Organisation, committer: Committer, keys: LogKeys, disk: Disk, clock: Clock) -> None:
        """Keep the parts."""
        self._organisation = organisation
        self._committer = committer
        self._keys = keys
        self._disk = disk
        self._clock = clock

    async def log_key(self) -> LogKey:
        """Return the key that signs receipts: that of the log which the charter names.

        Raises:
            StoreError: `store`: it is not on this host.
        """
        return self._keys.of((await self._organisation.charter()).charter.log)

    async def allowed(self, desk: str, epoch: int, length: int, stamp: Stamp | None = None) -> Allowed:
        """Check what can be checked before a body is read; return what it must be.

        Args:
            desk: the desk of the path.
            epoch: the epoch of the path.
            length: the stated length in bytes.
            stamp: of the request.

        Raises:
            PeerError: `desk`; `epoch`; `too-few`, when fewer reviewers have a prekey than the desk asks for.
            TooLarge, FileError: `size`: no sealed report for this desk has this length.
            NoRoom: the disk is too full.
            Busy: too many wait that have paid as much.
        """
        opened = await self._organisation.charter()
        wanted = opened.desk(desk)
        today = self._clock.today()
        if epoch not in {epoch_of(today + timedelta(days=days)) for days in range(-_SLACK_DAYS, _SLACK_DAYS + 1)}:
            raise PeerError(Failure.EPOCH, f"this is not the epoch of today, give or take {_SLACK_DAYS} days")
        reviewers = len(await self._organisation.desk_prekeys(desk, epoch))
        if reviewers < wanted.min:
            raise PeerError(Failure.TOO_FEW, "this desk has too few prekeys for this epoch")
        lengths = {wire_size(n, size): n for n in range(wanted.min, reviewers + bool(wanted.recovery) + 1) for size in REPORT_CLASSES}
        if length > max(lengths):
            raise TooLarge(max(lengths))
        if length not in lengths:
            raise FileError(Failure.SIZE, "no sealed report for this desk has this length")
        self._disk.check_room(length)
        paid = 0 if stamp is None else await self._paid(stamp)
        if self._committer.queue.is_full(paid, length):
            raise await self._busy()
        return Allowed(lengths[length], paid, stamp)

    async def _busy(self) -> Busy:
        has_steps = (await self._organisation.charter()).charter.stamps is not None
        return Busy(self._committer.queue.step_wanted() if has_steps else None)

    async def _paid(self, stamp: Stamp) -> int:
        opened = await self._organisation.charter()
        if abs(stamp.day - self._clock.today()) > timedelta(days=DAYS_AROUND):
            return 0
        hashes = self._organisation.newest_hashes()
        return max((step_paid(zero_bits(stamp, opened.charter.origin, one), opened.charter.stamps) for one in hashes), default=0)

    async def take(self, desk: str, epoch: int, allowed: Allowed, body: bytes) -> Taken:
        """Store a report and return its receipt.

        Raises:
            FileError: `header` or `size`: it has not the exact shape.
            PeerError: `altered`: its stamp is for other bytes.
            Conflict: `desk`: the same bytes were given to another desk; `repeated`: they were deleted before the log in force began.
            Busy: too many wait that have paid as much.
            StoreError: `store`: it was not stored.
        """
        check_sealed_shape(body, allowed.stanzas, REPORT_CLASSES)
        name = report_id(body)
        if allowed.stamp is not None and allowed.stamp.id != name:
            raise PeerError(Failure.ALTERED, "the stamp is for other bytes")
        salt = random_bytes(_SALT_LENGTH).hex()
        # Who has paid once for what is stored has no place in the queue for it.
        promise = await self._committer.promised(name) if allowed.paid else None
        if promise is None:
            promise = await self._store(NewReport(name, desk, salt, epoch, body), allowed.paid)
        if promise.desk != desk:
            raise Conflict(Failure.DESK, "these bytes were given to another desk")
        return Taken(receipt_of(promise, await self.log_key()), promise.salt == salt)

    async def _store(self, report: NewReport, paid: int) -> Promise:
        try:
            return await self._committer.store(report, paid)
        except Full as error:
            raise await self._busy() from error
