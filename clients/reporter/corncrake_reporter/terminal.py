# SPDX-License-Identifier: AGPL-3.0-or-later
"""The person at the terminal: what is said and asked goes to standard error, results to standard output.

Rules of this file: what others wrote is shown without control characters, so that nobody can write over the screen. Twelve words are read from
the environment (for tests) or as a line, and never from an argument, which other people of the machine can see.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, Final

from corncrake_crypto.codename import Codename
from corncrake_reporter.messages import Tongue, message

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS_VARIABLE: Final = "CORNCRAKE_WORDS"
_NUMBERS: Final = re.compile(r"\b[0-9]{1,2}[.)]?(?=\s)")
"""The numbers before words, as `send` prints them and people copy them."""
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str) -> str:
    """Return a text as it may be shown: without control characters but newlines, and without changes of direction."""
    return "".join(character for character in text if character == "\n" or not (unicodedata.category(character) == "Cc" or character in _TURNS))


class Terminal:
    """Says and asks in one language."""

    def __init__(self, tongue: Tongue) -> None:
        """Speak `tongue`."""
        self.tongue: Tongue = tongue
        self._has_bar = False

    @property
    def can_rewrite(self) -> bool:
        """Say whether a line can be written over: whether a person looks at it."""
        return sys.stderr.isatty()

    def bar(self, text: str) -> None:
        """Show one line in the place of the one shown before; only where `can_rewrite`."""
        columns = shutil.get_terminal_size().columns
        print(f"\r{shown(text)[: columns - 1]}\x1b[K", end="", file=sys.stderr, flush=True)
        self._has_bar = True

    def end_bar(self) -> None:
        """Take the line away again, if there is one."""
        if self._has_bar:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._has_bar = False

    def say(self, key: str, **values: object) -> None:
        """Say one of our sentences."""
        self.show(message(self.tongue, key, **values))

    def show(self, text: str) -> None:
        """Show a text of others."""
        self.end_bar()
        print(shown(text), file=sys.stderr, flush=True)

    def ask(self) -> str:
        """Return one line; empty when there is none."""
        print("> ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().rstrip("\r\n")

    def ask_lines(self) -> str:
        """Return lines up to one that has only a dot."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        print("> ", end="", file=sys.stderr, flush=True)
        for line in sys.stdin:
            if line.strip() == ".":
                return
            yield line.rstrip("\r\n")

    def confirmed(self) -> bool:
        """Ask whether to send."""
        self.say("confirm")
        return self.ask().strip().lower() in message(self.tongue, "yes").split()

    def codename(self) -> Codename:
        """Return the codename whose words the person types.

        Raises:
            UsageError: `word`, `checksum`; see `Codename.from_words`.
        """
        words = os.environ.get(WORDS_VARIABLE)
        if words is None:
            self.say("ask_words")
            words = self.ask()
        return Codename.from_words(_NUMBERS.sub(" ", words))
