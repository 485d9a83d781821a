# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers to a desk's form, as a person gave them on a command line or in a file.

Rules of this file: an answer fits its question or is refused before anything is sent. Text is repaired, never refused: a cut emoji must
not cost a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_crypto.encoding import repair_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.fields import Day  # noqa: TC001 - msgspec reads it
from corncrake_crypto.form import CHOICES
from corncrake_crypto.report import MAX_TEXT, Answer

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_crypto.form import Form, Question

MAX_FILE: Final = 4 << 20
"""Bytes of a file with answers."""
_TEXTS: Final = frozenset({"story", "text", "place"})


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer as a file has it; see `report.Answer`."""

    text: str | None = None
    day: Day | None = None
    until: Day | None = None
    about: bool | None = None
    choices: tuple[str, ...] | None = None
    unknown: bool | None = None


def _refused(question: str, detail: str) -> UsageError:
    return UsageError(Failure.MISUSE, f"the answer to {question!r} {detail}")


def _check(question: Question, given: Given) -> None:
    if given.text is not None and question.kind not in _TEXTS:
        raise _refused(question.id, "is a text where none is asked for")
    if (given.day or given.until or given.about is not None) and question.kind != "day":
        raise _refused(question.id, "is a day where none is asked for")
    if given.until is not None and (given.day is None or given.until < given.day):
        raise _refused(question.id, "ends before it begins")
    if given.choices is not None:
        known = {option.id for option in question.options or ()}
        most = 1 if question.kind == "choice" else len(known)
        if question.kind not in CHOICES or not set(given.choices) <= known or not len(set(given.choices)) == len(given.choices) <= most:
            raise _refused(question.id, "is not among those to choose from")


def answer(question: Question, given: Given) -> Answer | None:
    """Return an answer that fits its question, or None when it says nothing.

    Raises:
        UsageError: `misuse`, when it does not fit; `size`, when a text has more than `MAX_TEXT` characters.
    """
    _check(question, given)
    text = repair_text(given.text).strip() if given.text is not None else ""
    if len(text) > MAX_TEXT:
        raise UsageError(Failure.SIZE, f"the answer to {question.id!r} has more than {MAX_TEXT} characters")
    if not (text or given.day or given.choices or given.unknown):
        return None
    return Answer(
        question=question.id,
        text=text or None,
        day=given.day,
        until=given.until,
        about=given.about or None,
        choices=given.choices or None,
        unknown=given.unknown or None,
    )


def text_question(form: Form) -> Question:
    """Return the question that a plain text answers: the first story, or else the first text.

    Raises:
        UsageError: `misuse`, when the form asks for no text.
    """
    for kind in ("story", "text"):
        for question in form.questions:
            if question.kind == kind:
                return question
    raise UsageError(Failure.MISUSE, "this desk's form asks for no text; use --answers")


def from_text(form: Form, text: str) -> tuple[Answer, ...]:
    """Return one text as the answer to `text_question`."""
    found = answer(text_question(form), Given(text=text))
    return () if found is None else (found,)


def from_file(form: Form, path: Path) -> tuple[Answer, ...]:
    """Return the answers of a file: a JSON object from question ids to a text, or to an object as `Given`.

    Raises:
        UsageError: `misuse`, when it cannot be read, is not of this form, or has a question that the form has not; `size`.
    """
    try:
        with path.open("rb") as source:
            raw = source.read(MAX_FILE + 1)
        if len(raw) > MAX_FILE:
            raise UsageError(Failure.SIZE, f"a file with answers has at most {MAX_FILE >> 20} MiB")
        given = msgspec.json.decode(raw, type=dict[str, str | Given])
    except (OSError, msgspec.MsgspecError, UnicodeError) as error:
        raise UsageError(Failure.MISUSE, f"{path.name} is not a file with answers: an object from question ids to answers") from error
    questions = {question.id: question for question in form.questions + form.consent}
    if unknown := sorted(set(given) - set(questions)):
        raise UsageError(Failure.MISUSE, f"the form has no question {unknown[0]!r}; it has {', '.join(questions)}")
    found = (answer(question, _given(given[name])) for name, question in questions.items() if name in given)
    return tuple(one for one in found if one is not None)


def _given(value: str | Given) -> Given:
    return Given(text=value) if isinstance(value, str) else value
