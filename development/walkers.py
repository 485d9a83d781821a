# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two ways to report, for the demonstration: the terminal program, and the page in a real browser.

Rules of this file: both do the same four things, and say whether they saw what a person must see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from development import page_walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from development.organisation import Demonstration


class Walker(Protocol):
    """Somebody who reports, and comes back."""

    def send(self, text: str, photos: Sequence[Path]) -> bool:
        """Send a first report; say whether its receipt was verified."""
        ...

    def add(self, text: str) -> bool:
        """Send more to the same thread; say whether its receipt was verified."""
        ...

    def acknowledged(self) -> bool:
        """Come back; say whether a reviewer's machine has it."""
        ...

    def reads(self, reply: str) -> bool:
        """Come back; say whether this reply is there."""
        ...


class TerminalWalker:
    """`corncrake-reporter`; saves its receipts, which the log must include later."""

    def __init__(self, place: Demonstration) -> None:
        """Report to this organisation."""
        self.place = place
        self.receipts: list[str] = []
        self.codename = ""

    def _receipt(self) -> list[str]:
        self.receipts.append(f"receipt-{uuid4().hex}.note")
        return ["--receipt", self.receipts[-1]]

    def send(self, text: str, photos: Sequence[Path]) -> bool:
        """Send a first report."""
        files = [word for photo in photos for word in ("--file", str(photo))]
        told = self.place.reporter("send", "--text", text, *files, *self._receipt())
        self.codename = told.data["words"]
        return bool(told.data["receipt_verified"])

    def add(self, text: str) -> bool:
        """Send more."""
        told = self.place.reporter("add", "--text", text, *self._receipt(), codename=self.codename)
        return bool(told.data["receipt_verified"])

    def acknowledged(self) -> bool:
        """Look for the acknowledgement."""
        return bool(self.place.reporter("check", codename=self.codename).data["acknowledged"])

    def reads(self, reply: str) -> bool:
        """Look for the reply."""
        answers = self.place.reporter("check", codename=self.codename).data["answers"]
        return reply in [answer["text"] for answer in answers]

    def included(self) -> int:
        """Return how many of the saved receipts the public log includes."""
        said = (self.place.reporter("check", "--receipt", receipt, codename=self.codename).data["included"] for receipt in self.receipts)
        return sum(one == "included" for one in said)


class PageWalker:
    """The page in Chromium, a fresh browser each time, as on a phone that keeps nothing."""

    def __init__(self, place: Demonstration) -> None:
        """Report to this organisation."""
        self.place = place
        self.words: list[str] = []

    def send(self, text: str, photos: Sequence[Path]) -> bool:
        """Send a first report; the page shows the words only when the receipt is right."""
        self.words = page_walk.send(self.place.link, text, list(photos))
        return len(self.words) == page_walk.WORDS

    def add(self, text: str) -> bool:
        """Send more; the page says that it was sent only when the receipt is right."""
        page_walk.answer(self.place.link, self.words, text)
        return True

    def acknowledged(self) -> bool:
        """Look for the acknowledgement."""
        return "A reviewer's machine has it" in page_walk.check(self.place.link, self.words).replace("\u2019", "'")

    def reads(self, reply: str) -> bool:
        """Look for the reply."""
        return reply in page_walk.check(self.place.link, self.words)
