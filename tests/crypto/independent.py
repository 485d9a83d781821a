# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second verifier of notes, cosignatures, trees and proofs, which shares no line with the code under test.

Rules of this file: the standard library and `cryptography` only. It follows the text of RFC 6962 §2.1, C2SP signed-note, tlog-cosignature,
tlog-proof and tlog-witness word by word, slowly: trees by recursion, proofs by the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Sequence


class Verifier(NamedTuple):
    """A key of a log (kind 1) or of a witness (kind 4)."""

    name: str
    kind: int
    key: bytes

    @classmethod
    def from_vkey(cls, vkey: str) -> Verifier:
        """The key in `name+hex+base64`."""
        name, told, encoded = vkey.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == told
        return cls(name, raw[0], raw[1:])

    def _signatures(self, note: bytes) -> tuple[bytes, list[bytes]]:
        text, _, lines = note.decode().rpartition("\n\n")
        mine = hashlib.sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.key).digest()[:4]
        decoded = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines() if line.split(" ")[1] == self.name]
        return (text + "\n").encode(), [raw[4:] for raw in decoded if raw[:4] == mine]

    def _is_signed(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def signed(self, note: bytes) -> bool:
        """Whether this key has signed the note's text."""
        text, found = self._signatures(note)
        return bool(found) and all(self._is_signed(text, signature) for signature in found)

    def cosigned_at(self, note: bytes) -> int | None:
        """The time at which this witness cosigned; None when it did not."""
        text, found = self._signatures(note)
        for raw in found:
            time = int.from_bytes(raw[:8], "big")
            if self._is_signed(b"cosignature/v1\ntime %d\n" % time + text, raw[8:]):
                return time
        return None


def head(note: bytes) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint."""
    origin, size, root = note.decode().split("\n")[:3]
    return origin, int(size), base64.b64decode(root, validate=True)


def _hashes(lines: Sequence[str]) -> list[bytes]:
    hashes = [base64.b64decode(line, validate=True) for line in lines]
    assert all(len(one) == hashlib.sha256().digest_size for one in hashes)
    return hashes


def read_inclusion(raw: bytes) -> tuple[int, list[bytes], bytes]:
    """Index, path and checkpoint of a C2SP tlog-proof."""
    said, _, checkpoint = raw.partition(b"\n\n")
    first, *lines = said.decode("ascii").split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    if lines[0].startswith("extra "):
        base64.b64decode(lines.pop(0).removeprefix("extra "), validate=True)
    word, number = lines[0].split(" ")
    assert (word, str(int(number))) == ("index", number)
    return int(number), _hashes(lines[1:]), checkpoint


def read_asked(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, consistency proof and checkpoint of an add-checkpoint request of C2SP tlog-witness."""
    said, _, checkpoint = body.partition(b"\n\n")
    first, *lines = said.decode("ascii").split("\n")
    word, number = first.split(" ")
    assert (word, str(int(number))) == ("old", number)
    return int(number), _hashes(lines), checkpoint


def mth(entries: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, the Merkle tree hash of a list of entries."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return hashlib.sha256(b"\1" + mth(entries[:half]) + mth(entries[half:])).digest()


def is_consistent(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """RFC 9162 §2.1.4.2, for 0 < first < second."""
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for node in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = hashlib.sha256(b"\1" + node + fr).digest()
            sr = hashlib.sha256(b"\1" + node + sr).digest()
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hashlib.sha256(b"\1" + sr + node).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def is_included(index: int, size: int, entry: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, hashlib.sha256(b"\0" + entry).digest()
    for node in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + node + r).digest()
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + node).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root
