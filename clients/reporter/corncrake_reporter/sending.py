# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending: seal a report, get its receipt, then bring the blocks of its files.

Rules of this file: the report goes first, so that a line that breaks for good costs the rest of the files only. The same sealed bytes go
again until the server has answered; it gives the same receipt for the same bytes, so that nothing is there twice. A broken line is waited
for; a 'no' of the server is not. Secrets of files are in the report and nowhere else.

Source: crypto/spec/report.md; crypto/spec/block.md; crypto/spec/receipt.md.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

from corncrake_crypto.block import Block, Plan, block_ids, data_room, plan, write_block
from corncrake_crypto.encoding import b64url, unb64url
from corncrake_crypto.file_identity import FileIdentity
from corncrake_crypto.identities import Identity
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import open_receipt, report_id
from corncrake_crypto.report import Answer, File, ReportDraft, Seen, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_reporter.transport import LineError, Server
from corncrake_reporter.visit import recipients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from corncrake_crypto.codename import Codename
    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.visit import Visit

T = TypeVar("T")

FIRST_PAUSE: Final = 1.0
"""Seconds until a broken line is tried again; doubled each time."""
LONGEST_PAUSE: Final = 30.0
TRIES: Final = 40
_MESSAGE_LENGTH: Final = 16


class Message(NamedTuple):
    """What a person sends."""

    kind: Literal["first", "follow_up"]
    language: str
    answers: tuple[Answer, ...]
    attachments: tuple[Attachment, ...]


@dataclass
class Progress:
    """What has left, also when the rest never does.

    Attributes:
        report: its id, 64 hex characters.
        tried: the report was sent at least once, so that the server may have it.
        receipt: the receipt note, verified.
        sent, total: blocks.
        waiting: the line is broken at the moment.
    """

    report: str = ""
    tried: bool = False
    receipt: bytes | None = None
    sent: int = 0
    total: int = 0
    waiting: bool = False


def _ignore(_: Progress) -> None:
    """Tell nobody."""


@dataclass
class Line:
    """How patient sending is, and whom it tells; `pause` takes seconds."""

    tell: Callable[[Progress], None] = _ignore
    pause: Callable[[float], None] = time.sleep
    tries: int = TRIES
    progress: Progress = field(default_factory=Progress)

    def persist(self, step: Callable[[], T]) -> T:
        """Do one step; while the line is broken, say so and try again, a little later each time.

        Raises:
            LineError: after `tries`.
        """
        wait = FIRST_PAUSE
        for _ in range(self.tries - 1):
            try:
                result = step()
            except LineError:
                if not self.progress.waiting:
                    self.progress.waiting = True
                    self.tell(self.progress)
                self.pause(wait)
                wait = min(wait * 2, LONGEST_PAUSE)
            else:
                self.progress.waiting = False
                return result
        return step()


class _Outgoing(NamedTuple):
    """One file and the secrets that are made for it."""

    secret: FileIdentity
    data: bytes
    cut: Plan
    entry: File

    def __repr__(self) -> str:
        return "_Outgoing(…)"


def _prepare(attachment: Attachment) -> _Outgoing:
    secret, cut = FileIdentity.generate(), plan(len(attachment.data))
    entry = File(
        identity=secret.identity.text,
        block_key=b64url(secret.block_key),
        class_=cut.block_class,
        blocks=cut.data_blocks,
        sha256=hashlib.sha256(attachment.data).hexdigest(),
        name=attachment.name,
        type=attachment.type,
        size=len(attachment.data),
        cleaning=attachment.cleaning,
        removed=attachment.tells if attachment.cleaning == "strip" and attachment.tells else None,
    )
    return _Outgoing(secret, attachment.data, cut, entry)


def _sealed(visit: Visit, codename: Codename, message: Message, files: tuple[_Outgoing, ...]) -> bytes:
    chosen = recipients(visit)
    root, desk = visit.link.root, visit.desk
    draft = ReportDraft(
        kind=message.kind,
        origin=visit.charter.charter.origin,
        desk=desk.id,
        charter=visit.charter.ref,
        epochs=chosen.stanzas,
        message=b64url(random_bytes(_MESSAGE_LENGTH)),
        seen=tuple(Seen(reviewer=board.head.edition.reviewer, number=board.head.edition.number) for board in visit.boards),
        left_out=chosen.left_out,
        reply_tag=b64url(codename.reply_tag(root, desk.id)),
        form=desk.form,
        language=message.language,
        day=visit.presence.today,
        answers=message.answers,
        files=tuple(file.entry for file in files),
    )
    key = SigningKey.from_seed(codename.derive("thread-signing", desk.id, root))
    reply = Identity.from_seed(codename.derive("reply-identity", desk.id, root))
    return seal(build_report(draft, key, reply.recipient), chosen.recipients)


def _blocks(file: _Outgoing) -> Iterator[tuple[str, bytes]]:
    """Yield ids and sealed blocks of a file, each made when it is wanted; dummies fill the tier."""
    room, last = data_room(file.cut.block_class), file.cut.data_blocks - 1
    for index, name in enumerate(block_ids(file.secret.block_key, file.cut.total_blocks)):
        block = Block(
            v=1,
            file=file.secret.tag,
            index=index,
            last=True if index == last else None,
            of=file.cut.data_blocks if index == last else None,
            fill=True if index > last else None,
        )
        data = file.data[index * room : (index + 1) * room]
        yield name, seal(write_block(block, data, file.cut.block_class), [file.secret.recipient])


def _bring(server: Server, block: str, sealed: bytes) -> None:
    if not server.has_block(block):
        server.put_block(block, sealed)


def send(visit: Visit, codename: Codename, message: Message, line: Line) -> Progress:
    """Send a report and its files; done when its receipt is verified and every block is there.

    Args:
        visit: the checked papers.
        codename: whose thread it is.
        message: what is said.
        line: patience; `line.progress` says what has left, also when this raises.

    Raises:
        UsageError: `size`, when it is too long for one report; nothing was sent.
        LineError: the line stayed broken.
        RefusedError: the server said no.
        FileError, PeerError: the prekeys, or the receipt, are not right.
    """
    progress = line.progress
    files = tuple(_prepare(attachment) for attachment in message.attachments)
    sealed = _sealed(visit, codename, message, files)
    progress.report, progress.total = report_id(sealed), sum(file.cut.total_blocks for file in files)
    with Server(visit.link.origin) as server:
        progress.tried = True
        receipt = line.persist(lambda: server.post_report(visit.desk.id, visit.epoch, sealed))
    log = visit.charter.charter.log
    open_receipt(receipt, log.origin, unb64url(log.key, 32), progress.report, visit.desk.id, today=visit.presence.today)
    progress.receipt = receipt
    line.tell(progress)
    with Server(visit.link.origin) as server:
        for file in files:
            for block, body in _blocks(file):
                line.persist(lambda block=block, body=body: _bring(server, block, body))
                progress.sent += 1
                line.tell(progress)
    return progress
