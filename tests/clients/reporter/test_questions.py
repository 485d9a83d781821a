# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers as people type them, and the two languages."""

import re
from datetime import date

import pytest

from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.form import Option, Question
from corncrake_crypto.report import Answer
from corncrake_reporter.messages import MESSAGES
from corncrake_reporter.questions import read_answer
from corncrake_reporter.terminal import shown

DAY = Question(id="when", kind="day", label={"en": "When?"})
ONE = Question(id="one", kind="choice", label={"en": "Which?"}, options=tuple(Option(id=name, label={"en": name}) for name in ("a", "b", "c")))
MANY = Question(id="many", kind="many", label={"en": "Which?"}, options=ONE.options)
TEXT = Question(id="text", kind="text", label={"en": "What?"})


@pytest.mark.parametrize(
    ("question", "typed", "answer"),
    [
        (DAY, "2026-01-31", Answer(question="when", day=date(2026, 1, 31))),
        (DAY, "~2026-01-31", Answer(question="when", day=date(2026, 1, 31), about=True)),
        (DAY, "2026-01-28..2026-01-31", Answer(question="when", day=date(2026, 1, 28), until=date(2026, 1, 31))),
        (DAY, "?", Answer(question="when", unknown=True)),
        (ONE, "2", Answer(question="one", choices=("b",))),
        (MANY, "1, 3", Answer(question="many", choices=("a", "c"))),
        (TEXT, " a cut emoji \ud83d ", Answer(question="text", text="a cut emoji \ufffd")),
        (TEXT, "  ", None),
        (MANY, "", None),
    ],
)
def test_what_is_typed_is_understood(question: Question, typed: str, answer: Answer | None) -> None:
    assert read_answer(question, typed) == answer


@pytest.mark.parametrize(
    ("question", "typed"),
    [(DAY, "yesterday"), (DAY, "2026-02-30"), (DAY, "2026-01-31..2026-01-28"), (ONE, "4"), (ONE, "0"), (ONE, "1 2"), (MANY, "1 1"), (MANY, "a")],
)
def test_what_is_no_answer_is_asked_again(question: Question, typed: str) -> None:
    with pytest.raises(CorncrakeError):
        read_answer(question, typed)


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    english, spanish = MESSAGES["en"], MESSAGES["es"]
    assert english.keys() == spanish.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", spanish[key])), key


def test_what_others_wrote_cannot_steer_the_terminal() -> None:
    assert shown("a\x1b[2Jb\n\u202ec\x9b") == "a[2Jb\nc"
