# SPDX-License-Identifier: AGPL-3.0-or-later
"""One visit of somebody who has nothing to say: the requests of a real one, by the same code, in the same order.

Rules of this file: it makes no request of its own. Between the papers and the report as much time goes by as a person needs. What is sent is
zeros and dots under the seal.

Source: crypto/spec/report.md §1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import day_text
from corncrake_crypto.receipt import Receipt
from corncrake_reporter.answers import from_text
from corncrake_reporter.attachments import Attachment
from corncrake_reporter.commands import look_twice
from corncrake_reporter.inclusion import check_inclusion
from corncrake_reporter.sealing import Message
from corncrake_reporter.sending import send
from corncrake_reporter.visit import recipients, visit

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.codename import Codename
    from corncrake_reporter.habits import Said
    from corncrake_reporter.line import Line
    from corncrake_reporter.visit import Link

_FILE_NAME: Final = "file.bin"
_FILE_TYPE: Final = "application/octet-stream"
_LANGUAGE: Final = "en"


class _Nothing:
    """A file of zeros that lies nowhere."""

    def __init__(self, size: int) -> None:
        """Be `size` bytes long."""
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Return zeros; see `sources.Source`."""
        return bytes(max(0, min(length, self.size - offset)))

    def release(self) -> None:
        """Do nothing: nothing is held."""


def cover_message(link: Link, codename: Codename, said: Said, today: date, line: Line) -> None:
    """Visit, wait as long as a person writes, and send a report of kind `cover`, with files.

    Args:
        link: where to.
        codename: of a thread that is nobody's.
        said: how much, and after how long.
        today: by this machine's clock.
        line: patience; its `pause` is what waits.

    Raises:
        CorncrakeError: as `visit`, `recipients` and `send`.
    """
    papers = visit(link, codename, today)
    recipients(papers)
    line.pause(said.thinking)
    files = tuple(Attachment(_FILE_NAME, _FILE_TYPE, _Nothing(size), "keep", (), "unknown") for size in said.files)
    send(papers, codename, Message("cover", _LANGUAGE, from_text(papers.form, "." * said.text), files), line)


def cover_look(link: Link, codename: Codename, today: date, *, in_log: bool) -> None:
    """Visit, and look for an answer that nobody wrote; `in_log`: and in the log for a receipt that nobody was given.

    Raises:
        CorncrakeError: as `visit`, `look` and `check_inclusion`.
    """
    papers, _ = look_twice(link, codename, today)
    if in_log:
        log, nobody = papers.charter.charter.log.origin, bytes(32).hex()
        check_inclusion(papers, Receipt(id=nobody, desk=papers.desk.id, log=log, day=day_text(today), salt=nobody))
