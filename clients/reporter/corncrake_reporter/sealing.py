# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report and its files, sealed; what is left to do afterwards, without anything that opens them.

Rules of this file: the secret of a file is made, put into the report, and let go of: what is kept can seal its blocks and name those
that have not left, and opens none.

Source: crypto/spec/report.md; crypto/spec/block.md; crypto/spec/file_identity.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from corncrake_crypto.block import Block, next_block_key, write_block
from corncrake_crypto.encoding import b64url
from corncrake_crypto.file_identity import FileIdentity, file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.report import Answer, File, ReportDraft, Seen, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_reporter.sources import read_block_data
from corncrake_reporter.visit import recipients

if TYPE_CHECKING:
    from corncrake_crypto.codename import Codename
    from corncrake_crypto.recipients import Recipient
    from corncrake_crypto.report import Closed
    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.sources import ChangedError, Measured, Source, UnreadableError
    from corncrake_reporter.visit import Visit

_MESSAGE_LENGTH = 16


class Message(NamedTuple):
    """What a person sends, or, as `cover`, nobody."""

    kind: Literal["first", "follow_up", "cover"]
    language: str
    answers: tuple[Answer, ...]
    attachments: tuple[Attachment, ...] = ()


@dataclass(eq=False)
class Outgoing:
    """One file of a report that was sealed: its blocks can be made, and nobody here can open them.

    Attributes:
        name: for what the person is told.
        source, measured: its bytes, and what they were at the first reading.
        recipient: what blocks are sealed to.
        next: all blocks before this one are there.
        key: the block key of `next`.
        asked_until: an earlier run may have tried blocks before this one.
        fault: why the rest of it is not sent: its bytes are no longer what they were, or cannot be read.
    """

    name: str
    source: Source
    measured: Measured
    recipient: Recipient
    key: bytes = field(repr=False)
    next: int = 0
    asked_until: int = 0
    fault: ChangedError | UnreadableError | None = None
    _there: set[int] = field(default_factory=set[int])

    @property
    def total(self) -> int:
        """How many blocks there are, with those that fill the tier."""
        return self.measured.cut.total_blocks

    def note_arrived(self, index: int) -> None:
        """Note that a block is there; keys of blocks before the first that is not are erased."""
        self._there.add(index)
        while self.next in self._there:
            self._there.remove(self.next)
            self.key, self.next = next_block_key(self.key), self.next + 1
        if self.next == self.total:
            self.source.release()

    def sealed_block(self, index: int) -> bytes:
        """Return a sealed block, made anew each time; a dummy from the end of the data on.

        Raises:
            ChangedError: the file is no longer what the report says.
            UnreadableError: it cannot be read any more.
        """
        cut = self.measured.cut
        last = True if index == cut.data_blocks - 1 else None
        block = Block(
            v=1,
            file=file_tag(self.recipient),
            index=index,
            last=last,
            of=cut.data_blocks if last else None,
            fill=True if index >= cut.data_blocks else None,
        )
        plaintext = write_block(block, read_block_data(self.name, self.source, self.measured, index), cut.block_class)
        return seal(plaintext, [self.recipient])


def prepare(attachment: Attachment, measured: Measured) -> tuple[Outgoing, File]:
    """Make the secrets of a file; return what sends it, and the entry of the report, which alone holds what opens it."""
    secret, cut = FileIdentity.generate(), measured.cut
    entry = File(
        identity=secret.identity.text,
        block_key=b64url(secret.block_key),
        class_=cut.block_class,
        blocks=cut.data_blocks,
        sha256=measured.sha256,
        name=attachment.name,
        type=attachment.type,
        size=attachment.source.size,
        cleaning=attachment.cleaning,
        removed=attachment.tells if attachment.cleaning == "strip" and attachment.tells else None,
    )
    return Outgoing(attachment.name, attachment.source, measured, secret.recipient, secret.block_key), entry


def seal_report(papers: Visit, codename: Codename, message: Message, files: tuple[File, ...], closed: tuple[Closed, ...] = ()) -> bytes:
    """Return a report sealed to all of the desk who can be sealed to.

    Raises:
        UsageError: `size`, when it is too long for one report.
        FileError, PeerError: as `recipients`.
    """
    chosen = recipients(papers)
    root, desk = papers.link.root, papers.desk
    fields: dict[str, Any] = {"closed": closed} if closed else {}
    draft = ReportDraft(
        kind=message.kind,
        origin=papers.charter.charter.origin,
        desk=desk.id,
        charter=papers.charter.ref,
        epochs=chosen.stanzas,
        message=b64url(random_bytes(_MESSAGE_LENGTH)),
        seen=tuple(Seen(reviewer=board.head.edition.reviewer, number=board.head.edition.number) for board in papers.boards),
        left_out=chosen.left_out,
        reply_tag=b64url(codename.reply_tag(root, desk.id)),
        form=desk.form,
        language=message.language,
        day=papers.presence.today,
        answers=message.answers,
        files=files,
        **fields,
    )
    key = SigningKey.from_seed(codename.derive("thread-signing", desk.id, root))
    reply = Identity.from_seed(codename.derive("reply-identity", desk.id, root))
    return seal(build_report(draft, key, reply.recipient), chosen.recipients)
