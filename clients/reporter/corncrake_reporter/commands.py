# SPDX-License-Identifier: AGPL-3.0-or-later
"""`send`, `check` and `add`: from what was asked for to what is printed.

Rules of this file: everything that can be wrong on this machine is found before the server hears of anybody. Words are printed once and
stored nowhere. Whoever's report may have arrived sees the words, whatever went wrong after.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corncrake_crypto.encoding import day_text, root_text
from corncrake_crypto.errors import Failure, PeerError, UsageError
from corncrake_reporter.answers import from_file, from_text
from corncrake_reporter.attachments import attach_all
from corncrake_reporter.inclusion import Inclusion, check_inclusion, read_receipt
from corncrake_reporter.messages import localised, message
from corncrake_reporter.questions import ask_form, ask_more
from corncrake_reporter.returning import look
from corncrake_reporter.sending import Line, Message, Progress, send
from corncrake_reporter.visit import Link, Visit, recipients, visit

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from corncrake_crypto.codename import Codename
    from corncrake_crypto.prekeys import Chosen
    from corncrake_crypto.receipt import Receipt
    from corncrake_crypto.report import Answer
    from corncrake_reporter.advice import Task
    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.returning import Thread
    from corncrake_reporter.terminal import Terminal


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
    receipt: Path | None = None


@dataclass
class Result:
    """What is printed: `lines` for people, `fields` for programs; `fault` ends with exit code 1."""

    lines: list[str] = field(default_factory=list[str])
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    fault: bool = False


# -- sending ---------------------------------------------------------------------------------------------------------------


def _tell_files(attachments: tuple[Attachment, ...], terminal: Terminal) -> None:
    for one in attachments:
        tells = ", ".join(message(terminal.tongue, f"tell_{tell}") for tell in one.tells)
        if not one.known:
            key = "file_unknown"
        elif one.cleaning == "strip":
            key = "file_removed" if tells else "file_clean"
        else:
            key = "file_kept" if tells else "file_kept_clean"
        terminal.say(key, name=one.name, tells=tells)


def _tell_progress(progress: Progress, terminal: Terminal) -> None:
    if progress.waiting:
        terminal.say("wait_blocks" if progress.receipt else "wait_report", sent=progress.sent, total=progress.total)
    elif progress.sent:
        terminal.say("blocks_left", sent=progress.sent, total=progress.total)
    else:
        terminal.say("report_left")


def _answers(wish: Wish, papers: Visit, terminal: Terminal) -> tuple[Answer, ...]:
    if wish.text is not None:
        return from_text(papers.form, wish.text)
    if wish.answers is not None:
        return from_file(papers.form, wish.answers)
    return ask_form(papers.form, terminal) if wish.task == "send" else ask_more(papers.form, terminal)


def _tell_readers(papers: Visit, chosen: Chosen, terminal: Terminal) -> None:
    terminal.say("to", desk=localised(papers.desk.names, terminal.tongue))
    count = len(chosen.recipients)
    terminal.say("who_one" if count == 1 else "who", count=count)
    if chosen.left_out:
        terminal.say("left_out", names=", ".join(chosen.left_out))


def _save_receipt(path: Path, receipt: bytes, terminal: Terminal) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(receipt)
    except OSError:
        terminal.say("receipt_not_saved", path=path)
    else:
        terminal.say("receipt_saved", path=path)


def words_of(codename: Codename, terminal: Terminal) -> Result:
    """Return the twelve words and what they are for."""
    words = [unicodedata.normalize("NFC", word) for word in codename.words(terminal.tongue)]
    rows = [" ".join(f"{number:>2}. {word:<12}" for number, word in enumerate(words, 1) if (number - 1) // 4 == row).rstrip() for row in range(3)]
    say = (message(terminal.tongue, key) for key in ("words", "words_why", "words_keep"))
    title, why, keep = say
    return Result(["", title, *rows, "", why, keep], {"words": " ".join(words)})


def sent_fields(progress: Progress, thread: str) -> dict[str, Any]:
    """Return what has left, for programs."""
    return {"report": progress.report, "receipt_verified": progress.receipt is not None, "blocks": progress.sent, "thread": thread}


def send_message(wish: Wish, codename: Codename, terminal: Terminal, progress: Progress) -> Result | None:
    """Send a first report or a follow-up; None when the person decided not to.

    Args:
        wish: what is asked for.
        codename: whose thread.
        terminal: the person.
        progress: says what has left, also when this raises.

    Raises:
        CorncrakeError: as `attach_all`, `visit`, `from_text`, `from_file` and `send`; `misuse`, when there is nothing to send or the
            receipt's file exists.
    """
    if wish.receipt is not None and (wish.receipt.exists() or not wish.receipt.parent.is_dir()):
        raise UsageError(Failure.MISUSE, "the file for the receipt is there already, or its folder is not")
    attachments = attach_all(wish.files, keep=wish.keep)
    papers = visit(wish.link, codename, wish.today)
    # Before anybody is asked to write: can it be sealed to anybody?
    chosen = recipients(papers)
    answers = _answers(wish, papers, terminal)
    if not answers and not attachments:
        raise UsageError(Failure.MISUSE, "there is nothing to send")
    _tell_files(attachments, terminal)
    _tell_readers(papers, chosen, terminal)
    if wish.text is None and wish.answers is None and not terminal.confirmed():
        terminal.say("stopped")
        return None
    said = Message("first" if wish.task == "send" else "follow_up", terminal.tongue, answers, attachments)
    send(papers, codename, said, Line(tell=lambda now: _tell_progress(now, terminal), progress=progress))
    if wish.receipt is not None and progress.receipt is not None:
        _save_receipt(wish.receipt, progress.receipt, terminal)
    fields = sent_fields(progress, codename.thread_id(wish.link.root, papers.desk.id))
    return Result([message(terminal.tongue, "promise", days=papers.form.promise_days, again=_again(wish.link, papers.desk.id))], fields)


def _again(link: Link, desk: str) -> str:
    """Return the command that looks for an answer, whole: nothing of it is kept anywhere."""
    return f"corncrake-reporter check --server {link.origin} --root {root_text(link.root)} --desk {desk}"


# -- coming back -----------------------------------------------------------------------------------------------------------


def _look(wish: Wish, codename: Codename) -> tuple[Visit, Thread]:
    papers = visit(wish.link, codename, wish.today)
    try:
        return papers, look(papers, codename)
    except PeerError as error:
        if error.failure is not Failure.WITHHELD:
            raise
    # A new edition may have come between head and tile: once more, and then it is what it looks like.
    papers = visit(wish.link, codename, wish.today)
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
    return [message(terminal.tongue, "server_signed", day=receipt.day), message(terminal.tongue, included.value)]


def check(wish: Wish, codename: Codename, terminal: Terminal) -> Result:
    """Look for what the desk's voices left, and for the receipt in the log if there is one.

    Raises:
        CorncrakeError: as `visit`, `look`, `read_receipt` and `check_inclusion`.
    """
    papers, thread = _look(wish, codename)
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
    if papers.presence.quiet:
        known = thread.stale_since is not None
        result.lines.append(message(terminal.tongue, "stale" if known else "never", day=thread.stale_since))
    return result
