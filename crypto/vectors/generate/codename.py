# SPDX-License-Identifier: Apache-2.0
"""Cases of codename.md: words by the reference implementation of BIP 39, keys by RFC 5869 written out with `hmac`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from typing import TYPE_CHECKING, Any

from mnemonic import Mnemonic
from nacl.bindings import crypto_sign_seed_keypair

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTS = {
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
ENTROPY = bytes.fromhex("00112233445566778899aabbccddeeff")
ROOT = hashlib.sha256(b"an example of a root").digest()


def hkdf(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 for one block of SHA-256."""
    return hmac.digest(hmac.digest(salt, ikm, "sha256"), info + b"\x01", "sha256")


def words(language: str, entropy: bytes = ENTROPY) -> str:
    """Return the twelve words, in NFKD."""
    return unicodedata.normalize("NFKD", Mnemonic(LISTS[language]).to_mnemonic(entropy)).replace("\u3000", " ")


def derived(purpose: str, desk: str, root: bytes = ROOT) -> bytes:
    """Return the bytes of one purpose."""
    return hkdf(ENTROPY, root, b"corncrake.org/v1/" + purpose.encode() + b"\n" + desk.encode())


def bare(text: str) -> str:
    """Return a text without its accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def word_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Words to entropy and back."""
    for language in LISTS:
        yield (
            f"words_{language}",
            {
                "what": "entropy to words and back",
                "do": "words",
                "failure": None,
                "entropy_hex": ENTROPY.hex(),
                "language": language,
                "expected_text": words(language),
            },
        )
    english, spanish = words("en"), words("es", bytes(range(100, 116)))
    typed = {
        "typed_upper": (f"  {english.upper()} ", None, "upper case and spaces"),
        "typed_newlines": (english.replace(" ", "\n"), "en", "one word a line"),
        "typed_file": ("\ufeff" + english.replace(" ", "\r\n"), "en", "a file with a byte order mark"),
        "typed_next_lines": (english.replace(" ", "\u0085"), "en", "lines that end in U+0085"),
        "typed_composed": (unicodedata.normalize("NFC", words("es")), "es", "accents in one code point with their letter"),
        "typed_with_variants": (" ".join(f"{word}\ufe00" for word in words("ja").split()), "ja", "a mark that chooses a form behind each word"),
        "typed_without_accents": (bare(words("es")), "es", "accents left out"),
    }
    for name, (text, language, what) in typed.items():
        yield name, {"what": what, "do": "from_words", "failure": None, "text": text, "language": language, "expected_hex": ENTROPY.hex()}
    yield (
        "typed_spanish_unknown_language",
        {
            "what": "the language is found",
            "do": "from_words",
            "failure": None,
            "text": spanish,
            "language": None,
            "expected_hex": bytes(range(100, 116)).hex(),
        },
    )
    parts = english.split()
    yield (
        "word_wrong",
        {
            "what": "the third word is in no list",
            "do": "from_words",
            "failure": "word",
            "language": "en",
            "text": " ".join([*parts[:2], "corncrake", *parts[3:]]),
            "expected_positions": [3],
        },
    )
    yield (
        "words_two_wrong",
        {
            "what": "the first and last word are in no list",
            "do": "from_words",
            "failure": "word",
            "language": None,
            "text": " ".join(["xx", *parts[1:-1], "yy"]),
            "expected_positions": [1, 12],
        },
    )
    yield (
        "words_eleven",
        {"what": "eleven words", "do": "from_words", "failure": "word", "language": "en", "text": " ".join(parts[:-1]), "expected_positions": []},
    )
    yield (
        "words_swapped",
        {
            "what": "two words swapped",
            "do": "from_words",
            "failure": "checksum",
            "language": "en",
            "text": " ".join([parts[1], parts[0], *parts[2:]]),
        },
    )
    yield (
        "words_checksum",
        {"what": "another last word", "do": "from_words", "failure": "checksum", "language": None, "text": " ".join([*parts[:-1], "zoo"])},
    )


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    yield from word_cases()
    for purpose in ("reply-identity", "thread-signing", "reply-tag"):
        yield (
            f"derive_{purpose.replace('-', '_')}",
            {
                "what": f"the 32 bytes for {purpose}",
                "do": "derive",
                "failure": None,
                "entropy_hex": ENTROPY.hex(),
                "purpose": purpose,
                "desk": "legal",
                "root_hex": ROOT.hex(),
                "expected_hex": derived(purpose, "legal").hex(),
            },
        )
    yield (
        "derive_other_desk",
        {
            "what": "another desk, other keys",
            "do": "derive",
            "failure": None,
            "entropy_hex": ENTROPY.hex(),
            "purpose": "reply-tag",
            "desk": "medical",
            "root_hex": ROOT.hex(),
            "expected_hex": derived("reply-tag", "medical").hex(),
        },
    )
    public, _ = crypto_sign_seed_keypair(derived("thread-signing", "legal"))
    yield (
        "thread",
        {
            "what": "the name of the thread is the public key",
            "do": "thread_id",
            "failure": None,
            "entropy_hex": ENTROPY.hex(),
            "desk": "legal",
            "root_hex": ROOT.hex(),
            "expected": base64.urlsafe_b64encode(public).decode().rstrip("="),
        },
    )
    completions = {
        "en_one": ("zeb", "en"),
        "en_several": ("abs", "en"),
        "en_upper": ("ABs", "en"),
        "es_accent_left_out": ("aba", "es"),
        "es_accent": ("\u00e1ba", "es"),
        "es_n": ("nan", "es"),
        "none": ("qqq", "en"),
        "empty": ("", "en"),
        "whole_word": ("act", "en"),
    }
    for name, (prefix, language) in completions.items():
        listed = [unicodedata.normalize("NFKD", w) for w in Mnemonic(LISTS[language]).wordlist]
        start = bare(prefix.lower())
        yield (
            f"complete_{name}",
            {
                "what": f"words that begin with {prefix!r}",
                "do": "complete",
                "failure": None,
                "prefix": prefix,
                "language": language,
                "expected": [w for w in listed if prefix and bare(w).startswith(start)],
            },
        )
