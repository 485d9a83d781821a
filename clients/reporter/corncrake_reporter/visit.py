# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every visit does before anything else: fetch the organisation's papers, and check them against the pinned root.

Rules of this file: the same requests in the same order, whoever comes and whatever for: charter, heads, form, prekeys, one reply tile
of each voice. Nothing that the server says is used before it was checked. 'Today' is the later of the clock and the newest day that
a reviewer signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.charter import open_charter
from corncrake_crypto.edition import SLOT, bucket, check_heads, newest_heads
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.form import read_form
from corncrake_crypto.note import read_bundle
from corncrake_crypto.prekeys import choose_recipients, epoch_of
from corncrake_reporter.transport import RefusedError, Server

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.charter import Desk, OpenedCharter
    from corncrake_crypto.codename import Codename
    from corncrake_crypto.edition import OpenedEdition, Presence
    from corncrake_crypto.form import Form
    from corncrake_crypto.prekeys import Chosen


class Link(NamedTuple):
    """Where to go: the server's address, the pinned 32-byte root, the desk, the first one where none is named."""

    origin: str
    root: bytes
    desk: str | None


class Board(NamedTuple):
    """One voice's head, and the tile that may hold a reply to this thread: not read yet; None when the server does not give it."""

    head: OpenedEdition
    bucket: int
    tile: bytes | None


class Visit(NamedTuple):
    """The checked papers of one visit; prekeys and tiles are as they came, for `recipients` and `returning.look` to check."""

    link: Link
    charter: OpenedCharter
    desk: Desk
    form: Form
    presence: Presence
    epoch: int
    prekeys: tuple[bytes, ...]
    boards: tuple[Board, ...]


def _board(server: Server, desk: str, head: OpenedEdition, thread: bytes) -> Board:
    edition = head.edition
    place = bucket(desk, thread, edition.bits)
    try:
        tile = server.tile(desk, edition.reviewer, edition.number, place, edition.slots * SLOT)
    except RefusedError:
        # Whoever came to send has no use for it; whoever came to look says what it means.
        tile = None
    return Board(head, place, tile)


def visit(link: Link, codename: Codename, clock_day: date) -> Visit:
    """Fetch and check what a visit needs.

    Args:
        link: where to go.
        codename: whose thread it is about; a new one for a first report.
        clock_day: the day by this machine's clock, UTC.

    Raises:
        LineError, RefusedError: from the transport.
        FileError, PeerError: from the papers, as `open_charter`, `newest_heads`, `check_heads`, `read_form`.
    """
    with Server(link.origin) as server:
        charter = open_charter(server.charter(), root=link.root, origin=link.origin, today=clock_day)
        desk = charter.charter.desks[0] if link.desk is None else charter.desk(link.desk)
        heads = newest_heads(charter, desk.id, read_bundle(server.heads(desk.id)))
        presence = check_heads(charter, heads, clock_day)
        form = read_form(server.form(desk.form), desk.form)
        epoch = epoch_of(presence.today)
        prekeys = read_bundle(server.prekeys(desk.id, epoch))
        thread = unb64url(codename.thread_id(link.root, desk.id), 32)
        boards = tuple(_board(server, desk.id, head, thread) for head in heads)
    return Visit(link, charter, desk, form, presence, epoch, prekeys, boards)


def recipients(papers: Visit) -> Chosen:
    """Return whom to seal to. Only sending needs it: an answer can be read when nobody could be written to.

    Raises:
        FileError, PeerError: as `choose_recipients`; `too-few` when the desk's prekeys have run out.
    """
    return choose_recipients(papers.charter.charter, papers.desk.id, papers.epoch, papers.prekeys, papers.presence.today)
