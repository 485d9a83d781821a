# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/age_format/."""

from __future__ import annotations

import base64
from typing import Any

from corncrake_crypto.age_format import check_sealed_shape, parse_header


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    raw = base64.b64decode(case["file_base64"])
    if case["do"] == "check_sealed_shape":
        assert check_sealed_shape(raw, case["recipients"], case["classes"]) == case["expected"]
        return
    assert case["do"] == "parse_header"
    header, length = parse_header(raw)
    stanzas = [{"type": stanza.type, "args": list(stanza.args), "body_base64": base64.b64encode(stanza.body).decode()} for stanza in header.stanzas]
    assert {"stanzas": stanzas, "mac_hex": header.mac.hex(), "length": length} == case["expected"]
