# SPDX-License-Identifier: AGPL-3.0-or-later
"""A desk's form."""

from typing import Any

import pytest

from corncrake_crypto.encoding import canonical
from corncrake_crypto.errors import Failure
from corncrake_crypto.form import MAX_FORM, Form, Option, Question, form_hash, read_form, write_form
from tests.simulators.organisation import SimulatedOrganisation
from tests.simulators.refusal import refused

STORY = Question(id="story", kind="story", label={"en": "What happened?"})
YES = Option(id="yes", label={"en": "Yes"})


def form(*questions: Question, consent: tuple[Question, ...] = (), **changes: Any) -> Form:
    fields: dict[str, Any] = {
        "v": 1,
        "desk": "legal",
        "languages": ("en",),
        "title": {"en": "Tell us"},
        "about": {"en": "Two lawyers."},
        "promise_days": 7,
    }
    return Form(questions=questions, consent=consent, **fields | changes)


def test_a_form_that_the_charter_names_is_read(org: SimulatedOrganisation) -> None:
    assert write_form(read_form(org.form, org.desk().form)) == org.form


def test_a_form_that_the_charter_does_not_name_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.CHARTER):
        read_form(org.form.replace(b"Tell us", b"Tell me"), org.desk().form)


@pytest.mark.parametrize(
    "contradiction",
    [
        form(STORY, STORY),
        form(STORY, consent=(STORY,)),
        form(Question(id="q", kind="choice", label={"en": "?"})),
        form(Question(id="q", kind="text", label={"en": "?"}, options=(YES,))),
        form(Question(id="q", kind="many", label={"en": "?"}, options=(YES, YES))),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(contradiction: Form) -> None:
    raw = canonical(contradiction)
    with refused(Failure.CHARTER):
        read_form(raw, form_hash(raw))
    with refused(Failure.CHARTER):
        write_form(contradiction)


def test_a_form_above_64_kib_is_refused() -> None:
    raw = b"x" * (MAX_FORM + 1)
    with refused(Failure.SIZE):
        read_form(raw, form_hash(raw))
