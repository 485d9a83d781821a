# SPDX-License-Identifier: Apache-2.0
"""A desk's form: what a reporter is asked, in the desk's own words. The charter names it by the SHA-256 of its bytes.

Rules of this file: a form carries no signature; it is the one that the charter names or it is refused. Every question may be
skipped by whoever answers, so that a form can demand nothing.

Source: crypto/spec/form.md.
"""

import hashlib
from typing import Annotated, Final, Literal

from msgspec import Meta

from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import Id, Labels, Languages, Paragraphs, Wire

MAX_FORM: Final = 64 << 10
MAX_QUESTIONS: Final = 32
MAX_CONSENT: Final = 16
MAX_OPTIONS: Final = 32
CHOICES: Final = frozenset({"choice", "many"})
"""Kinds of questions that have options."""


class Option(Wire, frozen=True, kw_only=True):
    """One possible answer."""

    id: Id
    label: Labels


class Question(Wire, frozen=True, kw_only=True):
    """One question; `choice` takes one of the options, `many` any number of them."""

    id: Id
    kind: Literal["story", "text", "day", "place", "choice", "many"]
    label: Labels
    hint: Paragraphs | None = None
    options: Annotated[tuple[Option, ...], Meta(min_length=1, max_length=MAX_OPTIONS)] | None = None


class Form(Wire, frozen=True, kw_only=True):
    """A form, version 1: whom it reaches and what they can do, within how many days they mean to answer, what they ask."""

    v: Literal[1]
    desk: Id
    languages: Languages
    title: Labels
    about: Paragraphs
    promise_days: Annotated[int, Meta(ge=1, le=365)]
    questions: Annotated[tuple[Question, ...], Meta(min_length=1, max_length=MAX_QUESTIONS)]
    consent: Annotated[tuple[Question, ...], Meta(max_length=MAX_CONSENT)]


def _check_consistency(form: Form) -> None:
    questions = form.questions + form.consent
    if len({question.id for question in questions}) != len(questions):
        raise PeerError(Failure.CHARTER, "a question of the form is there twice")
    for question in questions:
        options = question.options or ()
        if bool(options) != (question.kind in CHOICES) or len({option.id for option in options}) != len(options):
            raise PeerError(Failure.CHARTER, "a question has options of which one is there twice, or that its kind has not")


def write_form(form: Form) -> bytes:
    """Return the bytes of a form, at most 64 KiB; what `form_hash` and the charter are about.

    Raises:
        PeerError: `charter`, when it contradicts itself.
        FileError: `size`.

    Source: crypto/spec/form.md §1.
    """
    _check_consistency(form)
    raw = canonical(form)
    if len(raw) > MAX_FORM:
        raise FileError(Failure.SIZE, f"a form has at most {MAX_FORM} bytes")
    return raw


def form_hash(raw: bytes) -> str:
    """Return the SHA-256 of a form's bytes, lower-case hex."""
    return hashlib.sha256(raw).hexdigest()


def read_form(raw: bytes, sha256: str) -> Form:
    """Return a form, if it is the one that the charter names.

    Raises:
        FileError: `size`, above 64 KiB; `json` or `not-canonical`.
        PeerError: `charter`, when its hash is not `sha256` or it contradicts itself.

    Source: crypto/spec/form.md §2.
    """
    if len(raw) > MAX_FORM:
        raise FileError(Failure.SIZE, f"a form has at most {MAX_FORM} bytes")
    if form_hash(raw) != sha256:
        raise PeerError(Failure.CHARTER, "this form is not the one that the charter names")
    form = decode_canonical(raw, Form)
    _check_consistency(form)
    return form
