# SPDX-License-Identifier: AGPL-3.0-or-later
"""Coming back: what the desk's voices left for these words.

Rules of this file: one tile of each voice, fetched whole by the visit, whether anything is in it or not; the server learns a bucket and nothing
more. Words that were never used and a report that nobody has opened look the same here, on purpose. A tile or reply that is not what
the reviewer signed is an error, never an empty answer.

Source: crypto/spec/edition.md; crypto/spec/reply.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.edition import MAX_PARTS, find, read_tile, reply_tag
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.identities import Identity
from corncrake_crypto.reply import ReplyPlace, join_replies, open_reply

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.codename import Codename
    from corncrake_crypto.reply import Reply
    from corncrake_reporter.visit import Board, Visit


class ThreadAnswer(NamedTuple):
    """What one reviewer wrote; `text` is None when a part of it has not arrived."""

    reviewer: str
    text: str | None

    def __repr__(self) -> str:
        """Return a form that hides what was written."""
        return f"ThreadAnswer({self.reviewer!r})"


class Thread(NamedTuple):
    """What coming back shows.

    Attributes:
        acknowledged: a reviewer's machine has it.
        answers: of each voice that wrote.
        missing_blocks: ids of blocks that a reviewer's machine lacks.
        stale_since: the day on which a reviewer was last seen, when that is long ago.
    """

    acknowledged: bool
    answers: tuple[ThreadAnswer, ...]
    missing_blocks: tuple[str, ...]
    stale_since: date | None


def _parts(visit: Visit, codename: Codename, board: Board) -> list[Reply]:
    """Return the parts of one voice's reply to this thread, in their order; none when there is none."""
    root, desk, edition = visit.link.root, visit.desk, board.head.edition
    if board.tile is None:
        raise PeerError(Failure.WITHHELD, "the server does not give a reply tile that its own list names")
    tile = read_tile(board.tile, edition.slots, edition.tiles[board.bucket])
    key, thread = codename.reply_tag(root, desk.id), codename.thread_id(root, desk.id)
    identity = Identity.from_seed(codename.derive("reply-identity", desk.id, root))
    public = desk.identity(edition.reviewer)
    found: list[Reply] = []
    for part in range(MAX_PARTS):
        sealed = find(tile, reply_tag(key, unb64url(thread, 32), desk.id, edition.reviewer, edition.number, part))
        if sealed is None:
            break
        place = ReplyPlace(visit.charter.charter.origin, desk.id, edition.reviewer, public, edition.number, board.bucket, part, thread)
        found.append(open_reply(sealed, identity, place))
    return found


def _answer(parts: list[Reply]) -> ThreadAnswer | None:
    reviewer = parts[0].reviewer
    if len(parts) < parts[0].parts:
        return ThreadAnswer(reviewer, None)
    text = join_replies(parts)
    return ThreadAnswer(reviewer, text) if text else None


def look(visit: Visit, codename: Codename) -> Thread:
    """Return what the voices of the desk left for this codename.

    Raises:
        PeerError: `withheld`, when the server does not give a tile; `edition`, and what `open_reply` raises, when tile or
            reply is not what a reviewer signed.
        FileError: as `open_reply`.
    """
    replies = [parts for board in visit.boards if (parts := _parts(visit, codename, board))]
    answers = [found for parts in replies if (found := _answer(parts)) is not None]
    missing = {block for parts in replies for part in parts for block in part.missing_blocks}
    stale_since = visit.presence.last_seen if visit.presence.quiet else None
    return Thread(bool(replies), tuple(answers), tuple(sorted(missing)), stale_since)
