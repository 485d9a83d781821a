# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked for, what is printed, and `check`: looking for an answer.

Rules of this file: words are printed once and stored nowhere. An answer is shown as it is, and what is not known is not guessed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, PeerError
from corncrake_reporter.inclusion import Inclusion, check_inclusion, read_receipt
from corncrake_reporter.messages import localised, message
from corncrake_reporter.notices import notice_fields, notices
from corncrake_reporter.returning import look
from corncrake_reporter.visit import visit

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from corncrake_crypto.codename import Codename
    from corncrake_crypto.receipt import Receipt
    from corncrake_reporter.advice import Task
    from corncrake_reporter.line import Progress
    from corncrake_reporter.live import LiveName
    from corncrake_reporter.returning import Thread
    from corncrake_reporter.terminal import Terminal
    from corncrake_reporter.visit import Link, Visit


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; `text` and `answers` None mean: ask the person."""

    task: Task
    link: Link
    today: date
    text: str | None = None
    answers: Path | None = None
    files: tuple[Path, ...] = ()
    keep: bool = False
    yes: bool = False
    receipt: Path | None = None
    continue_file: Path | None = None
    live: LiveName | None = None


@dataclass
class Result:
    """What is printed: `lines` for people, `fields` for programs; `fault` ends with exit code 1."""

    lines: list[str] = field(default_factory=list[str])
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    fault: bool = False


def words_of(codename: Codename, terminal: Terminal) -> Result:
    """Return the twelve words and what they are for."""
    words = [unicodedata.normalize("NFC", word) for word in codename.words(terminal.tongue)]
    rows = [" ".join(f"{number:>2}. {word:<12}" for number, word in enumerate(words, 1) if (number - 1) // 4 == row).rstrip() for row in range(3)]
    say = (message(terminal.tongue, key) for key in ("words", "words_why", "words_keep"))
    title, why, keep = say
    return Result(["", title, *rows, "", why, keep], {"words": " ".join(words)})


def sent_fields(progress: Progress, thread: str | None) -> dict[str, Any]:
    """Return what has left, for programs; without a thread where it is not known."""
    fields = {"report": progress.report, "receipt_verified": progress.signed, "blocks": progress.sent}
    return fields if thread is None else fields | {"thread": thread}


# -- coming back -----------------------------------------------------------------------------------------------------------


def look_twice(link: Link, codename: Codename, today: date) -> tuple[Visit, Thread]:
    """Visit and look for an answer; once more when the edition was replaced meanwhile.

    Raises:
        CorncrakeError: as `visit` and `look`.
    """
    papers = visit(link, codename, today)
    try:
        return papers, look(papers, codename)
    except PeerError as error:
        if error.failure is not Failure.WITHHELD:
            raise
    # A new edition may have come between head and tile: once more, and then it is what it looks like.
    papers = visit(link, codename, today)
    return papers, look(papers, codename)


def _thread_lines(thread: Thread, terminal: Terminal, *, server_said: bool) -> list[str]:
    """Return the way of a report as far as it has come: the server, a reviewer's machine, an answer."""
    tongue = terminal.tongue
    if not thread.acknowledged:
        return [message(tongue, "none"), message(tongue, "none_hint"), message(tongue, "not_yours")]
    lines = [] if server_said else [message(tongue, "server_has")]
    lines.append(message(tongue, "machine_has"))
    for one in thread.answers:
        lines += [message(tongue, "answered", reviewer=one.reviewer), one.text or message(tongue, "part_missing")]
    if not thread.answers:
        lines.append(message(tongue, "no_answer"))
    if thread.missing_blocks:
        lines.append(message(tongue, "missing", count=len(thread.missing_blocks)))
    return lines


def _receipt_lines(receipt: Receipt, included: Inclusion, terminal: Terminal) -> list[str]:
    said = [] if included is Inclusion.FORMER else [message(terminal.tongue, "server_signed", day=receipt.day)]
    return [*said, message(terminal.tongue, included.value)]


def check(wish: Wish, codename: Codename, terminal: Terminal) -> Result:
    """Look for what the desk's voices left, and for the receipt in the log if there is one.

    Raises:
        CorncrakeError: as `visit`, `look`, `read_receipt` and `check_inclusion`.
    """
    papers, thread = look_twice(wish.link, codename, wish.today)
    result = Result([localised(papers.desk.names, terminal.tongue)])
    result.fields = {
        "acknowledged": thread.acknowledged,
        "answers": [{"reviewer": one.reviewer, "text": one.text} for one in thread.answers],
        "missing_blocks": list(thread.missing_blocks),
        "stale_since": day_text(thread.stale_since) if thread.stale_since else None,
    }
    if wish.receipt is not None:
        receipt = read_receipt(papers, wish.receipt)
        included = check_inclusion(papers, receipt)
        result.lines += _receipt_lines(receipt, included, terminal)
        result.fields["included"] = included.value
        result.fault = included is Inclusion.FAULT
    result.lines += _thread_lines(thread, terminal, server_said=wish.receipt is not None)
    result.fields |= notice_fields(papers)
    result.lines += notices(papers, terminal.tongue)
    if papers.presence.quiet:
        known = thread.stale_since is not None
        result.lines.append(message(terminal.tongue, "stale" if known else "never", day=thread.stale_since))
    return result
