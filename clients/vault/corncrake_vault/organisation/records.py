# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a ceremony leaves on paper: its record, and the sheets with shares.

Rules of this file: a record has nothing secret in it: what was done, by whom, the keys as words and as QR code, room to sign. A share's sheet
holds the share as words only: a QR code would invite a phone. No page says a time finer than a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from corncrake_crypto.encoding import day_text
from corncrake_vault.keys.fingerprint import qr_picture, words_of
from corncrake_vault.organisation.record_texts import TEXT, TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

_NOT_PRINTED: Final = frozenset({"ja", "ko", "zh_hans", "zh_hant"})
"""Lists of words whose letters are not in the fonts that every PDF reader has; those know the letters of western Europe."""
_LINE: Final = 6
_COLUMNS: Final = 3


class Held(NamedTuple):
    """What a ceremony signed: the charter's sequence, its hash, its last day, what it changes, and who agreed just now."""

    sequence: int
    sha256: str
    expires: date
    changes: Sequence[str]
    countersigned: str = ""


class Done(NamedTuple):
    """What a ceremony did that signed no charter: which sentence says it, one of `TEXT`, and what stands in it."""

    sentence: str
    values: Mapping[str, object] = MappingProxyType({})


class Tested(NamedTuple):
    """Which paper a ceremony has tried.

    Attributes:
        what: of which key, as its sheets are titled.
        needed: how many sheets give the key back.
        made: how many there are; None where the vault that tries them has not made them.
        destroy_after: the last day of the paper, or None.
    """

    what: str
    needed: int
    made: int | None
    destroy_after: date | None


class Sheet(NamedTuple):
    """What stands on each sheet of a set of shares.

    Attributes:
        title: of whom, of what.
        needed: how many give the key back.
        fingerprint: of the public key, as words.
        destroy_after: the last day of the paper, or None.
    """

    title: str
    needed: int
    fingerprint: str
    destroy_after: date | None


def _page(title: str, subtitle: str, today: date, language: str) -> FPDF:
    page = FPDF(format="A4")
    page.set_creation_date(datetime.combine(today, time(), UTC))
    page.set_lang(language)
    page.set_title(title)
    page.set_margin(20)
    page.add_page()
    _write(page, title, size=18, bold=True)
    _write(page, subtitle, size=12)
    page.ln(_LINE)
    return page


def printed_language(language: str) -> str:
    """Return the language whose words stand on paper for somebody who compares in `language`: English, where its letters cannot be printed."""
    return "en" if language in _NOT_PRINTED else language


def printed_words(public: bytes, language: str, paper: str) -> str:
    """Return a root or key as words for the printer, and say so when they are not those of `language`."""
    words = words_of(public, printed_language(language))
    return f"{words}\n{TEXT[paper]['in_english']}" if language in _NOT_PRINTED else words


def _printable(text: str) -> str:
    # Ids and fixed words have no other letters, and words to compare come by `printed_words`.
    return text.encode("latin-1", "replace").decode("latin-1")


def _write(page: FPDF, text: str, *, size: int = 11, bold: bool = False, font: str = "helvetica") -> None:
    page.set_font(font, style="B" if bold else "", size=size)
    page.multi_cell(0, _LINE * size / 11, _printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _write_held(page: FPDF, held: Held | Tested | Done, words: Mapping[str, str]) -> None:
    if isinstance(held, Done):
        _write(page, words[held.sentence].format(**held.values))
    elif isinstance(held, Tested):
        _write(page, f"{held.what}.")
        _write(page, words["tested_some" if held.made is None else "tested"].format(needed=held.needed, made=held.made))
        _write(page, words["sheets_for_good"] if held.destroy_after is None else words["sheets_until"].format(day=day_text(held.destroy_after)))
    else:
        _write(page, words["charter"].format(sequence=held.sequence, until=day_text(held.expires)))
        _write(page, f"SHA-256 {held.sha256}", size=9, font="courier")
        if held.countersigned:
            _write(page, words["countersigned"].format(who=held.countersigned))
        for line in held.changes:
            _write(page, f"- {line}")


def record(ceremony: str, held: Held | Tested | Done, keys: Sequence[tuple[str, str, str]], *, today: date, language: str) -> bytes:
    """Return the record of a ceremony as a PDF.

    Args:
        ceremony: what was done, as the command is called.
        held: what it signed, which paper it tried, or what else it did.
        keys: what people compare: its name in `TEXT`, the words, and the text of the QR code.
        today: the day of the ceremony.
        language: of the fixed words, one of `LANGUAGES`.
    """
    words = TEXT[language]
    page = _page(TITLES[language][ceremony], f"{words['record']} - {words['day']}: {day_text(today)}", today, language)
    _write_held(page, held, words)
    page.ln(_LINE)
    for name, spoken, code in keys:
        _write(page, words[name], bold=True)
        _write(page, spoken, font="courier")
        page.image(qr_picture(code), w=40)
        page.ln(_LINE / 2)
    page.ln(_LINE)
    _write(page, words["present"], bold=True)
    for _ in range(6):
        page.ln(_LINE * 2)
        page.line(page.l_margin, page.get_y(), page.w - page.r_margin, page.get_y())
    return bytes(page.output())


def share_sheets(shares: Sequence[str], sheet: Sheet, *, today: date, language: str) -> list[bytes]:
    """Return one PDF for each share: its words in numbered columns, and how long it may exist."""
    words = TEXT[language]
    made: list[bytes] = []
    for place, share in enumerate(shares, 1):
        page = _page(words["share"].format(place=place, made=len(shares)), f"{sheet.title} - {day_text(today)}", today, language)
        _write(page, words["together"].format(needed=sheet.needed, made=len(shares)))
        _write(page, words["keep"])
        until = words["for_good"] if sheet.destroy_after is None else words["until"].format(day=day_text(sheet.destroy_after))
        _write(page, until, bold=True)
        page.ln(_LINE)
        _columns(page, share.split())
        page.ln(_LINE)
        _write(page, words["key"], bold=True)
        _write(page, sheet.fingerprint, font="courier")
        made.append(bytes(page.output()))
    return made


def _columns(page: FPDF, words: Sequence[str]) -> None:
    page.set_font("courier", size=13)
    rows = -(-len(words) // _COLUMNS)
    for row in range(rows):
        for column in range(_COLUMNS):
            at = column * rows + row
            page.cell(55, _LINE * 1.5, f"{at + 1:2} {words[at]}" if at < len(words) else "")
        page.ln(_LINE * 1.5)
