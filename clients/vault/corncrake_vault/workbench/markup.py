# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTML, made so that what a stranger wrote is only ever text.

Rules of this file: it is the only one that writes a `<`. Every string that goes in is escaped; only `element` and `join` make `Html`. What cannot
be seen but changes what is seen (control characters, turns of direction, invisible letters) is written out as its number.

Source: WHATWG HTML §13.3; Unicode UAX #9, UTR #36.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import Final

_VOID: Final = frozenset({"img", "link", "meta"})
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Html:
    """Finished HTML. Nothing outside this file makes one from text."""

    text: str


def visible(text: str) -> str:
    """Return `text` with every character that cannot be seen written out, as `⟨U+202E⟩`."""
    return "".join(f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c) in _UNSEEN else c for c in text)


def element(name: str, /, *inside: Html | str, **attributes: str) -> Html:
    """Return one element.

    Args:
        name: of the element; ours, never a stranger's.
        inside: what it holds; strings are escaped.
        attributes: `class_` is `class`, `aria_label` is `aria-label`; values are escaped. An empty value is written as such.
    """
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(visible(value))}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>" if name in _VOID else f"<{name}{said}>{join(*inside).text}</{name}>")


def join(*parts: Html | str) -> Html:
    """Return the parts one after the other; strings are escaped."""
    return Html("".join(part.text if isinstance(part, Html) else escape(visible(part)) for part in parts))


def theirs(text: str) -> Html:
    """Return what somebody else wrote, kept apart from our own words: its direction does not turn ours."""
    return element("bdi", text or "(nothing)", class_="theirs")


def lines(text: str) -> Html:
    """Return text of several lines as it stands."""
    return element("pre", join(*(join(Html("\n"), line) for line in text.splitlines())))


def page(title: str, style: str, *body: Html) -> bytes:
    """Return a whole page.

    Args:
        title: shown by the browser; ours.
        style: address of the style sheet.
        body: what stands in `<main>`.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("link", rel="stylesheet", href=style),
    )
    whole = element("html", head, element("body", element("main", *body)), lang="en")
    return f"<!doctype html>{whole.text}".encode()
