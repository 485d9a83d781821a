# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public log as somebody reads it who knows C2SP tlog-tiles and RFC 6962, and nothing of Corncrake: paths, types and bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from corncrake_crypto.merkle import consistency_path, inclusion_path, leaf_hash
from tests.crypto.independent import Verifier, head, is_consistent, is_included, mth

if TYPE_CHECKING:
    from tests.server.running import RunningServer

BYTES = "application/octet-stream"


def bundle_of(raw: bytes) -> list[bytes]:
    """Entries behind their lengths in two bytes."""
    entries: list[bytes] = []
    while raw:
        length = int.from_bytes(raw[:2], "big")
        entries.append(raw[2 : 2 + length])
        raw = raw[2 + length :]
    return entries


def file_of(server: RunningServer, level: str, index: int, width: int) -> bytes:
    """A tile, or a bundle, under the path of the specification."""
    path = f"/log/1/tile/{level}/{index:03d}" + (f".p/{width}" if width < 256 else "")
    answer = server.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, BYTES), path
    return answer.content


def test_a_reader_of_tlog_tiles_finds_every_file_that_a_size_demands(fresh_server: RunningServer) -> None:
    server = fresh_server
    log = Verifier(server.log_origin, 1, server.log_key)
    notes: list[bytes] = []
    for _ in range(5):
        server.publish()
        answer = server.get("/log/1/checkpoint")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        notes.append(answer.content)
    assert all(log.signed(note) for note in notes)
    _, size, root = head(notes[-1])
    assert size > 256
    entries: list[bytes] = []
    for index in range(-(-size // 256)):
        width = min(256, size - index * 256)
        found = bundle_of(file_of(server, "entries", index, width))
        hashes = file_of(server, "0", index, width)
        assert hashes == b"".join(hashlib.sha256(b"\0" + entry).digest() for entry in found)
        entries += found
    assert mth(entries) == root
    assert file_of(server, "1", 0, size // 256) == b"".join(mth(entries[at : at + 256]) for at in range(0, size - 255, 256))
    # Partial files of the sizes that were signed stay, as far as the specification wants them.
    for note in notes:
        _, old, old_root = head(note)
        assert mth(entries[:old]) == old_root
        if old < 256:
            assert bundle_of(file_of(server, "entries", 0, old)) == entries[:old]
    _, old, old_root = head(notes[0])
    assert is_consistent(old, size, consistency(old, entries), old_root, root)
    assert all(is_included(at, size, entries[at], inclusion(at, entries), root) for at in (0, 1, 255, 256, size - 1))


def consistency(old: int, entries: list[bytes]) -> list[bytes]:
    """Our own proof, from our own tiles."""
    return consistency_path(old, [leaf_hash(entry) for entry in entries])


def inclusion(index: int, entries: list[bytes]) -> list[bytes]:
    """Our own proof of one entry."""
    return inclusion_path(index, [leaf_hash(entry) for entry in entries])


def test_what_the_specification_has_not_is_not_there(fresh_server: RunningServer) -> None:
    fresh_server.publish()
    _, size, _ = head(fresh_server.get("/log/1/checkpoint").content)
    for path in (
        f"tile/0/000.p/{size + 1}",
        "tile/0/000",
        f"tile/00/000.p/{size}",
        f"tile/0/0.p/{size}",
        f"tile/64/000.p/{size}",
        "tile/0/000.p/0",
        "tile/1/000.p/1",
    ):
        assert fresh_server.get(f"/log/1/{path}").status_code == 404, path
