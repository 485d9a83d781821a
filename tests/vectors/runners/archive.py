# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/archive/."""

from __future__ import annotations

import base64
from typing import Any

from corncrake_crypto import archive


def _members(listed: list[dict[str, str]]) -> list[tuple[str, bytes]]:
    return [(member["name"], base64.b64decode(member["data_base64"])) for member in listed]


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "write_archive":
        written = archive.write_archive(_members(case["members"]), case["size"])
        assert written == base64.b64decode(case["expected_base64"])
        return
    assert case["do"] == "read_archive"
    raw = base64.b64decode(case["archive_base64"])
    members = archive.read_archive(raw)
    assert members == _members(case["expected"])
    assert archive.write_archive(members, len(raw)) == raw
