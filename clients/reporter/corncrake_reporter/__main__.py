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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import parse_day, parse_root
from corncrake_crypto.errors import CorncrakeError, FileError
from corncrake_reporter.advice import explain, is_wrong_usage, lost, may_have_arrived
from corncrake_reporter.commands import Result, Wish, check, send_message, sent_fields, words_of
from corncrake_reporter.messages import TONGUES, message, tongue_of
from corncrake_reporter.sending import Progress
from corncrake_reporter.terminal import Terminal, shown
from corncrake_reporter.visit import Link

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY_VARIABLE: Final = "CORNCRAKE_TODAY"
"""For tests and demonstrations: a day `YYYY-MM-DD` that stands for the clock's."""
DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2


def _root(text: str) -> bytes:
    try:
        return parse_root(text.lower())
    except FileError as error:
        raise argparse.ArgumentTypeError(error.detail) from error


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="corncrake-reporter", description="Send a sealed report, and come back with twelve words.")
    commands = top.add_subparsers(dest="task", required=True, metavar="COMMAND")
    for name, text in (("send", "send a report"), ("check", "look for an answer"), ("add", "add to a report")):
        command = commands.add_parser(name, help=text, description=f"{text.capitalize()}. Twelve words are asked for where they are needed.")
        command.add_argument("--server", required=True, help="the server's address, such as https://report.example.org")
        command.add_argument("--root", required=True, type=_root, help="the organisation's root, 52 characters")
        command.add_argument("--desk", help="the desk; the organisation's first one by default")
        command.add_argument("--language", choices=TONGUES, help="en or es; that of this machine by default")
        command.add_argument("--json", action="store_true", help="print the result as one JSON object")
        if name == "check":
            command.add_argument("--receipt", type=Path, metavar="FILE", help="look for this receipt in the public log")
            continue
        command.add_argument("--receipt", type=Path, metavar="FILE", help="save the receipt here; it shows that something was sent")
        words = command.add_mutually_exclusive_group()
        words.add_argument("--text", help="what happened, instead of being asked")
        words.add_argument("--answers", type=Path, metavar="FILE.json", help="an object from question ids to answers")
        command.add_argument("--file", type=Path, action="append", default=[], metavar="PATH", help="attach a file; may be repeated")
        command.add_argument("--keep-metadata", action="store_true", help="send pictures as they are, with what they say about you")
    return top


def _today() -> date:
    said = os.environ.get(TODAY_VARIABLE)
    return parse_day(said) if said else datetime.now(UTC).date()


def _wish(said: argparse.Namespace) -> Wish:
    link = Link(said.server.rstrip("/"), said.root, said.desk)
    if said.task == "check":
        return Wish("check", link, _today(), receipt=said.receipt)
    return Wish(said.task, link, _today(), said.text, said.answers, tuple(said.file), said.keep_metadata, said.receipt)


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
        self.codename: Codename | None = None

    def run(self) -> int:
        """Do it, and return the exit code."""
        try:
            return self._do()
        except CorncrakeError as error:
            print(explain(error, self.wish.task, self.progress, self.terminal.tongue), file=sys.stderr)
            self._save_words(error)
            return WRONG_USAGE if is_wrong_usage(error) else REFUSED
        except KeyboardInterrupt as error:
            tongue = self.terminal.tongue
            said = (message(tongue, "what_ended"), lost(error, self.wish.task, self.progress, tongue), message(tongue, "do_ended"))
            print(" ".join(said), file=sys.stderr)
            self._save_words(error)
            return REFUSED

    def _do(self) -> int:
        self.codename = Codename.generate() if self.wish.task == "send" else self.terminal.codename()
        if self.wish.task == "check":
            result = check(self.wish, self.codename, self.terminal)
        else:
            sent = send_message(self.wish, self.codename, self.terminal, self.progress)
            if sent is None:
                return REFUSED
            result = self._with_words(sent, self.codename)
        _print(result, as_json=self.as_json)
        return REFUSED if result.fault else DONE

    def _with_words(self, sent: Result, codename: Codename) -> Result:
        if self.wish.task != "send":
            return sent
        words = words_of(codename, self.terminal)
        return Result(words.lines + sent.lines, words.fields | sent.fields)

    def _save_words(self, error: BaseException) -> None:
        """Print the words all the same, when a report may be there that only they lead back to."""
        arrived = self.progress.receipt is not None or may_have_arrived(error, self.progress)
        if self.codename is None or self.wish.task != "send" or not arrived:
            return
        words = words_of(self.codename, self.terminal)
        thread = "" if self.wish.link.desk is None else self.codename.thread_id(self.wish.link.root, self.wish.link.desk)
        _print(Result(words.lines, words.fields | sent_fields(self.progress, thread)), as_json=self.as_json)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # A crash must not write what is in memory to this machine's disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    said = _parser().parse_args(argv)
    terminal = Terminal(said.language or tongue_of(_locale()))
    try:
        wish = _wish(said)
    except FileError as error:
        print(f"{error.failure.value}: {TODAY_VARIABLE} {error.detail}", file=sys.stderr)
        return WRONG_USAGE
    return _Run(wish, terminal, as_json=said.json).run()


if __name__ == "__main__":
    sys.exit(main())
