# SPDX-License-Identifier: AGPL-3.0-or-later
"""Codenames: every language, every slip of the pen."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from corncrake_crypto.codename import LANGUAGES, Codename, WordError, complete
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.identities import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

ENTROPY = st.binary(min_size=16, max_size=16)
ROOT = bytes(range(32))


@given(ENTROPY, st.sampled_from(sorted(LANGUAGES)))
def test_words_of_every_language_come_back_as_the_same_codename(entropy: bytes, language: str) -> None:
    words = Codename.from_entropy(entropy).words(language)
    assert Codename.from_words(" ".join(words), language).entropy == entropy
    composed = unicodedata.normalize("NFC", "\n".join(words)).upper()
    assert Codename.from_words(composed, language).entropy == entropy


@given(ENTROPY, st.sampled_from(["en", "es"]))
def test_our_words_are_those_of_the_reference_implementation(entropy: bytes, language: str) -> None:
    theirs = unicodedata.normalize("NFKD", Mnemonic(LANGUAGES[language]).to_mnemonic(entropy))
    assert " ".join(Codename.from_entropy(entropy).words(language)) == theirs


@given(ENTROPY, st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))
def test_wrong_words_are_named_by_their_places(entropy: bytes, places: list[int]) -> None:
    words = Codename.from_entropy(entropy).words("es")
    for place in places:
        words[place - 1] = "corncrake"
    for language in ("es", None):
        with pytest.raises(WordError) as caught:
            Codename.from_words(" ".join(words), language)
        assert caught.value.failure is Failure.WORD
        assert caught.value.positions == tuple(sorted(places))
        assert "corncrake" not in str(caught.value)


@given(st.text(max_size=80))
def test_no_text_but_twelve_words_with_their_checksum_is_a_codename(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Codename.from_words(text)
    assert caught.value.failure in {Failure.WORD, Failure.CHECKSUM}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_word_is_among_the_completions_of_each_of_its_beginnings(language: str) -> None:
    words = [unicodedata.normalize("NFKD", word) for word in Mnemonic(LANGUAGES[language]).wordlist]
    for word in words[::97]:
        for length in range(1, len(word) + 1):
            assert word in complete(word[:length], language)


@pytest.mark.parametrize("language", ["en", "it", "cs", "pt"])
def test_four_letters_complete_to_one_word_where_the_list_promises_it(language: str) -> None:
    words = Mnemonic(LANGUAGES[language]).wordlist
    for word in words[::41]:
        found = complete(word[:4], language)
        assert [unicodedata.normalize("NFKD", word)] == found or len(word) < 4


def test_keys_differ_by_purpose_desk_and_root() -> None:
    codename = Codename.generate()
    derived = {
        codename.derive(purpose, desk, root)
        for purpose in ("reply-identity", "thread-signing", "reply-tag")
        for desk in ("legal", "medical")
        for root in (ROOT, bytes(32))
    }
    assert len(derived) == 12
    assert Codename.generate().entropy != codename.entropy


def test_the_thread_key_signs_for_the_thread_and_the_reply_seed_is_an_identity() -> None:
    codename = Codename.from_entropy(bytes(16))
    signed = codename.thread_key(ROOT, "legal").sign(b"x")
    assert codename.thread_key(ROOT, "legal").verify_key.verify(signed) == b"x"
    assert len(codename.thread_id(ROOT, "legal")) == 43
    assert Identity.from_seed(codename.derive("reply-identity", "legal", ROOT)).recipient


def test_a_codename_does_not_show_itself() -> None:
    codename = Codename.from_entropy(bytes(range(16)))
    assert f"{codename!r} {codename}" == "Codename(…) Codename(…)"


@pytest.mark.parametrize("call", [lambda: Codename(bytes(15)), lambda: complete("a", "xx"), lambda: Codename(bytes(16)).words("tlh")])
def test_other_lengths_and_languages_are_misuse(call: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.failure is Failure.MISUSE
