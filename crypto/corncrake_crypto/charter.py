# SPDX-License-Identifier: Apache-2.0
"""The charter: what an organisation signs about itself; everything that a client or server believes follows from it.

Rules of this file: bytes in, a verified value out, and the order of checks is the order of the lines of `open_charter`. The pin
is `root`, the hash of the organisation's first key; successors are chained to it by notes that both keys sign. A charter lives
95 days at most, because clients remember nothing.

Source: crypto/spec/charter.md.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, NamedTuple

from msgspec import Meta

from corncrake_crypto.encoding import b64url, parse_root, root_text, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError
from corncrake_crypto.fields import (
    Bytes32,
    CharterRef,
    Day,
    Hash,
    Id,
    Labels,
    Languages,
    LogOrigin,
    Origin,
    Positive,
    RecipientText,
    Root,
    Wire,
    Yes,
)
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, text_hash, unverified_text, write_document
from corncrake_crypto.signatures import SigningKey

KIND: Final = "charter"
SUCCESSION: Final = "succession"
ORGANISATION: Final = "organisation"
"""The signer name of the organisation's key."""
SUCCESSOR: Final = "successor"
RECOVERY: Final = "recovery"
"""The name of a desk's recovery key among its stanzas; no reviewer may have it."""
EMERGENCY_DAYS: Final = 30
"""Days for which an emergency is shown, and for which later charters repeat it."""
MAX_LIFE: Final = 95
"""Days from `issued` to `expires`."""
MAX_AHEAD: Final = 2
"""Days that `issued` may lie ahead of the reader's clock."""
MAX_READERS: Final = 16

_ORIGIN: Final = re.compile(
    r"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:127\.0\.0\.1|localhost|(?:[a-z0-9-]+\.)+onion))(?::[1-9][0-9]{0,4})?",
)


class Organisation(Wire, frozen=True, kw_only=True):
    """Who signs: the present key, and names in 1 to 8 languages."""

    key: Bytes32
    names: Labels


class Log(Wire, frozen=True, kw_only=True):
    """The log: its origin line and key."""

    origin: LogOrigin
    key: Bytes32


class Reviewer(Wire, frozen=True, kw_only=True):
    """One person who reads at a desk: id and identity key."""

    id: Id
    identity: Bytes32


class Recovery(Wire, frozen=True, kw_only=True):
    """A desk's recovery key for one quarter; `number` names it in reports and rises over the organisation's life."""

    number: Positive
    quarter: Annotated[str, Meta(pattern=r"\A[0-9]{4}-Q[1-4]\Z")]
    recipient: RecipientText
    not_before: Day
    not_after: Day


class Desk(Wire, frozen=True, kw_only=True):
    """One desk: whom a report reaches, by which form, and how many of them must have a valid prekey."""

    id: Id
    names: Labels
    languages: Languages
    form: Hash
    reviewers: Annotated[tuple[Reviewer, ...], Meta(min_length=1, max_length=MAX_READERS)]
    min: Annotated[int, Meta(ge=1, le=MAX_READERS)]
    voices: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_READERS)]
    recovery: Annotated[tuple[Recovery, ...], Meta(min_length=1, max_length=8)] | None = None

    def identity(self, reviewer: str) -> bytes:
        """Return the 32-byte identity key of a reviewer.

        Raises:
            PeerError: `desk`, when the desk has no such reviewer.
        """
        for candidate in self.reviewers:
            if candidate.id == reviewer:
                return unb64url(candidate.identity, 32)
        raise PeerError(Failure.DESK, "this desk has no such reviewer")


class Courier(Wire, frozen=True, kw_only=True):
    """A courier: id, and the key that signs its requests."""

    id: Id
    key: Bytes32


class Witness(Wire, frozen=True, kw_only=True):
    """Somebody who cosigns the log."""

    name: LogOrigin
    key: Bytes32


class Witnesses(Wire, frozen=True, kw_only=True):
    """Who cosigns the log, and how many of them must."""

    keys: Annotated[tuple[Witness, ...], Meta(min_length=1, max_length=16)]
    threshold: Annotated[int, Meta(ge=1, le=16)]


class Charter(Wire, frozen=True, kw_only=True):
    """A charter, version 1."""

    sequence: Positive
    root: Root
    successions: Annotated[tuple[Annotated[str, Meta(max_length=4_096)], ...], Meta(max_length=16)]
    issued: Day
    expires: Day
    organisation: Organisation
    origin: Origin
    log: Log
    desks: Annotated[tuple[Desk, ...], Meta(min_length=1, max_length=64)]
    couriers: Annotated[tuple[Courier, ...], Meta(max_length=64)]
    release_keys: Annotated[tuple[Bytes32, ...], Meta(max_length=16)]
    emergency: Yes | None = None
    quorum: Annotated[int, Meta(ge=2, le=MAX_READERS)] | None = None
    stamps: Annotated[tuple[Annotated[int, Meta(ge=0, le=255)], ...], Meta(min_length=3, max_length=3)] | None = None
    witnesses: Witnesses | None = None

    def desk(self, desk: str) -> Desk:
        """Return a desk.

        Raises:
            PeerError: `desk`, when the organisation has no such desk.
        """
        for candidate in self.desks:
            if candidate.id == desk:
                return candidate
        raise PeerError(Failure.DESK, "this organisation has no such desk")


class Succession(Wire, frozen=True, kw_only=True):
    """One key takes over from another; both sign it."""

    root: Root
    number: Positive
    from_key: Bytes32
    to_key: Bytes32


class OpenedCharter(NamedTuple):
    """A verified charter, its text, and the SHA-256 of that."""

    charter: Charter
    text: str
    sha256: str

    @property
    def ref(self) -> CharterRef:
        """What names this charter in reports and edition heads."""
        return CharterRef(sequence=self.charter.sequence, sha256=self.sha256)

    def desk(self, desk: str) -> Desk:
        """Return a desk; see `Charter.desk`."""
        return self.charter.desk(desk)


def _refused(failure: Failure, detail: str) -> PeerError:
    return PeerError(failure, detail)


def root_of(public: bytes) -> bytes:
    """Return the 32-byte root of the organisation whose first 32-byte key is `public`."""
    return hashlib.sha256(b"corncrake.org/organisation/v1\n" + public).digest()


def is_origin(origin: str) -> bool:
    """Say whether a server may have this address: https, or http for loopback and onions; lower case, no path."""
    return _ORIGIN.fullmatch(origin) is not None and ".." not in origin


# -- making ----------------------------------------------------------------------------------------------------------------


def sign_charter(charter: Charter, key: SigningKey) -> bytes:
    """Return the charter as a note signed by the organisation's present key.

    Raises:
        PeerError: `charter`, when it contradicts itself: better said in the ceremony than to every client.

    Source: crypto/spec/charter.md §1.
    """
    _check_consistency(charter)
    return sign_note(write_document(KIND, charter), [(ORGANISATION, key)])


def sign_succession(root: bytes, number: int, old: SigningKey, new: SigningKey) -> bytes:
    """Return the note by which `new` takes over from `old`, the `number`-th since the first key, from 1.

    Source: crypto/spec/charter.md §2.
    """
    value = Succession(root=root_text(root), number=number, from_key=b64url(old.public), to_key=b64url(new.public))
    return sign_note(write_document(SUCCESSION, value), [(ORGANISATION, old), (SUCCESSOR, new)])


# -- reading ---------------------------------------------------------------------------------------------------------------


def _open_succession(raw: bytes, root: str, number: int) -> Succession:
    """Return one succession, signed by both of the keys that it names itself."""
    try:
        value = read_document(unverified_text(raw), SUCCESSION, Succession)
        keys = [NoteKey(ORGANISATION, unb64url(value.from_key)), NoteKey(SUCCESSOR, unb64url(value.to_key))]
        open_note(raw, keys, required=(ORGANISATION, SUCCESSOR))
    except CorncrakeError as error:
        raise _refused(Failure.SUCCESSION, "a succession is not signed by both keys, or is none") from error
    if (value.root, value.number) != (root, number):
        raise _refused(Failure.SUCCESSION, "a succession is of another organisation, or not in its place")
    return value


def _check_chain(charter: Charter, root: bytes) -> None:
    """Walk from the first key, whose hash is the root, to the present one."""
    raws = [note.encode() for note in charter.successions]
    steps = [_open_succession(raw, charter.root, number) for number, raw in enumerate(raws, 1)]
    keys = [*(step.from_key for step in steps), charter.organisation.key]
    if root_of(unb64url(keys[0])) != root:
        raise _refused(Failure.ROOT, "the first key is not the one that was pinned")
    if [step.to_key for step in steps] != keys[1:]:
        raise _refused(Failure.SUCCESSION, "the chain of successions does not lead to the present key")


def _check_days(charter: Charter, today: date) -> None:
    if (charter.issued - today).days > MAX_AHEAD:
        raise _refused(Failure.NOT_YET_VALID, "the charter is from the future, or this clock is slow")
    if today > charter.expires:
        raise _refused(Failure.EXPIRED, "the charter has expired")
    if not 0 <= (charter.expires - charter.issued).days <= MAX_LIFE:
        raise _refused(Failure.CHARTER, f"a charter lives {MAX_LIFE} days at most")


def check_floor(opened: OpenedCharter, floor: CharterRef) -> None:
    """Check that a charter is not older than one that is known to exist.

    Raises:
        PeerError: `rollback` for a lower sequence; `equivocation` for the same sequence with another text.

    Source: crypto/spec/charter.md §4.
    """
    if opened.charter.sequence < floor.sequence:
        raise _refused(Failure.ROLLBACK, "a newer charter exists")
    if opened.charter.sequence == floor.sequence and opened.sha256 != floor.sha256:
        raise _refused(Failure.EQUIVOCATION, "two charters have the same sequence")


def _check_unique(values: Iterable[str], what: str) -> None:
    values = list(values)
    if len(set(values)) != len(values):
        raise _refused(Failure.CHARTER, f"{what} is there twice")


def _check_desk(desk: Desk) -> None:
    ids = [reviewer.id for reviewer in desk.reviewers]
    _check_unique(ids, "a reviewer")
    _check_unique((reviewer.identity for reviewer in desk.reviewers), "an identity")
    _check_unique(desk.voices, "a voice")
    _check_unique(desk.languages, "a language")
    recovery = desk.recovery or ()
    _check_unique((entry.quarter for entry in recovery), "a quarter")
    _check_unique((str(entry.number) for entry in recovery), "the number of a recovery key")
    _check_unique((entry.recipient for entry in recovery), "a recovery key")
    if RECOVERY in ids or not set(desk.voices) <= set(ids) or desk.min > len(ids):
        raise _refused(Failure.CHARTER, "a desk names a voice that is no reviewer, or needs more reviewers than it has")
    if len(ids) + bool(recovery) > MAX_READERS or any(entry.not_after < entry.not_before for entry in recovery):
        raise _refused(Failure.CHARTER, "a desk has too many readers, or a recovery key that ends before it begins")


def _check_consistency(charter: Charter) -> None:
    """Check what fields say about each other."""
    if not is_origin(charter.origin):
        raise _refused(Failure.CHARTER, "the origin is not an address that a server may have")
    _check_unique((desk.id for desk in charter.desks), "a desk")
    _check_unique((courier.id for courier in charter.couriers), "a courier")
    _check_unique((courier.key for courier in charter.couriers), "a courier's key")
    _check_unique(charter.release_keys, "a release key")
    for desk in charter.desks:
        _check_desk(desk)
    people = {(reviewer.id, reviewer.identity) for desk in charter.desks for reviewer in desk.reviewers}
    _check_unique((reviewer for reviewer, _ in people), "a reviewer with two identities")
    _check_unique((identity for _, identity in people), "an identity of two reviewers")
    witnesses = charter.witnesses.keys if charter.witnesses is not None else ()
    _check_unique((witness.name for witness in witnesses), "a witness")
    if charter.witnesses is not None and charter.witnesses.threshold > len(witnesses):
        raise _refused(Failure.CHARTER, "more witnesses are needed than there are")
    if charter.stamps is not None and list(charter.stamps) != sorted(set(charter.stamps)):
        raise _refused(Failure.CHARTER, "the steps of stamps do not rise")
    roles = [charter.organisation.key, charter.log.key, *{identity for _, identity in people}, *charter.release_keys]
    roles += [courier.key for courier in charter.couriers] + [witness.key for witness in witnesses]
    _check_unique(roles, "one key in two roles")


def open_charter(
    raw: bytes,
    *,
    root: bytes,
    origin: str | None,
    today: date,
    floor: CharterRef | None = None,
) -> OpenedCharter:
    """Verify a charter.

    Args:
        raw: the note as it came.
        root: the pinned 32 bytes.
        origin: the address it was fetched from or is meant for; None where there is none, as in a vault.
        today: the day by the reader's clock, or by the newest edition head if that is later.
        floor: the highest charter known to exist.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`.
        PeerError: in this order: `root`, `succession`, `signature`, `origin`, `not-yet-valid`, `expired`, `charter` (its life),
            `rollback` or `equivocation`, `charter` (it contradicts itself).

    Source: crypto/spec/charter.md §3.
    """
    text = unverified_text(raw)
    charter = read_document(text, KIND, Charter)
    if parse_root(charter.root) != root:
        raise _refused(Failure.ROOT, "this is the charter of another organisation")
    _check_chain(charter, root)
    open_note(raw, [NoteKey(ORGANISATION, unb64url(charter.organisation.key))])
    if origin is not None and charter.origin != origin:
        raise _refused(Failure.ORIGIN, "this charter is for another address")
    _check_days(charter, today)
    opened = OpenedCharter(charter, text, text_hash(text))
    if floor is not None:
        check_floor(opened, floor)
    _check_consistency(charter)
    return opened


def tells_emergency(charter: Charter, today: date) -> bool:
    """Say whether a reader must be told that somebody was let in without those who read before: for 30 days from `issued`.

    Source: crypto/spec/charter.md §6.
    """
    return bool(charter.emergency) and (today - charter.issued).days < EMERGENCY_DAYS
