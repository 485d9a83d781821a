# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/form/."""

from typing import Any

from corncrake_crypto import form


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "read_form"
    raw = case["form_text"].encode()
    found = form.read_form(raw, case["sha256"])
    assert [question.id for question in found.questions + found.consent] == case["expected"]
    assert form.write_form(found) == raw
