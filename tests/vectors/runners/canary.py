# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/canary/."""

import json
from typing import Any

from corncrake_crypto.canary import Slip, check_canary, read_slip, write_slip


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "read_slip":
        found = read_slip(case["raw_text"].encode())
        assert json.loads(write_slip(found)) == case["expected"]
        assert write_slip(found) == case["raw_text"].encode()
        return
    assert case["do"] == "check_canary"
    check_canary(Slip(**case["slip"]), bytes(case["zeros"]), case["recipients"])
