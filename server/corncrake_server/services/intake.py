# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking a report: is it for a desk we have, an epoch that is now, and exactly a sealed object? Then a receipt.

Rules of this file: nothing is stored that has not the exact shape and length, and no receipt is signed before its report is
durable. A receipt can always be made again: the same bytes get the same one.
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
from corncrake_server.ports import NewReport
from corncrake_server.refusals import Conflict, TooLarge

if TYPE_CHECKING:
    from corncrake_server.clock import Clock
    from corncrake_server.ports import Disk, LogKey, Promise
    from corncrake_server.services.committer import Committer
    from corncrake_server.services.organisation import Organisation

_SALT_LENGTH: Final = 32
_ONE_DAY: Final = timedelta(days=1)


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

    def __init__(self, organisation: Organisation, committer: Committer, log: LogKey, disk: Disk, clock: Clock) -> None:
        """Keep the parts."""
        self._organisation = organisation
        self._committer = committer
        self._log = log
        self._disk = disk
        self._clock = clock

    def receipt(self, promise: Promise) -> bytes:
        """Return the receipt of a stored report, again."""
        return receipt_of(promise, self._log)

    async def allowed(self, desk: str, epoch: int, length: int) -> int:
        """Check what can be checked before a body is read; return the number of stanzas it must have.

        Args:
            desk: the desk of the path.
            epoch: the epoch of the path.
            length: the stated length in bytes.

        Raises:
            PeerError: `desk`; `epoch`; `too-few`, when there are no prekeys to seal to.
            TooLarge, FileError: `size`: no sealed report for this desk has this length.
            NoRoom: the disk is too full.
        """
        opened = await self._organisation.charter()
        wanted = opened.desk(desk)
        today = self._clock.today()
        if epoch not in {epoch_of(today + days * _ONE_DAY) for days in (-1, 0, 1)}:
            raise PeerError(Failure.EPOCH, "this is not the epoch of today, give or take a day")
        readers = len(await self._organisation.desk_prekeys(desk, epoch)) + bool(wanted.recovery)
        if readers < wanted.min:
            raise PeerError(Failure.TOO_FEW, "this desk has too few prekeys for this epoch")
        lengths = {wire_size(n, size): n for n in range(wanted.min, readers + 1) for size in REPORT_CLASSES}
        if length > max(lengths):
            raise TooLarge(max(lengths))
        if length not in lengths:
            raise FileError(Failure.SIZE, "no sealed report for this desk has this length")
        self._disk.check_room(length)
        return lengths[length]

    async def take(self, desk: str, epoch: int, stanzas: int, body: bytes) -> Taken:
        """Store a report and return its receipt.

        Raises:
            FileError: `header` or `size`: it has not the exact shape.
            Conflict: `desk`: the same bytes were given to another desk.
            StoreError: `store`: it was not stored.
        """
        check_sealed_shape(body, stanzas, REPORT_CLASSES)
        salt = random_bytes(_SALT_LENGTH).hex()
        promise = await self._committer.store(NewReport(report_id(body), desk, salt, epoch, body))
        if promise.desk != desk:
            raise Conflict(Failure.DESK, "these bytes were given to another desk")
        return Taken(receipt_of(promise, self._log), promise.salt == salt)
