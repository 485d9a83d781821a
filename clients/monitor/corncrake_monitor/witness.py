# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cosigning: the one decision that a witness takes, and the order in which it takes it.

Rules of this file: what is about to be cosigned is on the disk before its signature exists, under a lock that one process has at a time. So a
witness that is killed at any moment never cosigns two sides: it forgets a cosignature at worst, and gives it again when asked. What the
log's key signed against itself is kept as evidence and not cosigned.

Source: C2SP tlog-witness.md; crypto/spec/cosignature.md §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from corncrake_crypto.checkpoint import MAX_CHECKPOINT, TreeHead, open_checkpoint, parse_checkpoint_text
from corncrake_crypto.cosignature import Asked, cosign, read_asked
from corncrake_crypto.encoding import b64url, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_crypto.fields import LogHead
from corncrake_crypto.merkle import EMPTY_ROOT, verify_consistency
from corncrake_crypto.note import unverified_text
from corncrake_monitor.charters import log_key, remembered
from corncrake_monitor.evidence import Evidence, forked, keep
from corncrake_monitor.state import Cosigned, Kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from corncrake_monitor.keys import WitnessKey
    from corncrake_monitor.state import Changing, StateFile

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"
DONE: Final = 200
MALFORMED: Final = 400
NOT_SIGNED: Final = 403
UNKNOWN: Final = 404
CONFLICT: Final = 409
NOT_PROVEN: Final = 422


class Answer(NamedTuple):
    """What is answered: status, body, and its type."""

    status: int
    body: bytes
    type: str = TEXT


class Witness:
    """One witness, of the log that the newest charter in its state names."""

    def __init__(self, file: StateFile, key: WitnessKey, folder: Path, today: Callable[[], date], seconds: Callable[[], int]) -> None:
        """Keep the parts.

        Args:
            file: of the state.
            key: that cosigns.
            folder: for evidence.
            today: the day, for what is kept.
            seconds: the time that a cosignature bears.
        """
        self._file = file
        self._key = key
        self._folder = folder
        self._today = today
        self._seconds = seconds

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a log that asks for a cosignature.

        Raises:
            StoreError: `store`: the state could not be written; nothing was cosigned.
        """
        try:
            asked = read_asked(body)
            text = unverified_text(asked.checkpoint, limit=MAX_CHECKPOINT)
            head = parse_checkpoint_text(text)
        except CorncrakeError as error:
            return Answer(MALFORMED, f"{error.detail}\n".encode())
        with self._file.changing() as change:
            known = remembered(change.state)
            if known is None or known.opened.charter.log.origin != head.origin:
                return Answer(UNKNOWN, b"this witness does not know that log\n")
            origin, key = log_key(known.opened.charter)
            try:
                open_checkpoint(asked.checkpoint, origin, key)
            except CorncrakeError as error:
                return Answer(NOT_SIGNED, f"{error.detail}\n".encode())
            return self._decide(change, asked, head, key) or Answer(DONE, cosign(text, self._key.name, self._key.key, self._seconds()))

    def _decide(self, change: Changing, asked: Asked, head: TreeHead, key: bytes) -> Answer | None:
        """Return a refusal; None when the head may be cosigned, and then it is on the disk."""
        last = change.state.cosigned_of(head.origin)
        size, root = (0, EMPTY_ROOT) if last is None else (last.head.size, unb64url(last.head.root, 32))
        if asked.old > head.size:
            return Answer(MALFORMED, b"a tree continues smaller ones only\n")
        if last is not None and head.size == size and head.root != root:
            self._keep(change, forked(last.note.encode(), asked.checkpoint, head.origin, key))
        if asked.old != size:
            return Answer(CONFLICT, b"%d\n" % size, SIZE)
        if head.size == size and head.root != root:
            return Answer(CONFLICT, b"%d\n" % size, SIZE)
        try:
            verify_consistency(size, head.size, asked.path, root, head.root)
        except CorncrakeError as error:
            return Answer(NOT_PROVEN, f"{error.detail}\n".encode())
        self._write(change, head, asked.checkpoint)
        return None

    def _write(self, change: Changing, head: TreeHead, note: bytes) -> None:
        """Put the head on the disk: only then may it be signed."""
        now = Cosigned(head=LogHead(origin=head.origin, size=head.size, root=b64url(head.root)), note=note.decode())
        others = tuple(one for one in change.state.cosigned if one.head.origin != head.origin)
        change.state = replace(change.state, cosigned=(*others, now))
        change.save()

    def _keep(self, change: Changing, evidence: Evidence) -> None:
        """Keep evidence against the log, and a note of it in the state: once, until a person has dealt with it.

        The log's key can sign one tree after another, and each would be one file more.
        """
        says = f"the log {evidence.name} has asked this witness for another tree than before: {evidence.says}"
        if any((one.word, one.says) == (Failure.FORK.value, says) and one.evidence is not None for one in change.state.kept):
            return
        name = keep(self._folder, evidence)
        change.state = change.state.keeping(Kept(word=Failure.FORK.value, says=says, day=self._today(), evidence=name))

    def seen(self) -> bytes | None:
        """Return the newest head that this monitor has seen or cosigned, as the log signed it: for other monitors to compare with."""
        state = self._file.read()
        known = remembered(state)
        if known is None:
            return None
        origin, _ = log_key(known.opened.charter)
        seen, cosigned = state.seen_of(origin), state.cosigned_of(origin)
        notes = [one.note for one in (seen, cosigned) if one is not None]
        return max(notes, key=lambda note: int(note.split("\n", 2)[1])).encode() if notes else None
