# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/page_release/."""

from datetime import date
from typing import Any

from corncrake_crypto.charter import open_charter
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.page_release import check_release_floor, open_page_release


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    assert case["do"] == "open_page_release"
    charter = open_charter(
        case["charter_text"].encode(), root=parse_root(case["charter_root"]), origin=None, today=date.fromisoformat(case["today"])
    ).charter
    opened = open_page_release(case["note_text"].encode(), charter)
    if case["floor"] is not None:
        check_release_floor(opened, case["floor"]["number"], case["floor"]["sha256"])
    found = {
        "number": opened.release.number,
        "sha256": opened.sha256,
        "files": len(opened.release.files),
        "saved_sha256": opened.release.saved_file.sha256,
    }
    assert found == case["expected"]
