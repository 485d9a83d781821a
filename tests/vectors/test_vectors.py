# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every test vector, in Python. Vectors are found by glob; a folder without a runner fails, and so does a runner without a folder.

A runner is `runners/NOUN.py` with `run(case)`: it asserts on what is expected, or lets the error of the code under test out.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.errors import CorncrakeError, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = Path(__file__).parents[2] / "crypto" / "vectors"
RUNNERS = Path(__file__).parent / "runners"
FILES = sorted(VECTORS.glob("*/*.json"))
NOUNS = sorted({path.parent.name for path in FILES})
TESTS = Path(__file__).parents[1]
WITHOUT_A_VECTOR = {
    # What a log has come to since it was last seen: no function of one input can tell.
    "shrunken": "clients/vault/test_import.py",
    "fork": "clients/vault/test_import.py",
    "frozen": "clients/vault/test_import.py",
    "withheld": "clients/vault/test_import.py",
    # What was there before, and what must come next.
    "repeated": "clients/vault/test_import.py",
    "range": "clients/vault/test_import.py",
    # A disk or database.
    "store": "server/test_space.py",
}
"""Words that are the state of something that is followed over time, and the test that makes each come out."""


def runner_of(noun: str) -> Callable[[dict[str, Any]], None]:
    """Return the function that runs the cases of a noun."""
    return importlib.import_module(f"runners.{noun}").run


def outcome(noun: str, case: dict[str, Any]) -> str | None:
    """Run a case and return the failure class that came out."""
    try:
        runner_of(noun)(case)
    except CorncrakeError as error:
        return error.failure.value
    return None


@pytest.mark.parametrize("noun", NOUNS)
def test_every_case_of_a_noun_comes_out_as_it_says(noun: str) -> None:
    paths = [path for path in FILES if path.parent.name == noun]
    run = 0
    wrong: list[str] = []
    for path in paths:
        case: dict[str, Any] = json.loads(path.read_text("utf-8"))
        try:
            found = outcome(noun, case)
        except AssertionError as error:
            wrong.append(f"{path.name}: {str(error).splitlines()[0] if str(error) else 'another value'}")
        else:
            if found != case["failure"]:
                wrong.append(f"{path.name}: {found} instead of {case['failure']}")
        run += 1
    assert wrong == []
    assert run == len(list((VECTORS / noun).iterdir())), "a file in the folder is no case"


def test_every_folder_of_vectors_has_a_runner_and_every_runner_a_folder() -> None:
    assert sorted(path.stem for path in RUNNERS.glob("*.py") if path.stem != "__init__") == NOUNS


def test_every_failure_class_has_a_vector_or_is_of_something_followed_over_time_and_tested_there() -> None:
    in_vectors = {json.loads(path.read_text("utf-8"))["failure"] for path in FILES} - {None}
    assert in_vectors | WITHOUT_A_VECTOR.keys() == {failure.value for failure in Failure}
    assert in_vectors.isdisjoint(WITHOUT_A_VECTOR)
    for word, test in WITHOUT_A_VECTOR.items():
        assert f'"{word}"' in (TESTS / test).read_text("utf-8"), (word, test)


def test_every_case_says_what_it_is_about_and_names_a_known_failure() -> None:
    known = {None, *(failure.value for failure in Failure)}
    for path in FILES:
        case: dict[str, Any] = json.loads(path.read_text("utf-8"))
        assert case["what"], path
        assert case["failure"] in known, path
