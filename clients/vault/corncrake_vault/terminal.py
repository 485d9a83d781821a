# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a command says: one line of what it did, what needs a person, the next command; or all of it as JSON.

Rules of this file: results go to standard output, faults to standard error, each beginning with its failure word. A terminal gets no
control character, wherever a text came from. Exit codes: 0 done, 1 refused or something needs a person now, 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from corncrake_vault.advice import advice_for, advice_for_shown

if TYPE_CHECKING:
    from corncrake_crypto.errors import CorncrakeError
    from corncrake_vault.inbox.promises import Fault

DONE, REFUSED, USAGE = 0, 1, 2


@dataclass(slots=True)
class Outcome:
    """The result of a command.

    Attributes:
        done: one line.
        lines: what it found, as text for a person.
        needs: what needs a person.
        next: the next command, or None.
        data: all of it for `--json`.
        faults: shown with their words; with any but `frozen` the exit code is 1.
    """

    done: str
    lines: list[str] = field(default_factory=list[str])
    needs: list[str] = field(default_factory=list[str])
    next: str | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    faults: list[Fault] = field(default_factory=list["Fault"])


def plain(text: str) -> str:
    """Return `text` without anything that could steer a terminal or turn its direction; newlines and tabs stay."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} or c == "\u200d" else "\ufffd" for c in text)


def say(outcome: Outcome, out: TextIO, err: TextIO, *, as_json: bool) -> int:
    """Print an outcome and return the exit code. A reader of it that has gone, as `less` does, changes nothing: the command is done by now."""
    _tell(err, [plain(f"{fault.failure.value}: {fault.detail}") for fault in outcome.faults])
    _tell(err, [f"  {advice_for_shown(failure)}" for failure in dict.fromkeys(fault.failure for fault in outcome.faults)])
    if as_json:
        faults = [{"failure": fault.failure.value, "detail": fault.detail} for fault in outcome.faults]
        whole = {**outcome.data, "done": outcome.done, "needs": outcome.needs, "next": outcome.next, "faults": faults}
        _tell(out, [json.dumps(whole, ensure_ascii=False)])
    else:
        lines = [outcome.done, *outcome.lines, *(f"! {need}" for need in outcome.needs)]
        _tell(out, [*map(plain, lines), *([f"Next: {outcome.next}"] if outcome.next is not None else [])])
    return REFUSED if any(fault.failure.value != "frozen" for fault in outcome.faults) else DONE


def refuse(error: CorncrakeError, out: TextIO, err: TextIO, *, as_json: bool) -> int:
    """Print why something was refused, and what to do; return the exit code. A reader that has gone changes nothing."""
    todo = advice_for(error)
    _tell(err, [plain(f"{error.failure.value}: {error.detail}"), *([f"  {todo}"] if todo is not None else [])])
    if as_json:
        _tell(out, [json.dumps({"failure": error.failure.value, "detail": error.detail, "advice": todo}, ensure_ascii=False)])
    return REFUSED


def _tell(stream: TextIO, lines: list[str]) -> None:
    try:
        for line in lines:
            print(line, file=stream)
        stream.flush()
    except BrokenPipeError:
        # What is still in the buffer has nowhere to go, and must not be tried again when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
