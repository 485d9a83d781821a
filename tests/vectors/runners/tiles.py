# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/tiles/; entry i is the decimal digits of i."""

import hashlib
from typing import Any

from corncrake_crypto import tiles


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    match case["do"]:
        case "tile_path":
            assert tiles.tile_path(case["level"], case["index"], case["width"]) == case["expected"]
        case "read_entries":
            raw = bytes.fromhex(case["bundle_hex"])
            entries = tiles.read_entries(raw)
            assert [entry.hex() for entry in entries] == case["expected_hex"]
            assert tiles.write_entries(entries) == raw
        case "is_public":
            assert tiles.is_public(bytes.fromhex(case["entry_hex"])) is case["expected"]
        case "leaf_entry":
            assert tiles.leaf_entry(case["kind"], case["text"]) == case["expected_text"].encode()
        case _:
            assert case["do"] == "grow"
            entries = [b"%d" % index for index in range(case["new"])]
            before = tiles.grow(0, entries[: case["old"]], {})
            edge = {path: before[path] for path in tiles.edge_paths(case["old"])}
            files = tiles.grow(case["old"], entries[case["old"] :], edge)
            assert {path: hashlib.sha256(raw).hexdigest() for path, raw in files.items()} == case["expected_sha256"]
