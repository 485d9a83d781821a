# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmark of a vault: a film rebuilt of its sealed blocks, each checked for its place, and hashed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from corncrake_crypto.padding import CHUNK_LENGTH, LARGE_BLOCK_CLASS
from corncrake_vault.evidence.custody import rebuilt
from corncrake_vault.threads.opening import FileOnShelf
from corncrake_vault.vault import unlock_vault
from tests.bench.measure import Figure, rates
from tests.clients.vault.conftest import Desk
from tests.clients.vault.exports import exported
from tests.clients.vault.films import film_of
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

MIB: Final = 1 << 20
SIZE: Final = 128 * MIB


def _with_a_film(desk: Desk) -> None:
    """Bring a film into the vault, as a courier would."""
    film = film_of(os.urandom(SIZE))
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    exported(desk)
    desk.server.blocks = dict(film.blocks())
    assert desk.bring(desk.server.parcel(1)).code == 0


def bench_vault_rebuild() -> Figure:
    """Rebuilding a film and taking its hash."""
    cipher = ChaCha20Poly1305(bytes(32))
    sealed = cipher.encrypt(bytes(12), bytes(CHUNK_LENGTH), None)
    chunks = SIZE // CHUNK_LENGTH
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder, pytest.MonkeyPatch.context() as patch:
        desk = Desk(Path(folder), patch)
        _with_a_film(desk)
        vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
        with vault.store:

            def ours() -> None:
                assert rebuilt(FileOnShelf(vault.store, 1, 0))[1] == SIZE

            def limit() -> None:
                for _ in range(chunks):
                    cipher.decrypt(bytes(12), sealed, None)

            how = f"a film of {SIZE // MIB} MiB rebuilt of blocks of {LARGE_BLOCK_CLASS} bytes, each in its place, and hashed, against the raw AEAD"
            return rates(ours, limit, SIZE / MIB, "MiB/s", how)
