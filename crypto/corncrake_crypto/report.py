# SPDX-License-Identifier: Apache-2.0
"""The report: what one person tells one desk, inside its seal.

Rules of this file: the thread's key signs everything, so that reviewers know that a follow-up comes from whoever wrote first.
A report says for itself which desk, origin, charter and prekeys it was meant for; whether those are ours is the reader's to
check, by `check_addressed` and `check_sealed_to`. A representation shows neither secrets nor a word of what was told.

Source: crypto/spec/report.md.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from corncrake_crypto.archive import check_members, content_length, read_archive, write_archive
from corncrake_crypto.block import BLOCK_CLASSES, MAX_FILE_SIZE, MAX_LIVE_BLOCKS, data_room, plan
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import (
    Bytes16,
    Bytes32,
    Bytes64,
    CharterRef,
    Day,
    Hash,
    Id,
    IdentityText,
    Language,
    Natural,
    Origin,
    Positive,
    SealedTo,
    Wire,
    Yes,
)
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import MAX_RECIPIENTS, REPORT_CLASSES, class_for, wire_size
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.signatures import SigningKey, sign_statement, verify_statement
from corncrake_crypto.unseal import unseal_whole

KIND: Final = "report"
MEMBERS: Final = ("report.json", "reply.key")
MAX_ANSWERS: Final = 64
MAX_FILES: Final = 400
MAX_CLOSED: Final = 16
MAX_TEXT: Final = 100_000
"""Characters of one answer."""


class Answer(Wire, frozen=True, kw_only=True):
    """An answer to one question of the form; a question that was skipped has none.

    Attributes:
        question: its id.
        text: for `story`, `text` and `place`.
        day: for `day`; `until` ends a span, and `about` says that it is not known exactly.
        choices: option ids, for `choice` and `many`.
        unknown: 'I do not know'.
    """

    question: Id
    text: Annotated[str, Meta(max_length=MAX_TEXT)] | None = None
    day: Day | None = None
    until: Day | None = None
    about: Yes | None = None
    choices: Annotated[tuple[Id, ...], Meta(max_length=32)] | None = None
    unknown: Yes | None = None

    def __repr__(self) -> str:
        """Return a form that hides the answer."""
        return f"Answer(question={self.question!r})"


class File(Wire, frozen=True, kw_only=True):
    """An attached file: how to find, open and check its blocks, and the reporter's own words for it.

    Attributes:
        identity: secret; opens the blocks.
        block_key: secret; names them.
        class_: of its blocks, in bytes (`class` on the wire).
        blocks: how many hold data. Like `sha256` and `size`, absent only while it is still being recorded.
        sha256: of the bytes as sent, after cleaning.
        name: shown, never used as a path.
        type: shown, never trusted.
        size: bytes.
        live: it is sent while it is being recorded.
        cleaning: what was done about what the file says of the reporter.
        removed: what was taken out, by name.
    """

    identity: IdentityText
    block_key: Bytes32
    class_: int = msgspec.field(name="class")
    blocks: Annotated[int, Meta(ge=1, le=MAX_LIVE_BLOCKS)] | None = None
    sha256: Hash | None = None
    name: Annotated[str, Meta(max_length=255)]
    type: Annotated[str, Meta(max_length=127)]
    size: Natural | None = None
    live: Yes | None = None
    cleaning: Literal["strip", "keep", "partial"] | None = None
    removed: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=64)] | None = None

    def __repr__(self) -> str:
        """Return a form that hides everything."""
        return "File(…)"


class Closed(Wire, frozen=True, kw_only=True):
    """The end of a recording whose file an earlier message of the thread named with `live`.

    Attributes:
        file: the tag of its file identity: whoever recorded it has erased the identity itself.
        blocks: how many there are; the last may be empty.
        size: bytes.
        sha256: of the data of all blocks, joined.
    """

    file: Bytes16
    blocks: Annotated[int, Meta(ge=1, le=MAX_LIVE_BLOCKS)]
    size: Natural
    sha256: Hash


class Seen(Wire, frozen=True, kw_only=True):
    """The number of a reviewer's edition when the report was written."""

    reviewer: Id
    number: Positive


class ReportDraft(Wire, frozen=True, kw_only=True):
    """What a client decides about a report.

    Attributes:
        kind: `first` and `follow_up` carry a person's words, `cover` none.
        origin, desk, charter, form: for whom it was written, by which charter and form.
        epochs: the stanzas, in their order.
        message: 16 random bytes that name it within its thread.
        seen: edition heads.
        left_out: reviewers of the desk that had no valid prekey.
        reply_tag: the derived key from which the tags of reply slots are made: a secret shared with the desk.
        language: in which it is written.
        day: on which it was sent.
        closed: recordings that have ended.
    """

    kind: Literal["first", "follow_up", "cover"]
    origin: Origin
    desk: Id
    charter: CharterRef
    epochs: Annotated[tuple[SealedTo, ...], Meta(min_length=1, max_length=MAX_RECIPIENTS)]
    message: Bytes16
    seen: Annotated[tuple[Seen, ...], Meta(max_length=16)]
    left_out: Annotated[tuple[Id, ...], Meta(max_length=17)]
    reply_tag: Bytes32
    form: Hash
    language: Language
    day: Day
    answers: Annotated[tuple[Answer, ...], Meta(max_length=MAX_ANSWERS)]
    files: Annotated[tuple[File, ...], Meta(max_length=MAX_FILES)]
    closed: Annotated[tuple[Closed, ...], Meta(min_length=1, max_length=MAX_CLOSED)] | None = None

    def __repr__(self) -> str:
        """Return a form that hides what was told."""
        return f"{type(self).__name__}(desk={self.desk!r}, …)"


class Report(ReportDraft, frozen=True, kw_only=True):
    """A report as it stands in `report.json`: the draft, its thread (a public key), the hash of `reply.key`, the signature."""

    v: Literal[1]
    thread: Bytes32
    reply_key: Hash
    signature: Bytes64

    def __repr__(self) -> str:
        """Return a form that hides what was told."""
        return f"Report(desk={self.desk!r}, …)"


class OpenedReport(NamedTuple):
    """A report, its signature verified, the key that answers are sealed to, and which of the identities opened it."""

    report: Report
    reply_recipient: Recipient
    opened_by: int = 0


def build_report(draft: ReportDraft, key: SigningKey, reply_recipient: Recipient) -> bytes:
    """Return the plaintext of a report: an archive padded to the smallest class that holds it.

    Args:
        draft: what it says.
        key: the thread's key.
        reply_recipient: what answers will be sealed to.

    Raises:
        UsageError: `size`, when it does not fit into the largest class.
        FileError: `json`, when a text holds what canonical JSON does not allow; see `encoding.repair_text`.

    Source: crypto/spec/report.md §2.
    """
    fields: dict[str, Any] = msgspec.structs.asdict(draft)
    fields |= {"v": 1, "thread": b64url(key.public), "reply_key": hashlib.sha256(reply_recipient.raw).hexdigest()}
    signature = sign_statement(key, KIND, Report(**fields, signature=""))
    raw = canonical(Report(**fields, signature=signature))
    members = [(MEMBERS[0], raw), (MEMBERS[1], reply_recipient.raw)]
    return write_archive(members, class_for(content_length(len(data) for _, data in members), REPORT_CLASSES))


def _check_files(report: Report) -> None:
    for file in report.files:
        if file.class_ not in BLOCK_CLASSES:
            raise PeerError(Failure.BLOCK, "a file has blocks of a class that does not exist")
        if file.live:
            continue
        if file.size is None or file.sha256 is None or file.size > MAX_FILE_SIZE:
            raise PeerError(Failure.BLOCK, "a file that is not being recorded does not say its size and hash, or is larger than any can be")
        cut = plan(file.size)
        if (file.class_, file.blocks) != (cut.block_class, cut.data_blocks):
            raise PeerError(Failure.BLOCK, "a file has not the blocks that its size needs")
    for ended in report.closed or ():
        if ended.size > ended.blocks * data_room(max(BLOCK_CLASSES)):
            raise PeerError(Failure.BLOCK, "a recording has more bytes than its blocks can hold")
    if len({ended.file for ended in report.closed or ()}) != len(report.closed or ()):
        raise PeerError(Failure.BLOCK, "a recording is closed twice")


def read_report(plaintext: bytes) -> OpenedReport:
    """Return the report in a plaintext, its signature verified.

    Raises:
        FileError: `size` for a length that is no class; `kind` for another object; `archive`, also when `reply.key` is not the
            one that was signed; `json`, `not-canonical`; `encoding`, when `reply.key` is no recipient.
        PeerError: `signature`; `block`, when a file has blocks that cannot be.

    Source: crypto/spec/report.md §3.
    """
    if len(plaintext) not in REPORT_CLASSES:
        raise FileError(Failure.SIZE, "this length is no class of reports")
    members = read_archive(plaintext)
    if members[0].name != MEMBERS[0]:
        raise FileError(Failure.KIND, "this is no report")
    check_members(members, MEMBERS)
    raw, reply_key = (member.data for member in members)
    report = decode_canonical(raw, Report)
    if hashlib.sha256(reply_key).hexdigest() != report.reply_key:
        raise FileError(Failure.ARCHIVE, "the reply key is not the one that the report names")
    verify_statement(unb64url(report.thread), KIND, report, report.signature)
    _check_files(report)
    return OpenedReport(report, Recipient.from_raw(reply_key))


def open_report(sealed: bytes, identities: Sequence[Identity]) -> OpenedReport:
    """Open one report sealed to a desk.

    Args:
        sealed: the age file as it crossed the wire.
        identities: secrets of prekeys that may fit, the likeliest first.

    Raises:
        FileError: `header`, `no-match`, `hmac`, `payload` from the seal; else as `read_report`; `size`, when it is longer than
            any report.
        PeerError: as `read_report`; `epoch`, when it has another number of stanzas than it names.

    Source: crypto/spec/report.md §3; C2SP age.md.
    """
    if len(sealed) > wire_size(MAX_RECIPIENTS, REPORT_CLASSES[-1]):
        raise FileError(Failure.SIZE, "this is longer than any report")
    unsealed = unseal_whole(sealed, identities)
    opened = read_report(unsealed.plaintext)
    if unsealed.stanzas != len(opened.report.epochs):
        raise PeerError(Failure.EPOCH, "the report is sealed to another number of keys than it names")
    return opened._replace(opened_by=unsealed.opened_by)


def check_addressed(report: Report, origin: str, desk: str) -> None:
    """Check that a report was written to this desk at this address, and not carried here by somebody else.

    Raises:
        PeerError: `origin`, then `desk`.

    Source: crypto/spec/report.md §4.
    """
    if report.origin != origin:
        raise PeerError(Failure.ORIGIN, "this report was written to another address")
    if report.desk != desk:
        raise PeerError(Failure.DESK, "this report was written to another desk")


def check_sealed_to(report: Report, sealed_to: SealedTo) -> None:
    """Check that the prekey which opened a report is one that the reporter meant.

    Raises:
        PeerError: `epoch`.

    Source: crypto/spec/report.md §4.
    """
    if sealed_to not in report.epochs:
        raise PeerError(Failure.EPOCH, "this report was not sealed to that prekey by its author")
