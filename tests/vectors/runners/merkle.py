# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/merkle/."""

from typing import Any

from corncrake_crypto import merkle


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    leaves = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in case.get("entries_hex", [])]
    path = [bytes.fromhex(node) for node in case.get("path_hex", [])]
    hashes = {name: bytes.fromhex(case[f"{name}_hex"]) for name in ("leaf", "root", "old_root", "new_root") if f"{name}_hex" in case}
    match case["do"]:
        case "tree_root":
            assert merkle.tree_root(leaves).hex() == case["expected_hex"]
        case "verify_inclusion":
            merkle.verify_inclusion(case["index"], case["size"], hashes["leaf"], path, hashes["root"])
        case "verify_consistency":
            merkle.verify_consistency(case["old"], case["new"], path, hashes["old_root"], hashes["new_root"])
        case "decode_frontier":
            merkle.Frontier.decode(bytes.fromhex(case["frontier_hex"]))
        case _:
            assert case["do"] == "frontier"
            frontier = merkle.Frontier()
            for leaf in leaves:
                frontier.append(leaf)
            assert frontier.encode().hex() == case["expected_hex"]
            assert frontier.root().hex() == case["expected_root_hex"]
            assert merkle.Frontier.decode(frontier.encode()).root() == frontier.root()
