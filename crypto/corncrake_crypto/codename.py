# SPDX-License-Identifier: Apache-2.0
"""The codename: 128 bits that a reporter keeps as twelve words, and the keys that follow from them.

Rules of this file: entropy, not words, goes into the derivation, so that the same codename may be shown in any language. Keys
depend on the desk and the organisation's root: the same words at two desks are two strangers. No stretching: 128 random bits
need none. The representation never shows the words.

Source: crypto/spec/codename.md; BIP 39; RFC 5869.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from mnemonic import Mnemonic
from nacl.signing import SigningKey

from corncrake_crypto.encoding import ROOT_LENGTH, b64url
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.randomness import random_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

ENTROPY_LENGTH: Final = 16
WORD_COUNT: Final = 12
LANGUAGES: Final = {
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
    "cs": "czech",
    "ja": "japanese",
    "ko": "korean",
    "zh_hans": "chinese_simplified",
    "zh_hant": "chinese_traditional",
}
"""Language tags, in the order in which words of an unknown language are looked up, and the names of their lists."""

# White_Space of Unicode, and the byte order mark, with which files begin. The four separators of ASCII are none, whatever Python says.
_SPACE: Final = re.compile(r"(?:[^\S\x1c-\x1f]|\ufeff)+")

Purpose = Literal["reply-identity", "thread-signing", "reply-tag"]


class WordError(UsageError):
    """Some words are in no list.

    Attributes:
        positions: where they stand, from 1; empty when their number is wrong.
    """

    def __init__(self, positions: tuple[int, ...], detail: str) -> None:
        """Keep the positions; the words themselves stay with the caller."""
        super().__init__(Failure.WORD, detail)
        self.positions = positions


def _plain(word: str) -> str:
    """Return a word without case and accents, as people type it."""
    decomposed = unicodedata.normalize("NFKD", word.strip().lower())
    return "".join(character for character in decomposed if not unicodedata.category(character).startswith("M"))


@cache
def _word_list(language: str) -> tuple[str, ...]:
    if language not in LANGUAGES:
        raise UsageError(Failure.MISUSE, "there is no word list in this language")
    return tuple(unicodedata.normalize("NFKD", word) for word in Mnemonic(LANGUAGES[language]).wordlist)


@cache
def _look_up(language: str) -> dict[str, str]:
    """Map what may be typed to words: each word, and its plain form where that is the plain form of one word only."""
    words = _word_list(language)
    plain: dict[str, list[str]] = {}
    for word in words:
        plain.setdefault(_plain(word), []).append(word)
    return {form: found[0] for form, found in plain.items() if len(found) == 1} | {word: word for word in words}


def complete(prefix: str, language: str) -> list[str]:
    """Return the words of a list that begin with `prefix`, in the order of the list; case and accents are ignored.

    Args:
        prefix: what has been typed; nothing typed, nothing returned.
        language: a key of `LANGUAGES`.

    Raises:
        UsageError: `misuse`, for another language.

    Source: crypto/spec/codename.md §3.
    """
    start = _plain(prefix)
    return [word for word in _word_list(language) if _plain(word).startswith(start)] if start else []


def _found(typed: Sequence[str], language: str) -> list[str | None]:
    table = _look_up(language)
    normal = [unicodedata.normalize("NFKD", word.lower()) for word in typed]
    return [table.get(word) or table.get(_plain(word)) for word in normal]


class Codename:
    """One reporter's secret at one desk or several."""

    __slots__ = ("entropy",)

    def __init__(self, entropy: bytes) -> None:
        """Take 16 bytes; see `from_entropy`."""
        if len(entropy) != ENTROPY_LENGTH:
            raise UsageError(Failure.MISUSE, f"a codename has {ENTROPY_LENGTH} bytes")
        self.entropy = bytes(entropy)

    @classmethod
    def generate(cls) -> Codename:
        """Return a new codename."""
        return cls(random_bytes(ENTROPY_LENGTH))

    @classmethod
    def from_entropy(cls, entropy: bytes) -> Codename:
        """Return the codename of these 16 bytes.

        Raises:
            UsageError: `misuse`, for another length.
        """
        return cls(entropy)

    @classmethod
    def from_words(cls, text: str, language: str | None = None) -> Codename:
        """Return the codename of twelve words as a person typed them: any case, any space, accents or not.

        Args:
            text: the words.
            language: a key of `LANGUAGES`; None looks through all of them in their order.

        Raises:
            WordError: `word`: there are not twelve, or some are in no list; it names their positions.
            UsageError: `checksum`: all are words, but not of a codename: one is wrong or two are swapped.

        Source: crypto/spec/codename.md §2; BIP 39.
        """
        typed = [word for word in _SPACE.split(text) if word]
        if len(typed) != WORD_COUNT:
            raise WordError((), f"a codename has {WORD_COUNT} words, these are {len(typed)}")
        nearest: list[str | None] = [None] * WORD_COUNT
        for candidate in LANGUAGES if language is None else (language,):
            found = _found(typed, candidate)
            if None not in found:
                entropy = _entropy([word for word in found if word is not None], candidate)
                if entropy is not None:
                    return cls(entropy)
            if found.count(None) < nearest.count(None):
                nearest = found
        wrong = tuple(number for number, word in enumerate(nearest, 1) if word is None)
        if wrong:
            raise WordError(wrong, f"not in the list: word {', '.join(map(str, wrong))}")
        raise UsageError(Failure.CHECKSUM, "all are words, but one is wrong or two are swapped")

    def words(self, language: str) -> list[str]:
        """Return the twelve words, in NFKD.

        Raises:
            UsageError: `misuse`, for a language that is not in `LANGUAGES`.

        Source: crypto/spec/codename.md §2; BIP 39.
        """
        words = _word_list(language)
        bits = int.from_bytes(self.entropy, "big") << 4 | hashlib.sha256(self.entropy).digest()[0] >> 4
        return [words[bits >> 11 * (WORD_COUNT - 1 - i) & 2047] for i in range(WORD_COUNT)]

    def derive(self, purpose: Purpose, desk: str, root: bytes) -> bytes:
        """Return the 32 bytes for one purpose at one desk of the organisation with this root.

        Source: crypto/spec/codename.md §4; RFC 5869.
        """
        if len(root) != ROOT_LENGTH or not desk or "\n" in desk:
            raise UsageError(Failure.MISUSE, "a derivation takes a desk and a root of 32 bytes")
        info = f"corncrake.org/v1/{purpose}\n{desk}".encode()
        return HKDF(hashes.SHA256(), 32, salt=root, info=info).derive(self.entropy)

    def thread_key(self, root: bytes, desk: str) -> SigningKey:
        """Return the key that signs this reporter's messages at `desk`."""
        return SigningKey(self.derive("thread-signing", desk, root))

    def thread_id(self, root: bytes, desk: str) -> str:
        """Return the name of the thread: the base64url of its public key, 43 characters."""
        return b64url(bytes(self.thread_key(root, desk).verify_key))

    def reply_tag(self, root: bytes, desk: str) -> bytes:
        """Return the 32 bytes from which the tags of reply slots are made."""
        return self.derive("reply-tag", desk, root)

    def __repr__(self) -> str:
        """Return a form that hides everything."""
        return "Codename(…)"


def _entropy(words: list[str], language: str) -> bytes | None:
    """Return the entropy of twelve words of one list, or None when their checksum is wrong."""
    index = {word: number for number, word in enumerate(_word_list(language))}
    bits = 0
    for word in words:
        bits = bits << 11 | index[word]
    entropy = (bits >> 4).to_bytes(ENTROPY_LENGTH, "big")
    return entropy if hashlib.sha256(entropy).digest()[0] >> 4 == bits & 15 else None
