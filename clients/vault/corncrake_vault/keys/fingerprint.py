# SPDX-License-Identifier: AGPL-3.0-or-later
"""A key or root as something that people compare: eight words in their language, and a QR code.

Rules of this file: the words are the first 88 bits, in any of the lists of BIP-39, so that each reads them in a language of their own and the
numbers are the same. Words are shown composed (NFC), as people write them.

Source: crypto/spec/encoding.md §1; BIP-39.
"""

from __future__ import annotations

import io
import unicodedata
from typing import Final

import segno
from mnemonic import Mnemonic

WORDS: Final = 8
LISTS: Final = {
    "cs": "czech",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "ja": "japanese",
    "ko": "korean",
    "pt": "portuguese",
    "zh_hans": "chinese_simplified",
    "zh_hant": "chinese_traditional",
}
"""Languages with a list of words."""


def words_of(public: bytes, language: str = "en") -> str:
    """Return the first 88 bits of a root or key as eight words of a language, to compare by voice."""
    listed = Mnemonic(LISTS[language]).wordlist
    bits = int.from_bytes(public[:11], "big")
    return unicodedata.normalize("NFC", " ".join(listed[bits >> 11 * (WORDS - 1 - i) & 2047] for i in range(WORDS)))


def qr_lines(text: str) -> list[str]:
    """Return a QR code of a text as lines for a terminal."""
    out = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue().splitlines()


def qr_picture(text: str) -> bytes:
    """Return a QR code of a text as a PNG picture."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=8, border=4)
    return out.getvalue()
