# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/padding/."""

from __future__ import annotations

from typing import Any

from corncrake_crypto import padding


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "wire_size":
        found = padding.wire_size(case["recipients"], case["plaintext"])
    elif case["do"] == "class_for":
        found = padding.class_for(case["content_length"], case["classes"])
    else:
        assert case["do"] == "plaintext_class_of"
        found = padding.plaintext_class_of(case["wire_length"], case["recipients"], case["classes"])
    assert found == case["expected"]
