# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/deletion/."""

import json
from typing import Any

from corncrake_crypto.acknowledgement import open_acknowledgement
from corncrake_crypto.charter import Charter
from corncrake_crypto.deletion import check_deletion, read_deletions, write_deletions
from corncrake_crypto.encoding import decode_canonical, parse_root


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "read_deletions":
        found = read_deletions(case["raw_text"].encode())
        assert json.loads(write_deletions(found))["deletions"] == case["expected"]
        return
    assert case["do"] == "check_deletion"
    root = parse_root(case["root"])
    identities = {name: bytes.fromhex(key) for name, key in case["identities"].items()}
    notes = [open_acknowledgement(note.encode(), root=root, reviewer=name, identity=identities[name]) for name, note in case["notes"]]
    charter = decode_canonical(case["charter_text"].encode(), Charter)
    assert list(check_deletion(charter, case["desk"], case["report"], case["position"], notes)) == case["expected"]
