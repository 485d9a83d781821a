# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/codename/."""

from __future__ import annotations

from typing import Any

from corncrake_crypto.codename import Codename, WordError, complete


def _words(case: dict[str, Any]) -> None:
    codename = Codename.from_entropy(bytes.fromhex(case["entropy_hex"]))
    assert " ".join(codename.words(case["language"])) == case["expected_text"]
    assert Codename.from_words(case["expected_text"], case["language"]).entropy == codename.entropy


def _from_words(case: dict[str, Any]) -> None:
    try:
        codename = Codename.from_words(case["text"], case["language"])
    except WordError as error:
        assert list(error.positions) == case["expected_positions"]  # noqa: PT017 - the error goes on to the caller
        raise
    assert codename.entropy.hex() == case["expected_hex"]


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "words":
        _words(case)
        return
    if case["do"] == "from_words":
        _from_words(case)
        return
    if case["do"] == "complete":
        assert complete(case["prefix"], case["language"]) == case["expected"]
        return
    codename = Codename.from_entropy(bytes.fromhex(case["entropy_hex"]))
    root = bytes.fromhex(case["root_hex"])
    if case["do"] == "thread_id":
        assert codename.thread_id(root, case["desk"]) == case["expected"]
        return
    assert case["do"] == "derive"
    assert codename.derive(case["purpose"], case["desk"], root).hex() == case["expected_hex"]
