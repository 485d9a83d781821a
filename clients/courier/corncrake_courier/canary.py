# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posting a canary: the visit of a reporter, a pause as of a person who writes, and a report that a vault has sealed before.

Rules of this file: what goes to the server is what a reporter's program sends: charter, heads, form, prekeys, one reply tile of each voice, then the
report, each once and in this order. What would stand out is not posted. Nothing is kept: neither the receipt nor that there was one.

Source: crypto/spec/canary.md; crypto/spec/prekeys.md §3.
"""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_courier.outside import Outside, TooMuchError
from corncrake_crypto.canary import CANARY_CLASS, MAX_SLIP, Slip, check_canary, read_slip
from corncrake_crypto.charter import open_charter
from corncrake_crypto.edition import SLOT, bucket, check_heads, newest_heads
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, UsageError
from corncrake_crypto.form import MAX_FORM, read_form
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE, read_bundle
from corncrake_crypto.padding import MAX_RECIPIENTS, wire_size
from corncrake_crypto.prekeys import choose_recipients, epoch_days, epoch_of
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import MAX_RECEIPT, open_receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_crypto.edition import OpenedEdition

THINKING: Final = 480.0
THINKING_SPREAD: Final = 0.7
"""Median of the seconds between a visit and its report, and the standard deviation of its logarithm: as cover is drawn."""
CANARY_MAX: Final = wire_size(MAX_RECIPIENTS, CANARY_CLASS)


class Canary(NamedTuple):
    """A canary as it lies on a stick: its slip, and its bytes."""

    slip: Slip
    sealed: bytes


class BadReceiptError(PeerError):
    """The server has taken a canary and not signed for it as it must."""


class Place(NamedTuple):
    """Where to: the server's address, the organisation's root, and the day by this machine's clock."""

    origin: str
    root: bytes
    today: date


def read_canary(path: Path) -> Canary:
    """Read a canary and the slip beside it.

    Raises:
        UsageError: `misuse`: one of the two cannot be read, or is too long.
        FileError: the slip is none; the word says why.
    """
    sealed = _read(path, CANARY_MAX)
    return Canary(read_slip(_read(path.with_suffix(".json"), MAX_SLIP)), sealed)


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{path.name} cannot be read: {error.strerror}; a canary is two files, .age and .json") from error
    if len(raw) > most:
        raise UsageError(Failure.MISUSE, f"{path.name} is longer than any: it is no canary")
    return raw


def draw_pause() -> float:
    """Return for how many seconds somebody writes."""
    return secrets.SystemRandom().lognormvariate(math.log(THINKING), THINKING_SPREAD)


def post_canary(canary: Canary, place: Place, pause: Callable[[], None]) -> None:
    """Post a canary as a reporter posts, and verify its receipt.

    Args:
        canary: as it was made.
        place: where to.
        pause: waits between the visit and the report.

    Raises:
        UsageError: `epoch`, when today is not in its week, and nothing was sent.
        PeerError, FileError: it is damaged or would stand out, or the server's papers are not right, or it refused; the word says which.
        BadReceiptError: the server has it, and its receipt is not right.
        StoreError: `store`: the line broke; the same file can be posted again.
    """
    slip = canary.slip
    _check_week(slip, place.today)
    charter, day, recipients = _visit(slip.desk, place)
    _check_week(slip, day)
    check_canary(slip, canary.sealed, recipients)
    pause()
    with Outside(place.origin) as server:
        try:
            receipt = server.post(f"/v1/desks/{slip.desk}/epochs/{slip.epoch}/reports", canary.sealed, MAX_RECEIPT)
        except TooMuchError as error:
            raise BadReceiptError(error.failure, f"the canary was posted, and no receipt came for it: {error.detail}") from error
    log = charter.charter.log
    try:
        open_receipt(receipt, log.origin, unb64url(log.key, 32), slip.id, slip.desk, today=day)
    except CorncrakeError as error:
        raise BadReceiptError(error.failure, f"the canary was posted, and what the server gave for it is no good receipt: {error.detail}") from error


def advice_for(error: CorncrakeError) -> str:
    """Return what to do when a canary could not be posted."""
    if isinstance(error, BadReceiptError):
        return "Tell the reviewer whose canary it is: it may not come back, and the organisation should know why."
    if error.failure is Failure.STORE:
        return "The server may have it or not. Run the same command again with the same file: it counts once."
    if isinstance(error, UsageError):
        return "Nothing was posted."
    return "Nothing was posted. Copy the two files again, or ask for another canary; if it stays, tell the reviewer."


def _check_week(slip: Slip, today: date) -> None:
    if slip.epoch == epoch_of(today):
        return
    first, last = epoch_days(slip.epoch)
    if today < first:
        raise UsageError(Failure.EPOCH, f"this canary is for a later week: post it from {first.isoformat()} to {last.isoformat()}")
    detail = f"the week of this canary ended on {last.isoformat()}: it was not posted; delete it, and tell the reviewer whose it is"
    raise UsageError(Failure.EPOCH, detail)


def _visit(desk_id: str, place: Place) -> tuple[OpenedCharter, date, int]:
    """Visit as a reporter does; return the charter, the day, and to how many a reporter would seal now."""
    with Outside(place.origin) as server:
        charter = open_charter(server.get("/v1/charter", MAX_NOTE), root=place.root, origin=place.origin, today=place.today)
        desk = charter.desk(desk_id)
        heads = newest_heads(charter, desk.id, read_bundle(server.get(f"/v1/desks/{desk.id}/heads", MAX_BUNDLE)))
        day = check_heads(charter, heads, place.today).today
        read_form(server.get(f"/v1/forms/{desk.form}", MAX_FORM), desk.form)
        epoch = epoch_of(day)
        prekeys = read_bundle(server.get(f"/v1/desks/{desk.id}/epochs/{epoch}/prekeys", MAX_BUNDLE))
        thread = random_bytes(32)
        for head in heads:
            _look_at_tile(server, desk.id, head, thread)
    return charter, day, len(choose_recipients(charter.charter, desk.id, epoch, prekeys, day).recipients)


def _look_at_tile(server: Outside, desk: str, head: OpenedEdition, thread: bytes) -> None:
    edition = head.edition
    place = bucket(desk, thread, edition.bits)
    try:
        server.get(f"/v1/desks/{desk}/editions/{edition.reviewer}/{edition.number}/{place}", edition.slots * SLOT)
    except PeerError:
        # Whoever came to send has no use for it.
        return
