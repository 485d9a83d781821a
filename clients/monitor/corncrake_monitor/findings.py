# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one pass has found, and what it goes by.

Rules of this file: a finding has a word (of `errors.Failure`, or `emergency`) and a sentence for a person. What is found against a signature
lasts; what may pass by itself (a log that stands still, a server that does not answer a part) is found anew by each pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.errors import Failure, StoreError
from corncrake_monitor.evidence import Evidence, keep

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from corncrake_crypto.errors import CorncrakeError
    from corncrake_monitor.server import Server
    from corncrake_monitor.state import State

EMERGENCY: Final = "emergency"
_LASTING: Final = frozenset({Failure.FORK.value, Failure.SHRUNKEN.value, Failure.EQUIVOCATION.value, Failure.SUCCESSION.value})


class Finding(NamedTuple):
    """Something that is not well: the word, the sentence, the file of evidence if there is one, and whether it stays until a person takes it out."""

    word: str
    says: str
    evidence: str | None = None
    lasts: bool = False


def _nothing(_what: object) -> None:
    """Say and write nothing."""


@dataclass
class Looking:
    """One pass: what it goes by, and what it has found so far.

    Attributes:
        server: that is looked at.
        root: the pinned organisation, 32 bytes.
        today: the day by this machine's clock.
        state: as it was when the pass began.
        folder: where evidence is kept.
        progress: told how far a long reading has come.
        write: told at once of what lasts, since the rest of a pass may never come.
        found: so far.
    """

    server: Server
    root: bytes
    today: date
    state: State
    folder: Path
    progress: Callable[[str], None] = _nothing
    write: Callable[[Finding], None] = _nothing
    found: list[Finding] = field(default_factory=list[Finding])

    def find(self, failure: Failure | str, says: str, evidence: Evidence | str | None = None, *, lasts: bool = False) -> None:
        """Note something that is not well, and keep what proves it, unless a file of this name has it; some words last, others by `lasts`.

        Where the disk does not take the evidence, that is noted too: what was found is told all the same.
        """
        refused: StoreError | None = None
        try:
            name = keep(self.folder, evidence) if isinstance(evidence, Evidence) else evidence
        except StoreError as error:
            name, refused = None, error
        self.found.append(Finding(str(failure), says, name, lasts or str(failure) in _LASTING))
        if self.found[-1].lasts:
            self.write(self.found[-1])
        if refused is not None:
            self.find_error(refused, "evidence")

    def find_error(self, error: CorncrakeError, where: str) -> None:
        """Note a refusal."""
        self.find(error.failure.value, f"{where}: {error.detail}")
