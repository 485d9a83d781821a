# SPDX-License-Identifier: Apache-2.0
"""Receipts: what the log promises about one report, and what opens its commitment later.

Rules of this file: a report's id is the hash of its ciphertext. A receipt is a note by the log's key; it promises that the heads
after its day include the commitment, which says nothing to those who do not know the salt. A dummy's commitment looks the same.

Source: crypto/spec/receipt.md.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta

from corncrake_crypto.encoding import canonical, decode_canonical, parse_day
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import Hash, Id, LogOrigin, Natural, Wire
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, write_document
from corncrake_crypto.signatures import SigningKey

KIND: Final = "receipt"
MAX_RECEIPT: Final = 4_096
"""Bytes of a receipt."""
DAYS_AHEAD: Final = 2
"""Days that a receipt may lie ahead of whoever receives it; one of a far future day would promise nothing for as long."""
MAX_OPENINGS: Final = 16_384
"""In one object; there may be many of those."""
MAX_OPENINGS_BYTES: Final = 5 << 20
"""Bytes of `{"openings": […]}`."""

DayText = Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""A day as it stands in the bytes that are hashed: `YYYY-MM-DD`."""

_LEAF: Final = "corncrake.org/leaf/v1\n"


def check_day_text(day: str) -> None:
    """Refuse a day that no calendar has, with the `ValueError` that msgspec makes a `json` of."""
    try:
        parse_day(day)
    except FileError as error:
        raise ValueError(error.detail) from error


class Receipt(Wire, frozen=True, kw_only=True):
    """A promise: the report `id` came to `desk` on `day`, and will stand in the log of this origin line, hidden by `salt`."""

    id: Hash
    desk: Id
    log: LogOrigin
    day: DayText
    salt: Hash

    def __post_init__(self) -> None:
        """Check the day."""
        check_day_text(self.day)


class Opening(Wire, frozen=True, kw_only=True):
    """What opens the commitment at leaf `index`: a report of some desk, or a dummy, which has neither desk nor id."""

    index: Natural
    kind: Literal["report", "dummy"]
    day: DayText
    salt: Hash
    desk: Id | None = None
    id: Hash | None = None

    def __post_init__(self) -> None:
        """Check the day, and that only reports have desk and id."""
        check_day_text(self.day)
        is_report = self.kind == "report"
        if (self.desk is not None) != is_report or (self.id is not None) != is_report:
            raise ValueError("a report's opening names desk and id, and a dummy's neither")


def report_id(sealed: bytes) -> str:
    """Return the id of a report: SHA-256 of its ciphertext, lower-case hex."""
    return hashlib.sha256(sealed).hexdigest()


def sign_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """Return the receipt as a note, signed by its log."""
    return sign_note(write_document(KIND, receipt), [(receipt.log, key)])


def open_receipt(  # noqa: PLR0913 - what it must be, each of it once
    raw: bytes,
    origin: str,
    key: bytes,
    report: str | None = None,
    desk: str | None = None,
    *,
    today: date | None = None,
) -> Receipt:
    """Return a receipt, verified.

    Args:
        raw: the note.
        origin: the log's origin line, from the charter.
        key: the log's 32-byte public key, from the charter.
        report: when given, the id that it must be for.
        desk: when given, the desk that it must be for.
        today: when given, the day by which it must have been taken, `DAYS_AHEAD` aside.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`.
        PeerError: `signature`; `origin`, when it is of another log under the same key; `desk`, when it is for another desk; `altered`,
            when it is for another report; `not-yet-valid`, when it is of a later day.

    Source: crypto/spec/receipt.md §2.
    """
    text = open_note(raw, [NoteKey(origin, key)], limit=MAX_RECEIPT)
    receipt = read_document(text, KIND, Receipt)
    if receipt.log != origin:
        raise PeerError(Failure.ORIGIN, "the receipt is of another log")
    if desk is not None and receipt.desk != desk:
        raise PeerError(Failure.DESK, "the receipt is for another desk")
    if report is not None and receipt.id != report:
        raise PeerError(Failure.ALTERED, "the receipt is for other bytes than were sent")
    if today is not None and parse_day(receipt.day) > today + timedelta(days=DAYS_AHEAD):
        raise PeerError(Failure.NOT_YET_VALID, "the receipt is of a day that has not come")
    return receipt


def report_commitment(desk: str, day: str, report: str, salt: str) -> bytes:
    """Return the 32 bytes that stand in the log for a report; `report` and `salt` are lower-case hex.

    Source: crypto/spec/receipt.md §3.
    """
    return hashlib.sha256(f"{_LEAF}report\n{desk}\n{day}\n{report}\n{salt}\n".encode()).digest()


def dummy_commitment(day: str, salt: str) -> bytes:
    """Return the 32 bytes that stand in the log for nothing; `salt` is 64 characters of lower-case hex.

    Source: crypto/spec/receipt.md §3.
    """
    return hashlib.sha256(f"{_LEAF}dummy\n{day}\n{salt}\n".encode()).digest()


def commitment(receipt: Receipt) -> bytes:
    """Return the 32 bytes that the log has promised to include."""
    return report_commitment(receipt.desk, receipt.day, receipt.id, receipt.salt)


def opening_commitment(opening: Opening) -> bytes:
    """Return the 32 bytes that this opening opens; the caller compares them with the leaf."""
    if opening.desk is None or opening.id is None:
        return dummy_commitment(opening.day, opening.salt)
    return report_commitment(opening.desk, opening.day, opening.id, opening.salt)


class _Openings(Wire, frozen=True, kw_only=True):
    openings: Annotated[tuple[Opening, ...], Meta(max_length=MAX_OPENINGS)]


def write_openings(openings: Iterable[Opening]) -> bytes:
    """Return openings as one canonical JSON object, `{"openings": […]}`."""
    return canonical(_Openings(openings=tuple(openings)))


def read_openings(raw: bytes) -> tuple[Opening, ...]:
    """Return the openings of `{"openings": […]}`; whether they open anything is for `opening_commitment` to show.

    Raises:
        FileError: `size`, when it has more than `MAX_OPENINGS_BYTES`; `json`, `not-canonical`.

    Source: crypto/spec/receipt.md §4.
    """
    if len(raw) > MAX_OPENINGS_BYTES:
        raise FileError(Failure.SIZE, f"openings have at most {MAX_OPENINGS_BYTES} bytes")
    return decode_canonical(raw, _Openings).openings
