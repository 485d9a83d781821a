# SPDX-License-Identifier: Apache-2.0
"""Proofs that can be carried: that an entry stands in the log, in one file that needs no server to be checked.

Rules of this file: the form is that of C2SP tlog-proof, one encoding of it. `extra` is the writer's word and is covered by
nothing; nobody here acts on it.

Source: crypto/spec/proof.md; C2SP tlog-proof.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from corncrake_crypto.checkpoint import MAX_CHECKPOINT, Checkpoint, open_checkpoint
from corncrake_crypto.encoding import b64std, unb64std
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.merkle import HASH_LENGTH, MAX_SIZE, leaf_hash, verify_inclusion

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
MAX_PATH: Final = 63
MAX_EXTRA: Final = 65_536
"""Bytes of `extra`."""
MAX_PROOF: Final = 131_072
"""Bytes of a proof."""

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof holds.

    Attributes:
        index: of the entry, from 0.
        path: 32-byte hashes, the leaf's sibling first.
        checkpoint: the note of the head, not opened.
        extra: bytes that nothing covers, or None.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def _refused(detail: str) -> FileError:
    return FileError(Failure.PROOF, detail)


def write_proof(index: int, path: Sequence[bytes], checkpoint: bytes, extra: bytes | None = None) -> bytes:
    """Return the proof that entry `index` is in the tree of `checkpoint`; see `Proof`.

    Raises:
        UsageError: `misuse`, when a value has not the form of its own.

    Source: crypto/spec/proof.md §1.
    """
    if not 0 <= index < MAX_SIZE or len(path) > MAX_PATH or any(len(node) != HASH_LENGTH for node in path):
        raise UsageError(Failure.MISUSE, "this is not a path in a tree")
    if len(checkpoint) > MAX_CHECKPOINT or (extra is not None and len(extra) > MAX_EXTRA):
        raise UsageError(Failure.MISUSE, "checkpoint or extra is too long")
    lines = [FIRST_LINE, f"index {index}", *map(b64std, path), "", ""]
    if extra is not None:
        lines.insert(1, f"extra {b64std(extra)}")
    return "\n".join(lines).encode() + checkpoint


def read_proof(raw: bytes) -> Proof:
    """Return what a proof holds, nothing of it verified.

    Raises:
        FileError: `proof`.

    Source: crypto/spec/proof.md §1; C2SP tlog-proof.md.
    """
    head, gap, checkpoint = raw.partition(b"\n\n")
    if len(raw) > MAX_PROOF or not gap or not head.isascii():
        raise _refused("a proof is lines, an empty line, and a checkpoint")
    lines = head.decode("ascii").split("\n")
    extra = lines.pop(1).removeprefix("extra ") if len(lines) > 1 and lines[1].startswith("extra ") else None
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 and lines[0] == FIRST_LINE else None
    if index is None or int(index[1]) >= MAX_SIZE or len(lines) > 2 + MAX_PATH or len(checkpoint) > MAX_CHECKPOINT:
        raise _refused("the first lines of a proof name its form and the index")
    try:
        proof = Proof(int(index[1]), tuple(unb64std(line, HASH_LENGTH) for line in lines[2:]), checkpoint, None if extra is None else unb64std(extra))
    except FileError as error:
        raise _refused("a line of a proof is not base64 of the right length") from error
    if proof.extra is not None and len(proof.extra) > MAX_EXTRA:
        raise _refused(f"extra has at most {MAX_EXTRA} bytes")
    return proof


def verify_proof(raw: bytes, entry: bytes, origin: str, key: bytes) -> Checkpoint:
    """Check that `entry` stands in the log, and return the head that says so.

    Args:
        raw: the proof.
        entry: the bytes of the log entry; see `receipt.commitment` and `tiles.leaf_entry`.
        origin: the log's origin line, from the charter.
        key: the log's 32-byte public key, from the charter.

    Raises:
        FileError: `proof`, `note`: the form of proof or checkpoint.
        PeerError: `signature`, `origin`; `proof`: the entry is not in that tree at that place.

    Source: crypto/spec/proof.md §2; C2SP tlog-proof.md.
    """
    proof = read_proof(raw)
    checkpoint = open_checkpoint(proof.checkpoint, origin, key)
    verify_inclusion(proof.index, checkpoint.size, leaf_hash(entry), proof.path, checkpoint.root)
    return checkpoint
