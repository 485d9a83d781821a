# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-reporter`: send a sealed report from a terminal, come back with twelve words, add to it.

Rules of this file: what is said and asked goes to standard error, the result to standard output. Exit codes: 0 done, 1 refused (the failure
class is the first word on standard error), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import parse_root, repair_text
from corncrake_crypto.errors import CorncrakeError, FileError
from corncrake_reporter.advice import explain, explain_end, is_wrong_usage
from corncrake_reporter.attachments import MAX_NAME, MAX_TYPE, type_of
from corncrake_reporter.clock import TODAY_VARIABLE, today
from corncrake_reporter.commands import Result, Wish, check, sent_fields, words_of
from corncrake_reporter.cover import Cover
from corncrake_reporter.line import Progress
from corncrake_reporter.live import LiveName
from corncrake_reporter.messages import TONGUES, tongue_of
from corncrake_reporter.schedule import Schedule
from corncrake_reporter.terminal import Terminal, shown
from corncrake_reporter.visit import Link
from corncrake_reporter.writing import Shows, Writing

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2
EVERY_DAYS: Final = 7.0
LEAST_EVERY: Final = 0.1
MOST_EVERY: Final = 365.0
_COVER: Final = (
    "Send reports that say nothing, and come back for answers that nobody wrote, as people do who report: a real report from here is then "
    "one of several. Reviewers never see them. It runs until Ctrl-C; begun again with the same schedule, it goes on."
)


def _root(text: str) -> bytes:
    try:
        return parse_root(text.lower())
    except FileError as error:
        raise argparse.ArgumentTypeError(error.detail) from error


def _add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--server", required=True, help="the server's address, such as https://report.example.org")
    command.add_argument("--root", required=True, type=_root, help="the organisation's root, 52 characters")
    command.add_argument("--desk", help="the desk; the organisation's first one by default")
    command.add_argument("--language", choices=TONGUES, help="en or es; that of this machine by default")
    command.add_argument(
        "--json", action="store_true", help="print the result as one JSON object; `send` prints one with the words before that, as its first line"
    )


def _add_writing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--receipt", type=Path, metavar="FILE", help="save the receipt here; it shows that something was sent")
    words = command.add_mutually_exclusive_group()
    words.add_argument("--text", help="what happened, instead of being asked")
    words.add_argument("--answers", type=Path, metavar="FILE.json", help="an object from question ids to answers")
    command.add_argument("--file", type=Path, action="append", default=[], metavar="PATH", help="attach a file of up to 64 GiB; may be repeated")
    command.add_argument("--keep", "--keep-metadata", action="store_true", help="send pictures as they are, with what they say about you")
    command.add_argument("--yes", action="store_true", help="do not ask before it is sent")
    command.add_argument(
        "--continue-file",
        type=Path,
        metavar="FILE",
        help="note in FILE how far it has come, so that the same command goes on after a break; it is removed when all has arrived. "
        "Whoever finds it sees that a report was sent, where to, and the sizes and hashes of its files; it opens nothing",
    )


def _add_live(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--live",
        action="store_true",
        help="send what comes in on standard input while it comes: a part leaves every 4 seconds. When the line is slower than what comes in, "
        "what comes in waits. Ctrl-C ends and closes it",
    )
    command.add_argument("--name", help="with --live: what it is called, such as bridge.webm")
    command.add_argument("--type", help="with --live: its type, such as video/webm; that of the name by default")


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="corncrake-reporter", description="Send a sealed report, and come back with twelve words.")
    commands = top.add_subparsers(dest="task", required=True, metavar="COMMAND")
    for name, text in (("send", "send a report"), ("check", "look for an answer"), ("add", "add to a report")):
        command = commands.add_parser(name, help=text, description=f"{text.capitalize()}. Twelve words are asked for where they are needed.")
        _add_place(command)
        if name == "check":
            command.add_argument("--receipt", type=Path, metavar="FILE", help="look for this receipt in the public log")
        else:
            _add_writing(command)
        if name == "send":
            _add_live(command)
    _add_cover(commands.add_parser("cover", help="send reports that say nothing", description=_COVER))
    return top


def _add_cover(command: argparse.ArgumentParser) -> None:
    _add_place(command)
    command.add_argument("--schedule", type=Path, required=True, metavar="FILE", help="where it notes what is still to come, by day")
    command.add_argument("--every", type=_days, default=EVERY_DAYS, metavar="DAYS", help="days between reports on average, %(default)s by default")
    command.add_argument("--days", type=int, metavar="N", help="end after so many days; without it, run until Ctrl-C")


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not LEAST_EVERY <= days <= MOST_EVERY:
        raise argparse.ArgumentTypeError(f"a number of days from {LEAST_EVERY} to {MOST_EVERY}")
    return days


def _cover(said: argparse.Namespace, terminal: Terminal) -> int:
    link = Link(said.server.rstrip("/"), said.root, said.desk)
    try:
        Cover(link, Schedule(said.schedule, link, today()), said.every, terminal).run(said.days)
    except CorncrakeError as error:
        print(f"{error.failure.value}: {error.detail}", file=sys.stderr)
        return WRONG_USAGE if is_wrong_usage(error) else REFUSED
    except KeyboardInterrupt:
        terminal.say("cover_ended")
    return DONE


def _wish(said: argparse.Namespace) -> Wish:
    link = Link(said.server.rstrip("/"), said.root, said.desk)
    if said.task == "check":
        return Wish("check", link, today(), receipt=said.receipt)
    live = None
    if said.task == "send" and said.live:
        name = repair_text(said.name or "live")[:MAX_NAME]
        live = LiveName(name, said.type[:MAX_TYPE] if said.type else type_of(name))
    files = tuple(said.file)
    return Wish(said.task, link, today(), said.text, said.answers, files, said.keep, said.yes, said.receipt, said.continue_file, live)


def _print(result: Result, *, as_json: bool) -> None:
    text = json.dumps(result.fields, ensure_ascii=False) if as_json else "\n".join(map(shown, result.lines))
    print(text, flush=True)


def _locale() -> str:
    return next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")


class _Run:
    """One run of one command."""

    def __init__(self, wish: Wish, terminal: Terminal, *, as_json: bool) -> None:
        self.wish = wish
        self.terminal = terminal
        self.as_json = as_json
        self.progress = Progress()
        self.made: Codename | None = None
        self.words_shown = False

    def run(self) -> int:
        """Do it, and return the exit code."""
        try:
            return self._do()
        except CorncrakeError as error:
            self.terminal.end_bar()
            print(explain(error, self.wish.task, self.progress, self.terminal.tongue), file=sys.stderr)
            self._save_words(error)
            return WRONG_USAGE if is_wrong_usage(error) else REFUSED
        except KeyboardInterrupt as error:
            self.terminal.end_bar()
            print(explain_end(error, self.wish.task, self.progress, self.terminal.tongue), file=sys.stderr)
            self._save_words(error)
            return REFUSED
        finally:
            self.terminal.end_bar()

    def _codename(self) -> Codename:
        if self.wish.task != "send":
            return self.terminal.codename()
        self.made = Codename.generate()
        return self.made

    def _do(self) -> int:
        if self.wish.task == "check":
            result = check(self.wish, self._codename(), self.terminal)
        else:
            sent = Writing(self.wish, self.terminal, self.progress, Shows(self._name, self._show_words)).run(self._codename)
            if sent is None:
                return REFUSED
            result = self._with_words(sent)
        _print(result, as_json=self.as_json)
        return REFUSED if result.fault else DONE

    def _name(self) -> None:
        """Give the words before anything leaves, to a program, and to whoever may go on in another run, which does not know them."""
        if self.made is None:
            return
        if self.as_json:
            _print(words_of(self.made, self.terminal), as_json=True)
            self.progress.named = True
        elif self.wish.continue_file is not None:
            self._show_words()
            self.progress.named = True

    def _show_words(self) -> None:
        """Show the words to a person before any file leaves: what comes may take hours, and end in any way."""
        if self.made is not None and not self.as_json and not self.words_shown:
            _print(words_of(self.made, self.terminal), as_json=False)
            self.words_shown = True

    def _with_words(self, sent: Result) -> Result:
        if self.made is None or self.words_shown:
            return sent
        words = words_of(self.made, self.terminal)
        return Result(words.lines + sent.lines, words.fields | sent.fields)

    def _save_words(self, error: BaseException) -> None:
        """Print the words all the same, when a report may be there that only they lead back to."""
        arrived = self.progress.signed or self.progress.may_be_there(error)
        if self.made is None or not arrived or self.words_shown:
            return
        words = words_of(self.made, self.terminal)
        thread = None if self.wish.link.desk is None else self.made.thread_id(self.wish.link.root, self.wish.link.desk)
        _print(Result(words.lines, words.fields | sent_fields(self.progress, thread)), as_json=self.as_json)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # A crash must not write what is in memory to this machine's disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    said = _parser().parse_args(argv)
    terminal = Terminal(said.language or tongue_of(_locale()))
    if said.task == "cover":
        return _cover(said, terminal)
    try:
        wish = _wish(said)
    except FileError as error:
        print(f"{error.failure.value}: {TODAY_VARIABLE} {error.detail}", file=sys.stderr)
        return WRONG_USAGE
    return _Run(wish, terminal, as_json=said.json).run()


if __name__ == "__main__":
    sys.exit(main())
