# SPDX-License-Identifier: Apache-2.0
"""Replies: what a reviewer writes to one thread in one slot of one edition.

Rules of this file: a reply says for itself where it stands (origin, desk, reviewer, edition, bucket, part, thread), signed by the
reviewer's identity, so that a slot cannot be moved to another place or day. Its acknowledgements are automatic and may stand
without text. A server must not load this file.

Source: crypto/spec/reply.md.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from corncrake_crypto.archive import BLOCK as TAR_BLOCK
from corncrake_crypto.archive import END_LENGTH, check_members, read_archive, write_archive
from corncrake_crypto.edition import MAX_PARTS, SEALED_REPLY
from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.fields import BlockId, Bytes16, Bytes32, Bytes64, Id, Origin, Positive, Wire
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import REPLY_CLASS
from corncrake_crypto.signatures import SigningKey, sign_statement, verify_statement
from corncrake_crypto.unseal import unseal

KIND: Final = "reply"
MEMBERS: Final = ("reply.json",)
MAX_JSON: Final = REPLY_CLASS - TAR_BLOCK - END_LENGTH
"""Bytes of `reply.json`: 4,608."""
MAX_BUCKET: Final = 65_535
"""Of the form; no edition has so many tiles."""
_NO_SIGNATURE: Final = "A" * 86


class ReplyDraft(Wire, frozen=True, kw_only=True):
    """What a vault decides about one part of a reply.

    Attributes:
        origin, desk, reviewer, edition, bucket, part, parts, thread: where it stands; parts are counted from 0.
        acknowledged: names of the thread's messages that a reviewer's machine has.
        missing_blocks: ids of blocks that have not arrived.
        text: the reviewer's words.
    """

    origin: Origin
    desk: Id
    reviewer: Id
    edition: Positive
    bucket: Annotated[int, Meta(ge=0, le=MAX_BUCKET)]
    part: Annotated[int, Meta(ge=0, lt=MAX_PARTS)] = 0
    parts: Annotated[int, Meta(ge=1, le=MAX_PARTS)] = 1
    thread: Bytes32
    acknowledged: Annotated[tuple[Bytes16, ...], Meta(max_length=64)]
    missing_blocks: Annotated[tuple[BlockId, ...], Meta(max_length=64)]
    text: Annotated[str, Meta(max_length=MAX_JSON)] | None = None

    def __repr__(self) -> str:
        """Return a form that hides what was written."""
        return f"{type(self).__name__}(desk={self.desk!r}, edition={self.edition}, …)"


class Reply(Wire, frozen=True, kw_only=True):
    """One part of a reply as it stands in `reply.json`; see `ReplyDraft`."""

    v: Literal[1]
    origin: Origin
    desk: Id
    reviewer: Id
    edition: Positive
    bucket: Annotated[int, Meta(ge=0, le=MAX_BUCKET)]
    part: Annotated[int, Meta(ge=0, lt=MAX_PARTS)]
    parts: Annotated[int, Meta(ge=1, le=MAX_PARTS)]
    thread: Bytes32
    acknowledged: Annotated[tuple[Bytes16, ...], Meta(max_length=64)]
    missing_blocks: Annotated[tuple[BlockId, ...], Meta(max_length=64)]
    text: Annotated[str, Meta(max_length=MAX_JSON)] | None = None
    signature: Bytes64

    def __repr__(self) -> str:
        """Return a form that hides what was written."""
        return f"Reply(desk={self.desk!r}, edition={self.edition}, …)"


class ReplyPlace(NamedTuple):
    """Where a client looked, and so where a reply must say that it stands; `public` is the reviewer's 32-byte identity key."""

    origin: str
    desk: str
    reviewer: str
    public: bytes
    edition: int
    bucket: int
    part: int
    thread: str


def _signed(draft: ReplyDraft, signature: str) -> Reply:
    return Reply(v=1, signature=signature, **msgspec.structs.asdict(draft))


# -- making ----------------------------------------------------------------------------------------------------------------


def _room(draft: ReplyDraft) -> int:
    """Return how many bytes of JSON string the text of this part may have."""
    return MAX_JSON - len(canonical(_signed(msgspec.structs.replace(draft, text=""), _NO_SIGNATURE)))


def _cut(text: str, room: int) -> int:
    """Return how many characters of `text` fit into `room` bytes of JSON string."""
    used = 0
    for count, character in enumerate(text):
        used += len(canonical(character)) - 2
        if used > room:
            return count
    return len(text)


def split_reply(draft: ReplyDraft) -> tuple[ReplyDraft, ...]:
    """Return the 1 to 4 parts of a reply whose text may be too long for one.

    Args:
        draft: the whole, `part` and `parts` as they are by default; the first part carries all acknowledgements.

    Raises:
        UsageError: `size`, when four parts do not hold it.

    Source: crypto/spec/reply.md §2.
    """
    plain = msgspec.structs.replace(draft, acknowledged=(), missing_blocks=(), part=MAX_PARTS - 1, parts=MAX_PARTS)
    texts: list[str | None] = [None]
    rest = draft.text or ""
    if draft.text is not None:
        texts = []
        while rest or not texts:
            if len(texts) == MAX_PARTS:
                raise UsageError(Failure.SIZE, f"this text does not fit into {MAX_PARTS} parts")
            count = _cut(rest, _room(plain if texts else draft))
            texts.append(rest[:count])
            rest = rest[count:]
    shells = [draft, *[plain] * (len(texts) - 1)]
    return tuple(
        msgspec.structs.replace(shell, text=text, part=part, parts=len(texts)) for part, (shell, text) in enumerate(zip(shells, texts, strict=True))
    )


def build_reply(draft: ReplyDraft, identity: SigningKey) -> bytes:
    """Return the plaintext of one part, 6,144 bytes, signed by the reviewer's identity.

    Raises:
        UsageError: `size`, when it does not fit.
        FileError: `json`, when the text holds what canonical JSON does not allow.

    Source: crypto/spec/reply.md §1.
    """
    signature = sign_statement(identity, KIND, _signed(draft, _NO_SIGNATURE))
    return write_archive([(MEMBERS[0], canonical(_signed(draft, signature)))], REPLY_CLASS)


# -- reading ---------------------------------------------------------------------------------------------------------------


def read_reply(plaintext: bytes, place: ReplyPlace) -> Reply:
    """Return the reply in a plaintext, if the reviewer wrote it for this place.

    Raises:
        FileError: `size`, `kind`, `archive`, `json`, `not-canonical`.
        PeerError: in this order: `signature`, `origin`, `desk` (or reviewer), `thread`, `edition` (or bucket, or part).

    Source: crypto/spec/reply.md §3.
    """
    if len(plaintext) != REPLY_CLASS:
        raise FileError(Failure.SIZE, f"a reply has {REPLY_CLASS} bytes")
    members = read_archive(plaintext)
    if members[0].name != MEMBERS[0]:
        raise FileError(Failure.KIND, "this is no reply")
    check_members(members, MEMBERS)
    reply = decode_canonical(members[0].data, Reply)
    verify_statement(place.public, KIND, reply, reply.signature)
    if reply.origin != place.origin:
        raise PeerError(Failure.ORIGIN, "this reply is of another address")
    if (reply.desk, reply.reviewer) != (place.desk, place.reviewer):
        raise PeerError(Failure.DESK, "this reply is of another desk or reviewer")
    if reply.thread != place.thread:
        raise PeerError(Failure.THREAD, "this reply was written to somebody else")
    if (reply.edition, reply.bucket, reply.part) != (place.edition, place.bucket, place.part) or reply.part >= reply.parts:
        raise PeerError(Failure.EDITION, "this reply was written for another edition or place in it")
    return reply


def open_reply(sealed: bytes, identity: Identity, place: ReplyPlace) -> Reply:
    """Open the sealed reply of one slot.

    Args:
        sealed: 7,803 bytes from a tile.
        identity: the reporter's reply identity.
        place: where it was found.

    Raises:
        FileError: `size`; `header`, `no-match`, `hmac`, `payload` from the seal; else as `read_reply`.
        PeerError: as `read_reply`.

    Source: crypto/spec/reply.md §3.
    """
    if len(sealed) != SEALED_REPLY:
        raise FileError(Failure.SIZE, f"a sealed reply has {SEALED_REPLY} bytes")
    return read_reply(unseal(sealed, [identity]), place)


def join_replies(replies: Iterable[Reply]) -> str | None:
    """Return the whole text of a reply, or None when it has only acknowledgements.

    Raises:
        PeerError: `edition`, when parts are missing, doubled, out of order, or of different replies.

    Source: crypto/spec/reply.md §2.
    """
    replies = list(replies)
    places = [(reply.thread, reply.reviewer, reply.edition, reply.part, reply.parts) for reply in replies]
    if not replies or places != [(*places[0][:3], part, len(replies)) for part in range(len(replies))]:
        raise PeerError(Failure.EDITION, "the parts of a reply do not make one")
    texts = [reply.text for reply in replies if reply.text is not None]
    return "".join(texts) if texts else None
