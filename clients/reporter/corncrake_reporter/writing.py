# SPDX-License-Identifier: AGPL-3.0-or-later
"""`send` and `add`: from what was asked for to what has left.

Rules of this file: everything that can be wrong on this machine is found before the server hears of anybody. Whoever goes on with what was
begun is asked nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from corncrake_crypto.charter import RECOVERY
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import root_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_reporter.answers import from_file, from_text
from corncrake_reporter.attachments import attach_all
from corncrake_reporter.clock import today
from corncrake_reporter.commands import Result, sent_fields
from corncrake_reporter.continuing import read_kept
from corncrake_reporter.live import Take, send_live
from corncrake_reporter.messages import localised, message
from corncrake_reporter.meter import amount
from corncrake_reporter.notices import notice_fields, notices
from corncrake_reporter.places import exists
from corncrake_reporter.questions import ask_form, ask_more
from corncrake_reporter.recording import Recording
from corncrake_reporter.sealing import Message
from corncrake_reporter.sending import go_on, send
from corncrake_reporter.teller import Teller, tell_file
from corncrake_reporter.visit import Link, Visit, recipients, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import FrameType

    from corncrake_crypto.prekeys import Chosen
    from corncrake_crypto.report import Answer
    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.commands import Wish
    from corncrake_reporter.continuing import Kept
    from corncrake_reporter.line import Progress
    from corncrake_reporter.terminal import Terminal


def _answers(wish: Wish, papers: Visit, terminal: Terminal) -> tuple[Answer, ...]:
    if wish.text is not None:
        return from_text(papers.form, wish.text)
    if wish.answers is not None:
        return from_file(papers.form, wish.answers)
    if wish.live is not None:
        return ()
    return ask_form(papers.form, terminal) if wish.task == "send" else ask_more(papers.form, terminal)


def _tell_readers(papers: Visit, chosen: Chosen, terminal: Terminal) -> None:
    terminal.say("to", desk=localised(papers.desk.names, terminal.tongue))
    count = sum(sealed_to.reviewer != RECOVERY for sealed_to in chosen.stanzas)
    terminal.say("who_one" if count == 1 else "who", count=count)
    if count < len(chosen.stanzas):
        terminal.say("who_recovery")
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


def _is_agreed(wish: Wish, attachments: tuple[Attachment, ...], terminal: Terminal) -> bool:
    """Ask once before sending: whoever was asked what happened, and whoever sends what nobody looked into and can be asked."""
    asked = wish.text is None and wish.answers is None
    unseen = not wish.keep and any(one.kind != "jpeg" for one in attachments) and sys.stdin.isatty()
    if wish.yes or wish.live is not None or not (asked or unseen) or terminal.confirmed():
        return True
    terminal.say("stopped")
    return False


def _check_places(wish: Wish) -> None:
    for path in (wish.receipt, wish.continue_file):
        if path is not None and not (exists(path.parent) and path.parent.is_dir()):
            raise UsageError(Failure.MISUSE, f"there is no folder for {path.name}")
    if wish.receipt is not None and exists(wish.receipt):
        raise UsageError(Failure.MISUSE, "the file for the receipt is there already")
    if wish.live is None:
        return
    if sys.stdin.isatty():
        raise UsageError(Failure.MISUSE, "--live takes what another program makes: ffmpeg … | corncrake-reporter send --live")
    if wish.files or wish.continue_file is not None:
        raise UsageError(Failure.MISUSE, "--live goes with neither --file nor --continue-file")


class Shows(NamedTuple):
    """What shows the twelve words of a first report: before anything of it leaves or is written anywhere, and when the server has signed for it."""

    sealed: Callable[[], None]
    signed: Callable[[], None]


class Writing:
    """One run of `send` or `add`.

    Attributes:
        thread: of what was sent, when it is known here.
    """

    def __init__(self, wish: Wish, terminal: Terminal, progress: Progress, shows: Shows) -> None:
        """Prepare; `shows` says what shows the twelve words."""
        self._wish = wish
        self._terminal = terminal
        self._progress = progress
        self._words = shows.signed
        self._teller = Teller(terminal, progress, shows.sealed, self._signed)

    def _signed(self, progress: Progress) -> None:
        if self._wish.receipt is not None and progress.receipt is not None:
            _save_receipt(self._wish.receipt, progress.receipt, self._terminal)
        if not progress.continued:
            self._words()

    # -- going on ------------------------------------------------------------------------------------------------------

    def begun(self) -> Kept | None:
        """Return what an earlier run left to go on from; None when there is none.

        Raises:
            UsageError: `misuse`, when the file is something else.
        """
        path = self._wish.continue_file
        return None if path is None or not exists(path) else read_kept(path, self._wish.link)

    def go_on(self, kept: Kept) -> Result:
        """Go on with what an earlier run began; raises as `sending.go_on` and `attach_all`."""
        wish, terminal, path = self._wish, self._terminal, self._wish.continue_file
        assert path is not None  # noqa: S101 - `begun` read it
        self._progress.kept = self._progress.continued = True
        attachments = attach_all(wish.files, keep=wish.keep)
        terminal.say("continues_report")
        terminal.say("kept_where", path=path)
        link = Link(kept.origin, wish.link.root, kept.desk)
        # Whose thread it is, is not known here; what is asked for on a visit is the same for all.
        go_on(kept, path, attachments, lambda: visit(link, Codename.generate(), wish.today), self._teller.line)
        terminal.say("files_left")
        return Result([message(terminal.tongue, "continues_words")], sent_fields(self._progress, None))

    # -- sending -------------------------------------------------------------------------------------------------------

    def send(self, codename: Codename) -> Result | None:
        """Send a first report or a follow-up; None when the person decided not to.

        Raises:
            CorncrakeError: as `attach_all`, `visit`, `from_text`, `from_file`, `sending.send` and `send_live`; `misuse`, when there is
                nothing to send, or what was asked for does not go together.
        """
        wish, terminal = self._wish, self._terminal
        attachments = attach_all(wish.files, keep=wish.keep)
        papers = visit(wish.link, codename, wish.today)
        # Before anybody is asked to write: can it be sealed to anybody?
        chosen = recipients(papers)
        for line in notices(papers, terminal.tongue):
            terminal.show(f"{line}\n")
        answers = _answers(wish, papers, terminal)
        if not answers and not attachments and wish.live is None:
            raise UsageError(Failure.MISUSE, "there is nothing to send")
        for one in attachments:
            tell_file(one, papers.link.origin, terminal)
        _tell_readers(papers, chosen, terminal)
        if not _is_agreed(wish, attachments, terminal):
            return None
        said = Message("first" if wish.task == "send" else "follow_up", terminal.tongue, answers, attachments)
        more = self._send_files(papers, codename, said) if wish.live is None else self._send_live(papers, codename, said)
        fields = sent_fields(self._progress, codename.thread_id(wish.link.root, papers.desk.id)) | notice_fields(papers) | more
        return Result([message(terminal.tongue, "promise", days=papers.form.promise_days, again=_again(wish.link, papers.desk.id))], fields)

    def _send_files(self, papers: Visit, codename: Codename, said: Message) -> dict[str, Any]:
        if self._wish.continue_file is not None:
            self._terminal.say("kept_where", path=self._wish.continue_file)
        send(papers, codename, said, self._teller.line, self._wish.continue_file)
        if said.attachments:
            self._terminal.say("files_left")
        return {}

    def _send_live(self, papers: Visit, codename: Codename, said: Message) -> dict[str, Any]:
        wish, live = self._wish, self._wish.live
        assert live is not None  # noqa: S101 - whoever calls this has looked
        self._terminal.say("file_live", name=live.name)
        link = Link(wish.link.origin, wish.link.root, papers.desk.id)
        recording = Recording(sys.stdin.fileno())
        with _ended_by_signals(recording):
            take = Take(live, recording, lambda: visit(link, codename, today()))
            closed = send_live(papers, codename, said, take, self._teller.line)
        self._terminal.say("live_closed", done=amount(closed.size), sent=closed.blocks)
        if not recording.is_finished:
            self._terminal.say("live_cut")
        return {"closed": {"size": closed.size, "blocks": closed.blocks, "sha256": closed.sha256}}

    def run(self, codename: Callable[[], Codename]) -> Result | None:
        """Go on with what was begun, or send anew with the codename that is then asked for; None when the person decided not to."""
        if (kept := self.begun()) is not None:
            return self.go_on(kept)
        _check_places(self._wish)
        return self.send(codename())


@contextmanager
def _ended_by_signals(recording: Recording) -> Generator[None]:
    """Have Ctrl-C, a closed window and a polite kill end the recording properly; a second Ctrl-C ends the program at once.

    What is ignored stays so: whoever started it with `nohup` or in the background meant it to outlast the window.
    """
    heard = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]

    def end(_number: int, _frame: FrameType | None) -> None:
        recording.end()
        if signal.SIGINT in heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _again(link: Link, desk: str) -> str:
    """Return the command that looks for an answer, whole: nothing of it is kept anywhere."""
    return f"corncrake-reporter check --server {link.origin} --root {root_text(link.root)} --desk {desk}"
