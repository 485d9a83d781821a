# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks of sealing, opening and publishing, against the raw operations of the same library."""

from __future__ import annotations

import io
import os
import statistics
import tracemalloc
from typing import Final

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from corncrake_crypto import merkle, tiles
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import CHUNK_LENGTH
from corncrake_crypto.seal import seal, seal_stream
from corncrake_crypto.unseal import unseal, unseal_stream
from tests.bench.measure import ROUNDS, Figure, from_values, rates, seconds

MIB: Final = 1 << 20
SIZE: Final = 8 * MIB
OPENS: Final = 200
ONE_CHUNK: Final = 1_000
SMALL_LOG: Final = 1_000
LARGE_LOG: Final = 100_000
BATCH: Final = 640


def _raw(plaintext: bytes) -> None:
    """Encrypt the same bytes in the same chunks, with nothing around them."""
    cipher = ChaCha20Poly1305(bytes(32))
    view = memoryview(plaintext)
    out = bytearray(CHUNK_LENGTH + 16)
    for number, start in enumerate(range(0, len(plaintext), CHUNK_LENGTH)):
        chunk = view[start : start + CHUNK_LENGTH]
        cipher.encrypt_into(number.to_bytes(12, "big"), chunk, None, memoryview(out)[: len(chunk) + 16])


def _raw_open(chunks: list[bytes]) -> None:
    cipher = ChaCha20Poly1305(bytes(32))
    for number, chunk in enumerate(chunks):
        cipher.decrypt(number.to_bytes(12, "big"), chunk, None)


def bench_seal() -> Figure:
    """Sealing 8 MiB to four people."""
    people = [Identity.generate().recipient for _ in range(4)]
    plaintext = os.urandom(SIZE)
    how = "8 MiB sealed to 4 recipients, against the raw AEAD over the same chunks"
    return rates(lambda: seal(plaintext, people), lambda: _raw(plaintext), SIZE / MIB, "MiB/s", how)


def bench_open_stream() -> Figure:
    """Opening 8 MiB as a stream."""
    identity = Identity.generate()
    sealed = seal(os.urandom(SIZE), [identity.recipient])
    cipher = ChaCha20Poly1305(bytes(32))
    chunks = [cipher.encrypt(n.to_bytes(12, "big"), bytes(CHUNK_LENGTH), None) for n in range(SIZE // CHUNK_LENGTH)]

    def ours() -> None:
        for _ in unseal_stream(io.BytesIO(sealed), [identity]):
            pass

    return rates(ours, lambda: _raw_open(chunks), SIZE / MIB, "MiB/s", "8 MiB opened as a stream, against the raw AEAD over the same chunks")


def bench_opens_per_core() -> Figure:
    """Opening small objects, where HPKE is what costs."""
    identity = Identity.generate()
    sealed = seal(bytes(ONE_CHUNK), [identity.recipient])
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
    private = hpke.MLKEM768X25519PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())
    box = suite.encrypt(bytes(16), private.public_key(), b"info")

    def ours() -> None:
        for _ in range(OPENS):
            unseal(sealed, [identity])

    def limit() -> None:
        for _ in range(OPENS):
            suite.decrypt(box, private, b"info")

    return rates(ours, limit, OPENS, "opens/s", "small objects opened on one core, against raw HPKE opens")


def _publish_time(size: int) -> float:
    """Seconds for each leaf of a batch added to a log of `size` leaves, tiles and root made."""
    first = [number.to_bytes(8, "big") for number in range(size)]
    frontier = merkle.Frontier()
    for entry in first:
        frontier.append(merkle.leaf_hash(entry))
    stored = tiles.grow(0, first, {})
    edge = {path: stored[path] for path in tiles.edge_paths(size)}
    compact = frontier.encode()
    batch = [os.urandom(32) for _ in range(BATCH)]

    def work() -> None:
        grown = merkle.Frontier.decode(compact)
        for entry in batch:
            grown.append(merkle.leaf_hash(entry))
        tiles.grow(size, batch, edge)
        grown.root()

    return statistics.median(seconds(work) for _ in range(ROUNDS)) / BATCH


def bench_publish_flatness() -> Figure:
    """Publishing must not become dearer as the log grows."""
    pairs = [(_publish_time(LARGE_LOG), _publish_time(SMALL_LOG)) for _ in range(3)]
    ratios = [large / small for large, small in pairs]
    return Figure(
        value=statistics.median(large for large, _ in pairs) * 1e6,
        limit=statistics.median(small for _, small in pairs) * 1e6,
        ratio=statistics.median(ratios),
        unit="µs/leaf",
        how=f"{BATCH} leaves added to a log of {LARGE_LOG}, against the same on {SMALL_LOG}",
        spread=(min(ratios), max(ratios)),
    )


def bench_seal_memory() -> Figure:
    """Sealing 8 MiB as a stream must not need 8 MiB."""
    recipient = Identity.generate().recipient

    class Nowhere:
        def write(self, data: bytes | bytearray | memoryview, /) -> int:
            return len(data)

    values: list[float] = []
    for _ in range(3):
        source = io.BytesIO(os.urandom(SIZE))
        tracemalloc.start()
        seal_stream(source, Nowhere(), [recipient])
        values.append(tracemalloc.get_traced_memory()[1] / MIB)
        tracemalloc.stop()
    return from_values(values, SIZE / MIB, "MiB", "most Python memory while 8 MiB are sealed as a stream, against the 8 MiB themselves")
