# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is this the log that this monitor has seen before, only longer?

Rules of this file: every file is checked under the signed head before it is believed (`checked_tiles`), and the leaves are hashed once more into
a frontier, by which the same question is answered a second way. A log that is shorter, or of which an older part changed, is
found with the two signed heads as evidence; its head is not taken over.

Source: crypto/spec/checkpoint.md; crypto/spec/tiles.md; RFC 6962 §2.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checked_tiles import CheckedTiles
from corncrake_crypto.checkpoint import Checkpoint, log_name, open_checkpoint
from corncrake_crypto.cosignature import check_cosigned
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, StoreError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.tiles import is_public
from corncrake_monitor.charters import log_key
from corncrake_monitor.evidence import Evidence, backwards, forked
from corncrake_monitor.server import Missing
from corncrake_monitor.state import Seen

if TYPE_CHECKING:
    from corncrake_crypto.charter import Charter
    from corncrake_monitor.findings import Looking

FROZEN_AFTER: Final = timedelta(days=2)
"""A head is signed every day; two days leave room for a server that was down for one."""
AHEAD: Final = timedelta(days=2)
MOST_NEW: Final = 1 << 22
"""Leaves that one pass takes in: more than ten years of a busy log."""
_MOST_PUBLIC: Final = 1 << 18
"""Public documents that one pass takes note of: sixteen reviewers who publish at ten desks each day need four years for as many. 32 MiB of memory."""
_STEP: Final = 65_536


@dataclass
class Followed:
    """The log as a pass has seen it.

    Attributes:
        note: the newest head, as it came.
        head: the same, opened.
        tiles: its files.
        frontier: at its end.
        public: hashes of the public documents that it has gained, by kind, in their order.
    """

    note: bytes
    head: Checkpoint
    tiles: CheckedTiles
    frontier: Frontier
    public: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def seen(self) -> Seen:
        """What of it is remembered."""
        return Seen(origin=self.head.origin, note=self.note.decode(), frontier=self.frontier.encode().hex())


def follow(looking: Looking, charter: Charter) -> Followed | None:
    """Return the log as it is now, all of it that is new checked; None when there is none, or it is not to be believed.

    Raises:
        StoreError: `store`: the line broke.
    """
    try:
        return _follow(looking, charter)
    except StoreError:
        raise
    except CorncrakeError as error:
        looking.find_error(error, "the log")
        return None


def _follow(looking: Looking, charter: Charter) -> Followed | None:
    origin, key = log_key(charter)
    prefix, seen = log_name(origin).path, looking.state.seen_of(origin)
    try:
        note = looking.server.checkpoint(prefix)
    except Missing:
        if seen is not None:
            looking.find(Failure.SHRUNKEN, "the server has lost its log, or hides it")
        elif looking.today - charter.issued > FROZEN_AFTER:
            looking.find(
                Failure.FROZEN,
                f"the server shows no log, and its charter is of {charter.issued}: nothing was published yet, or it is hidden from you",
            )
        return None
    head = open_checkpoint(note, origin, key)
    older = None if seen is None else open_checkpoint(seen.note.encode(), origin, key)
    _look_at_days(looking, head)
    if seen is not None and older is not None and head.day < older.day and head.size >= older.size:
        says = f"the newest head is of {head.day}, and one of {older.day} was shown before: days of heads never run backwards"
        looking.find(Failure.ROLLBACK, says, backwards(seen.note.encode(), note, origin, key, says), lasts=True)
    if seen is not None and older is not None and _is_not_longer(looking, seen.note.encode(), older, note, head, key):
        return None
    tiles = CheckedTiles(head.size, head.root, lambda path: looking.server.log_file(prefix, path))
    if seen is not None and older is not None and (inside := tiles.root_at(older.size)) != older.root:
        evidence = forked(seen.note.encode(), note, origin, key, inside=(inside, tiles.consistency(older.size)))
        looking.find(
            Failure.FORK, f"the log of {head.size} leaves does not continue the one of {older.size} that this monitor saw on {older.day}", evidence
        )
        return None
    try:
        check_cosigned(note, charter.witnesses)
    except CorncrakeError as error:
        looking.find_error(error, "the newest head")
    frontier = Frontier() if seen is None else Frontier.decode(bytes.fromhex(seen.frontier))
    followed = Followed(note, head, tiles, frontier)
    _take_in(looking, followed)
    return followed


def _look_at_days(looking: Looking, head: Checkpoint) -> None:
    if looking.today - head.day > FROZEN_AFTER:
        looking.find(Failure.FROZEN, f"the log stands still: its newest head is of {head.day}, and one is signed every day")
    if head.day - looking.today > AHEAD:
        looking.find(Failure.NOT_YET_VALID, f"the newest head is of {head.day}, a day to come: the server's clock or this one is wrong")


def _is_not_longer(looking: Looking, older_note: bytes, older: Checkpoint, note: bytes, head: Checkpoint, key: bytes) -> bool:  # noqa: PLR0913, PLR0917 - two heads, each as it came and opened
    """Say whether the log is shorter than before, or another one of the same length."""
    if head.size < older.size:
        says = f"the server shows a log of {head.size} leaves, and showed one of {older.size} on {older.day}"
        notes = (older_note.decode(), note.decode())
        looking.find(Failure.SHRUNKEN, says, Evidence(word=Failure.SHRUNKEN.value, says=says, name=head.origin, key=b64url(key), notes=notes))
        return True
    if head.size == older.size and head.root != older.root:
        looking.find(Failure.FORK, f"the log has signed two trees of {head.size} leaves", forked(older_note, note, head.origin, key))
        return True
    return False


def _take_in(looking: Looking, followed: Followed) -> None:
    """Read and hash what is new.

    Raises:
        PeerError: `size`: it is more than can be; `fork`: the leaves do not give the root.
    """
    frontier, size = followed.frontier, followed.head.size
    if size - frontier.size > MOST_NEW:
        raise PeerError(Failure.SIZE, f"it has grown by more than {MOST_NEW} leaves")
    public = 0
    for entry in followed.tiles.entries(frontier.size):
        frontier.append(leaf_hash(entry))
        if is_public(entry):
            _, kind, sha256, _ = entry.decode("ascii").split("\n")
            followed.public.setdefault(kind, []).append(sha256)
            public += 1
        if public > _MOST_PUBLIC:
            raise PeerError(Failure.SIZE, f"it has gained more than {_MOST_PUBLIC} public documents")
        if not frontier.size % _STEP:
            looking.progress(f"log: {frontier.size} of {size} leaves")
    if frontier.root() != followed.head.root:
        raise PeerError(Failure.FORK, "its leaves do not give the root that is signed")
