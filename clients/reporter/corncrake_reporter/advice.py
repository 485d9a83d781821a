# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an error means for a person: what happened, whether anything was lost, what to do.

Rules of this file: callers branch on type and failure, never on the text of an error. What was lost depends on how far sending had come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from corncrake_crypto.codename import WordError
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError, UsageError
from corncrake_reporter.continuing import TooOldError
from corncrake_reporter.inclusion import ReceiptError, UnwitnessedError
from corncrake_reporter.messages import Tongue, message
from corncrake_reporter.sources import UnreadableError
from corncrake_reporter.transport import BusyError, LineError, RefusedError

if TYPE_CHECKING:
    from corncrake_reporter.line import Progress

Task = Literal["send", "check", "add"]

_KINDS: Final[dict[Failure, str]] = {
    Failure.EXPIRED: "expired",
    Failure.NOT_YET_VALID: "clock",
    Failure.EPOCH: "clock",
    Failure.TOO_FEW: "few",
    Failure.DESK: "desk",
    Failure.WITHHELD: "withheld",
    Failure.PROOF: "withheld",
    Failure.FORK: "withheld",
    Failure.SHRUNKEN: "withheld",
}
_USAGE_KINDS: Final[dict[Failure, str]] = {
    Failure.WORD: "word",
    Failure.CHECKSUM: "checksum",
    Failure.SIZE: "size",
    Failure.ARCHIVE: "picture",
    Failure.EPOCH: "expired",
    Failure.ALTERED: "changed",
}


_TYPES: Final = (
    (BusyError, "busy"),
    (LineError, "line"),
    (UnreadableError, "unreadable"),
    (StoreError, "disk"),
    (ReceiptError, "receipt"),
    (UnwitnessedError, "withheld"),
    (TooOldError, "old"),
)
"""The first that fits decides."""


def is_wrong_usage(error: CorncrakeError) -> bool:
    """Say whether the command itself was wrong, rather than refused."""
    return isinstance(error, UsageError) and error.failure not in _USAGE_KINDS


def _kind(error: CorncrakeError) -> str:
    for found, kind in _TYPES:
        if isinstance(error, found):
            return kind
    if isinstance(error, UsageError):
        return _USAGE_KINDS.get(error.failure, "usage")
    # A word that the server itself gave is its word: it proves nothing about papers.
    if isinstance(error, RefusedError) and error.failure not in {Failure.DESK, Failure.TOO_FEW, Failure.EPOCH}:
        return "refused"
    return _KINDS.get(error.failure, "trust")


def _what(error: CorncrakeError, kind: str, tongue: Tongue) -> str:
    if isinstance(error, WordError):
        if error.positions:
            return message(tongue, "what_word", numbers=", ".join(map(str, error.positions)))
        return message(tongue, "what_count", count=error.detail.rsplit(" ", 1)[-1])
    return message(tongue, f"what_{kind}")


def lost(error: BaseException, task: Task, progress: Progress, tongue: Tongue) -> str:
    """Return the sentence on what was lost."""
    if task == "check":
        return message(tongue, "lost_nothing")
    if progress.signed and progress.live:
        return message(tongue, "lost_live", sent=progress.sent)
    if progress.signed and (progress.total or progress.receipt is not None):
        return message(tongue, "lost_blocks", sent=progress.sent, total=progress.total)
    if progress.may_be_there(error):
        return message(tongue, "lost_unknown" if task == "send" else "lost_unknown_add")
    if progress.kept:
        return message(tongue, "lost_kept")
    said = message(tongue, "lost_not_sent" if progress.wrote else "lost_nothing_sent")
    return f"{said} {message(tongue, 'words_void')}" if progress.named else said


def _todo(kind: str, progress: Progress) -> str:
    """Return the key of the sentence on what to do."""
    if kind == "changed":
        return "do_changed_before" if not progress.signed else "do_changed_kept" if progress.kept else "do_changed"
    if kind == "unreadable":
        return "do_unreadable_kept" if progress.kept else "do_unreadable" if progress.signed else "do_unreadable_before"
    if kind == "usage" and progress.continued:
        return "do_same"
    if kind in {"line", "busy", "refused", "ended"}:
        if progress.kept:
            return "do_continue"
        if progress.signed:
            return "do_live" if progress.live else "do_blocks"
    return "do_word" if kind == "checksum" else f"do_{kind}"


def explain(error: CorncrakeError, task: Task, progress: Progress, tongue: Tongue) -> str:
    """Return the failure word, three sentences, and the detail for whoever is asked for help."""
    kind = _kind(error)
    sentences = (_what(error, kind, tongue), lost(error, task, progress, tongue), message(tongue, _todo(kind, progress)))
    return f"{error.failure.value}: {' '.join(sentences)} ({error.detail})"


def explain_end(error: KeyboardInterrupt, task: Task, progress: Progress, tongue: Tongue) -> str:
    """Return what is said to whoever ended the program."""
    return " ".join((message(tongue, "what_ended"), lost(error, task, progress, tongue), message(tongue, _todo("ended", progress))))
