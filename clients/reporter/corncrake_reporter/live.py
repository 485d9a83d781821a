# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending while it is being recorded: what has left is safe, whatever becomes of this machine.

Rules of this file: the report that names the recording has left, and its receipt was verified, before the first byte is read. The key of a
block is erased when that of the next is made; the secret that opens them is erased when the report is sealed. The last block says that it
is the last, and a message that closes the recording follows it.

Source: crypto/spec/report.md §5; crypto/spec/block.md §4.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.block import MAX_LIVE_BLOCKS, Block, block_id, next_block_key, write_block
from corncrake_crypto.encoding import b64url
from corncrake_crypto.file_identity import FileIdentity, file_tag
from corncrake_crypto.padding import BLOCK_CLASS, wire_size
from corncrake_crypto.report import Closed, File
from corncrake_crypto.seal import seal
from corncrake_reporter.bringing import Bringer, Job
from corncrake_reporter.sealing import Message, seal_report
from corncrake_reporter.sending import post

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_crypto.codename import Codename
    from corncrake_crypto.recipients import Recipient
    from corncrake_reporter.line import Line, Progress
    from corncrake_reporter.recording import Piece, Recording
    from corncrake_reporter.visit import Visit

_WAIT_SECONDS = 0.1


class LiveName(NamedTuple):
    """What reviewers are shown for the recording."""

    name: str
    type: str


class Take(NamedTuple):
    """What is recorded: its name, the bytes that come, and a new visit for when it has ended."""

    live: LiveName
    recording: Recording
    again: Callable[[], Visit]


class _Chain:
    """Makes the blocks of one recording, in order; whoever takes the machine finds the key of the next one only."""

    def __init__(self, recipient: Recipient, key: bytes) -> None:
        self._recipient = recipient
        self._key = key
        self._digest = hashlib.sha256()
        self.tag = file_tag(recipient)
        self.index = 0
        self.size = 0

    def __repr__(self) -> str:
        return f"_Chain({self.index} blocks)"

    def job(self, piece: Piece, arrived: Callable[[], None]) -> Job:
        block = Block(v=1, file=self.tag, index=self.index, last=piece.last or None, of=self.index + 1 if piece.last else None)
        self._digest.update(piece.data)
        self.size += len(piece.data)
        name = block_id(self._key)
        self._key, self.index = next_block_key(self._key), self.index + 1
        return Job(name, partial(_sealed, block, piece.data, self._recipient), arrived, lambda _: False, wire_size(1, BLOCK_CLASS))

    def closed(self) -> Closed:
        return Closed(file=self.tag, blocks=self.index, size=self.size, sha256=self._digest.hexdigest())


def _sealed(block: Block, data: bytes, recipient: Recipient) -> bytes:
    return seal(write_block(block, data), [recipient])


def _begin(live: LiveName) -> tuple[_Chain, File]:
    secret = FileIdentity.generate()
    entry = File(
        identity=secret.identity.text,
        block_key=b64url(secret.block_key),
        class_=BLOCK_CLASS,
        name=live.name,
        type=live.type,
        live=True,
        cleaning="keep",
    )
    return _Chain(secret.recipient, secret.block_key), entry


def _bring(papers: Visit, recording: Recording, chain: _Chain, line: Line) -> None:
    progress = line.progress

    def arrived() -> None:
        progress.sent += 1

    def tell(progress: Progress) -> None:
        progress.held, progress.ending = recording.is_full, recording.is_ending
        line.tell(progress)

    with recording, Bringer(papers.link.origin, replace(line, tell=tell)) as bringer:
        last = False
        while not last:
            piece = recording.next(_WAIT_SECONDS)
            if piece is None:
                bringer.turn(0)
                continue
            if chain.index == MAX_LIVE_BLOCKS - 1:
                # More than a report can say: what came so far is closed properly.
                piece = piece._replace(last=True)
            last = piece.last
            progress.total += 1
            progress.bytes_total += wire_size(1, BLOCK_CLASS)
            bringer.offer(chain.job(piece, arrived))
        bringer.finish()


def send_live(papers: Visit, codename: Codename, message: Message, take: Take, line: Line) -> Closed:
    """Send a report that names a recording, then the recording while it comes, then the message that closes it.

    Args:
        papers: the checked papers.
        codename: whose thread it is.
        message: what is said with it; its files are not used.
        take: what is recorded.
        line: patience; `line.progress` says what has left, also when this raises.

    Returns:
        What the closing message says.

    Raises:
        RefusedError, FileError, PeerError: as `sending.send`; what has left can be opened all the same. A broken line is waited for
            without end.
    """
    chain, entry = _begin(take.live)
    # Nobody may be there to start it again, and what was not sent is kept nowhere: only the person gives up.
    line = replace(line, tries=None)
    line.progress.live = True
    sealed = seal_report(papers, codename, message, (entry,))
    line.sealed(line.progress)
    post(papers, papers.epoch, sealed, line)
    del entry
    first, receipt = line.progress.report, line.progress.receipt
    line.signed(line.progress)
    _bring(papers, take.recording, chain, line)
    closed = chain.closed()
    _close(codename, message, closed, line, take.again)
    line.progress.report, line.progress.receipt = first, receipt
    line.progress.closed = True
    line.tell(line.progress)
    return closed


def _close(codename: Codename, message: Message, closed: Closed, line: Line, again: Callable[[], Visit]) -> None:
    # A recording may outlast the papers that it began with.
    papers = line.persist(again)
    ending = Message("follow_up", message.language, ())
    post(papers, papers.epoch, seal_report(papers, codename, ending, (), (closed,)), line)
