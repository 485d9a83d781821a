# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's questions, asked one after the other.

Rules of this file: each may be left empty, and each takes `?` for 'I don't know'. What cannot be read is asked again; whoever closes the input has
skipped the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import parse_day
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.form import CHOICES
from corncrake_reporter.answers import Given, answer, text_question
from corncrake_reporter.messages import localised

if TYPE_CHECKING:
    from corncrake_crypto.form import Form, Question
    from corncrake_crypto.report import Answer
    from corncrake_reporter.terminal import Terminal

UNKNOWN: Final = "?"
_HOW: Final = {"story": "story_end", "day": "day_how", "choice": "one_how", "many": "many_how"}
_DAY: Final = re.compile(r"(~?)\s*(\S+?)(?:\s*\.\.\s*(\S+))?")


def _given_day(typed: str) -> Given:
    match = _DAY.fullmatch(typed)
    if match is None:
        raise FileError(Failure.ENCODING, "a day is YYYY-MM-DD")
    return Given(day=parse_day(match[2]), until=parse_day(match[3]) if match[3] else None, about=bool(match[1]) or None)


def _given_choices(question: Question, typed: str) -> Given:
    options = question.options or ()
    numbers = [int(word) if word.isdecimal() else 0 for word in typed.replace(",", " ").split()]
    if not all(1 <= number <= len(options) for number in numbers):
        raise UsageError(Failure.MISUSE, "there is no such number")
    return Given(choices=tuple(options[number - 1].id for number in numbers))


def read_answer(question: Question, typed: str) -> Answer | None:
    """Return the answer that was typed, or None when it is empty.

    Raises:
        FileError: `encoding`, for what is no day.
        UsageError: as `answers.answer`.
    """
    typed = typed.strip()
    if not typed:
        return None
    if typed == UNKNOWN:
        given = Given(unknown=True)
    elif question.kind == "day":
        given = _given_day(typed)
    elif question.kind in CHOICES:
        given = _given_choices(question, typed)
    else:
        given = Given(text=typed)
    return answer(question, given)


def _ask(question: Question, terminal: Terminal) -> Answer | None:
    terminal.show(f"\n{localised(question.label, terminal.tongue)}")
    if question.hint is not None:
        terminal.show(localised(question.hint, terminal.tongue))
    for number, option in enumerate(question.options or (), 1):
        terminal.show(f"  {number}. {localised(option.label, terminal.tongue)}")
    if question.kind in _HOW:
        terminal.say(_HOW[question.kind])
    while True:
        try:
            return read_answer(question, terminal.ask_lines() if question.kind == "story" else terminal.ask())
        except (FileError, UsageError):
            terminal.say("again")


def ask_form(form: Form, terminal: Terminal) -> tuple[Answer, ...]:
    """Ask all questions of a form, what the report may be used for last."""
    terminal.show(f"\n{localised(form.title, terminal.tongue)}\n{localised(form.about, terminal.tongue)}\n")
    terminal.say("protect")
    terminal.say("not_protected")
    terminal.say("skip")
    asked = (_ask(question, terminal) for question in form.questions + form.consent)
    return tuple(found for found in asked if found is not None)


def ask_more(form: Form, terminal: Terminal) -> tuple[Answer, ...]:
    """Ask for the text of a follow-up."""
    question = text_question(form)
    terminal.say("add_ask")
    terminal.say("story_end")
    found = answer(question, Given(text=terminal.ask_lines()))
    return () if found is None else (found,)
