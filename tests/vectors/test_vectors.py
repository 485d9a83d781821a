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


def test_every_case_says_what_it_is_about_and_names_a_known_failure() -> None:
    known = {None, *(failure.value for failure in Failure)}
    for path in FILES:
        case: dict[str, Any] = json.loads(path.read_text("utf-8"))
        assert case["what"], path
        assert case["failure"] in known, path
