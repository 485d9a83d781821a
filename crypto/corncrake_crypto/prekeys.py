# SPDX-License-Identifier: Apache-2.0
"""Prekeys: one public key to seal to per reviewer and week, so that what is destroyed cannot be opened again.

Rules of this file: an epoch is one UTC week, counted from Monday 2026-01-05. A prekey is a note by its reviewer. Of two for one
epoch the higher number holds; two of the same number are `equivocation`. A client seals to every reviewer of the desk that has
a valid one, in the order of their ids and the desk's recovery key last, and says whom it left out.

Source: crypto/spec/prekeys.md.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from corncrake_crypto.charter import RECOVERY, Charter, Desk
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.fields import Day, Id, Natural, Positive, RecipientText, Root, SealedTo, Wire
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, text_hash, unverified_text, write_document
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.signatures import SigningKey

KIND: Final = "prekeys"
EPOCH_ZERO: Final = date(2026, 1, 5)
EPOCH_DAYS: Final = 7
MAX_NOTES: Final = 64


class Prekey(Wire, frozen=True, kw_only=True):
    """One reviewer's public key for one epoch, valid for the week and at most a day around it."""

    root: Root
    reviewer: Id
    epoch: Natural
    number: Positive
    not_before: Day
    not_after: Day
    recipient: RecipientText


class Chosen(NamedTuple):
    """Whom to seal to: `stanzas` and `recipients` side by side, and the reviewers that had no valid prekey."""

    stanzas: tuple[SealedTo, ...]
    recipients: tuple[Recipient, ...]
    left_out: tuple[str, ...]


class _Candidate(NamedTuple):
    prekey: Prekey
    sha256: str


def signer(reviewer: str) -> str:
    """Return the name under which a reviewer signs notes."""
    return f"reviewer/{reviewer}"


def epoch_of(day: date) -> int:
    """Return the epoch of a day, from 0.

    Raises:
        UsageError: `epoch`, for a day before the first.
    """
    epoch = (day - EPOCH_ZERO).days // EPOCH_DAYS
    if epoch < 0:
        raise UsageError(Failure.EPOCH, "this day is before the first epoch: is the clock right?")
    return epoch


def epoch_days(epoch: int) -> tuple[date, date]:
    """Return the first and last day of an epoch: Monday and Sunday.

    Raises:
        UsageError: `epoch`, when there is none of this number.
    """
    try:
        first = EPOCH_ZERO + timedelta(days=EPOCH_DAYS * epoch)
        last = first + timedelta(days=EPOCH_DAYS - 1)
    except OverflowError as error:
        raise UsageError(Failure.EPOCH, "no calendar reaches this epoch") from error
    if epoch < 0:
        raise UsageError(Failure.EPOCH, "epochs are counted from 0")
    return first, last


def sign_prekey(prekey: Prekey, identity: SigningKey) -> bytes:
    """Return a prekey as a note signed by its reviewer's identity.

    Raises:
        PeerError: `epoch`, when its days are not those of its epoch.

    Source: crypto/spec/prekeys.md §2.
    """
    _check_days(prekey)
    return sign_note(write_document(KIND, prekey), [(signer(prekey.reviewer), identity)])


def _check_days(prekey: Prekey) -> None:
    one = timedelta(days=1)
    try:
        first, last = epoch_days(prekey.epoch)
        fits = prekey.not_before in (first - one, first) and prekey.not_after in (last, last + one)
    except (UsageError, OverflowError):
        fits = False
    if not fits:
        raise PeerError(Failure.EPOCH, "the days of a prekey are not those of its epoch")


def open_prekey(raw: bytes, *, root: bytes, reviewer: str, identity: bytes) -> Prekey:
    """Verify one prekey.

    Args:
        raw: the note.
        root: the organisation's 32 bytes.
        reviewer: whose it must be.
        identity: that reviewer's 32-byte key, from the charter.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`; `encoding`, when the recipient is none.
        PeerError: `signature`; `root` or `desk`, when it is of another organisation or reviewer; `epoch`, when its days are not
            those of its epoch.

    Source: crypto/spec/prekeys.md §2.
    """
    text = open_note(raw, [NoteKey(signer(reviewer), identity)])
    prekey = read_document(text, KIND, Prekey)
    if parse_root(prekey.root) != root:
        raise PeerError(Failure.ROOT, "this prekey is of another organisation")
    if prekey.reviewer != reviewer:
        raise PeerError(Failure.DESK, "this prekey is of another reviewer")
    _check_days(prekey)
    Recipient.from_text(prekey.recipient)
    return prekey


def _newest(charter: Charter, desk: Desk, epoch: int, notes: Sequence[bytes]) -> dict[str, _Candidate]:
    """Return the prekey with the highest number of each reviewer, all of them verified."""
    newest: dict[str, _Candidate] = {}
    seen: dict[tuple[str, int], str] = {}
    root = parse_root(charter.root)
    for raw in notes:
        text = unverified_text(raw)
        reviewer = read_document(text, KIND, Prekey).reviewer
        prekey = open_prekey(raw, root=root, reviewer=reviewer, identity=desk.identity(reviewer))
        if prekey.epoch != epoch:
            raise PeerError(Failure.EPOCH, "a prekey is of another epoch")
        found = _Candidate(prekey, text_hash(text))
        if seen.setdefault((reviewer, prekey.number), found.sha256) != found.sha256:
            raise PeerError(Failure.EQUIVOCATION, "a reviewer signed two prekeys of one number")
        if prekey.number >= newest.get(reviewer, found).prekey.number:
            newest[reviewer] = found
    return newest


def _recovery(desk: Desk, epoch: int, today: date) -> tuple[SealedTo, Recipient] | None:
    for entry in desk.recovery or ():
        if entry.not_before <= today <= entry.not_after:
            return SealedTo(reviewer=RECOVERY, epoch=epoch, number=entry.number), Recipient.from_text(entry.recipient)
    return None


def choose_recipients(charter: Charter, desk_id: str, epoch: int, notes: Sequence[bytes], today: date) -> Chosen:
    """Return whom to seal a report to.

    Args:
        charter: verified.
        desk_id: the desk.
        epoch: the one asked for: today's.
        notes: prekeys as they came, at most 64.
        today: the reader's day.

    Raises:
        FileError: as `open_prekey`; `size` for too many notes.
        PeerError: as `open_prekey`; `desk` for a desk or reviewer that is not in the charter; `epoch` for a prekey of another
            one; `equivocation` for two of one number, or one recipient of two reviewers; `too-few`, under `desk.min`.

    Source: crypto/spec/prekeys.md §3.
    """
    if len(notes) > MAX_NOTES:
        raise FileError(Failure.SIZE, f"at most {MAX_NOTES} prekeys are looked at")
    desk = charter.desk(desk_id)
    newest = _newest(charter, desk, epoch, notes)
    chosen: list[tuple[SealedTo, Recipient]] = []
    left_out: list[str] = []
    for reviewer in sorted(entry.id for entry in desk.reviewers):
        found = newest.get(reviewer)
        if found is None or not found.prekey.not_before <= today <= found.prekey.not_after:
            left_out.append(reviewer)
            continue
        sealed_to = SealedTo(reviewer=reviewer, epoch=epoch, number=found.prekey.number)
        chosen.append((sealed_to, Recipient.from_text(found.prekey.recipient)))
    if len(chosen) < desk.min:
        raise PeerError(Failure.TOO_FEW, f"{len(chosen)} reviewers have a valid prekey, {desk.min} are needed")
    if desk.recovery is not None:
        recovery = _recovery(desk, epoch, today)
        if recovery is None:
            left_out.append(RECOVERY)
        else:
            chosen.append(recovery)
    if len({recipient for _, recipient in chosen}) != len(chosen):
        raise PeerError(Failure.EQUIVOCATION, "two reviewers have the same recipient")
    return Chosen(tuple(sealed_to for sealed_to, _ in chosen), tuple(recipient for _, recipient in chosen), tuple(left_out))
