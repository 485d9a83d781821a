# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything the program says, in English and in Spanish; both have the same keys.

Rules of this file: short words, no jargon, no blame, no hurry, no promise that is not so. An error says what happened, whether anything was
lost, and what to do. `{name}` marks what is put in.
"""

from __future__ import annotations

from typing import Final, Literal

from corncrake_reporter.english import ENGLISH
from corncrake_reporter.spanish import SPANISH

Tongue = Literal["en", "es"]
TONGUES: Final[tuple[Tongue, ...]] = ("en", "es")

MESSAGES: Final[dict[Tongue, dict[str, str]]] = {"en": ENGLISH, "es": SPANISH}


def message(tongue: Tongue, key: str, **values: object) -> str:
    """Return one sentence with its values put in."""
    return MESSAGES[tongue][key].format(**values)


def tongue_of(environment: str) -> Tongue:
    """Return the language of a locale such as `es_GT.UTF-8`; English for those that are not here."""
    found = environment[:2].lower()
    return "es" if found == "es" else "en"


def localised(texts: dict[str, str], tongue: Tongue) -> str:
    """Return a desk's own text in this language, or in its first one."""
    return texts.get(tongue) or next(iter(texts.values()))
