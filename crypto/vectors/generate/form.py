# SPDX-License-Identifier: Apache-2.0
"""Cases of form.md."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from organisation import FORM, FORM_SHA256, FORM_TEXT, Case, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

STORY, WHEN = FORM["questions"]
YES = {"id": "yes", "label": {"en": "Yes"}}


def read(what: str, failure: str | None, text: str, sha256: str | None = None) -> dict[str, Any]:
    """Return a case of `read_form`."""
    named = sha256 or hashlib.sha256(text.encode()).hexdigest()
    expected = {} if failure else {"expected": [question["id"] for question in FORM["questions"] + FORM["consent"]]}
    return {"what": what, "do": "read_form", "failure": failure, "form_text": text, "sha256": named} | expected


def asking(*questions: dict[str, Any]) -> str:
    """Return a form with these questions."""
    return canonical(FORM | {"questions": list(questions)})


def cases() -> Iterator[Case]:
    """All of them."""
    yield "good", read("a form; expected are the ids of its questions", None, FORM_TEXT)
    yield "other_hash", read("not the one that the charter names", "charter", FORM_TEXT.replace("Tell us", "Tell me"), FORM_SHA256)
    yield "space", read("a space", "not-canonical", FORM_TEXT.replace('"v":1', '"v": 1'))
    yield "version_2", read("another version", "json", FORM_TEXT.replace('"v":1', '"v":2'))
    yield "unknown_kind", read("a kind of question that nobody knows", "json", asking(STORY | {"kind": "blood"}))
    yield "no_question", read("no question", "json", asking())
    yield "question_twice", read("a question twice", "charter", asking(STORY, STORY))
    yield "consent_twice", read("a question and a consent of one id", "charter", asking(STORY, WHEN | {"id": "use"}))
    yield "choice_without_options", read("a choice of nothing", "charter", asking(WHEN | {"kind": "choice"}))
    yield "text_with_options", read("options where none can be", "charter", asking(WHEN | {"options": [YES]}))
    yield "option_twice", read("an option twice", "charter", asking(WHEN | {"kind": "many", "options": [YES, YES]}))
    yield "too_long", read("above 64 KiB", "size", FORM_TEXT + " " * 65_536)
