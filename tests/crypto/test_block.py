# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files in pieces: names, tiers, and what is inside a piece."""

import hashlib
import hmac
from itertools import islice, pairwise
from typing import Any

import pytest

from corncrake_crypto.archive import write_archive
from corncrake_crypto.block import (
    BLOCK_DATA,
    LARGE_BLOCK_DATA,
    TIERS_LARGE,
    TIERS_SMALL,
    Block,
    OpenedBlock,
    Place,
    block_ids,
    check_place,
    plan,
    read_block,
    write_block,
)
from corncrake_crypto.encoding import b64url, canonical
from corncrake_crypto.errors import Failure
from corncrake_crypto.file_identity import FileIdentity, file_tag
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS
from tests.simulators.refusal import refused

TAG = b64url(bytes(16))


def test_ids_are_those_of_a_chain_of_hmacs() -> None:
    key = bytes(range(32))
    first = hmac.new(key, b"id", hashlib.sha256).hexdigest()[:32]
    second = hmac.new(hmac.new(key, b"next", hashlib.sha256).digest(), b"id", hashlib.sha256).hexdigest()[:32]
    assert list(block_ids(key, 2)) == [first, second]
    assert list(islice(block_ids(key), 2)) == [first, second]


def test_there_are_68_tiers_and_none_wastes_more_than_a_quarter() -> None:
    sizes = [tier * BLOCK_DATA for tier in TIERS_SMALL] + [tier * LARGE_BLOCK_DATA for tier in TIERS_LARGE]
    assert len(sizes) == 68
    assert sizes == sorted(sizes)
    assert all(after / before <= 1.26 for before, after in pairwise(sizes[3:]))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, (BLOCK_CLASS, 1, 1)),
        (1, (BLOCK_CLASS, 1, 1)),
        (BLOCK_DATA, (BLOCK_CLASS, 1, 1)),
        (BLOCK_DATA + 1, (BLOCK_CLASS, 2, 2)),
        (9 * BLOCK_DATA, (BLOCK_CLASS, 9, 10)),
        (56 * BLOCK_DATA, (BLOCK_CLASS, 56, 56)),
        (56 * BLOCK_DATA + 1, (LARGE_BLOCK_CLASS, 4, 4)),
        (1_024 * LARGE_BLOCK_DATA, (LARGE_BLOCK_CLASS, 1_024, 1_024)),
        (1_024 * LARGE_BLOCK_DATA + 1, (LARGE_BLOCK_CLASS, 1_025, 1_280)),
        (16_384 * LARGE_BLOCK_DATA, (LARGE_BLOCK_CLASS, 16_384, 16_384)),
    ],
)
def test_a_file_is_cut_by_its_size(size: int, expected: tuple[int, int, int]) -> None:
    assert plan(size) == expected


def test_a_file_beyond_the_largest_tier_is_refused() -> None:
    with refused(Failure.SIZE):
        plan(16_384 * LARGE_BLOCK_DATA + 1)


def test_a_full_block_gives_its_data_back() -> None:
    data = bytes(range(256)) * (BLOCK_DATA // 256)
    block = Block(v=1, file=TAG, index=3)
    plaintext = write_block(block, data)
    assert len(plaintext) == BLOCK_CLASS
    assert read_block(plaintext) == (block, data)


def test_a_block_with_one_byte_too_many_is_refused() -> None:
    with refused(Failure.SIZE):
        write_block(Block(v=1, file=TAG, index=0), bytes(BLOCK_DATA + 1))


@pytest.mark.parametrize(
    ("fields", "data"),
    [({"fill": True}, b"x"), ({"fill": True, "last": True}, b""), ({"of": 1}, b"x"), ({"last": True, "of": 2}, b"x")],
)
def test_a_block_that_contradicts_itself_is_refused(fields: dict[str, Any], data: bytes) -> None:
    block = Block(v=1, file=TAG, index=0, **fields)
    with refused(Failure.BLOCK):
        read_block(write_archive([("block.json", canonical(block)), ("data", data)], BLOCK_CLASS))


def test_a_flag_written_as_false_is_refused() -> None:
    raw = canonical(Block(v=1, file=TAG, index=0)).replace(b'"v":1', b'"last":false,"v":1')
    with refused(Failure.JSON):
        read_block(write_archive([("block.json", raw), ("data", b"")], BLOCK_CLASS))


def placed(block: Block, data: bytes, **changes: Any) -> None:
    arguments: dict[str, Any] = {"file": TAG, "index": 0, "data_blocks": 2, "block_class": BLOCK_CLASS}
    check_place(OpenedBlock(block, data), Place(**arguments | changes))


def test_a_block_in_its_place_is_taken() -> None:
    placed(Block(v=1, file=TAG, index=0), bytes(BLOCK_DATA))
    placed(Block(v=1, file=TAG, index=1, last=True, of=2), b"end", index=1)
    placed(Block(v=1, file=TAG, index=2, fill=True), b"", index=2)
    placed(Block(v=1, file=TAG, index=0), b"short, for it was recorded", data_blocks=None)


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (Block(v=1, file=b64url(b"1" * 16), index=0), bytes(BLOCK_DATA)),
        (Block(v=1, file=TAG, index=1), bytes(BLOCK_DATA)),
        (Block(v=1, file=TAG, index=0), b"not full"),
        (Block(v=1, file=TAG, index=0, last=True), b"the end, too early"),
        (Block(v=1, file=TAG, index=0, fill=True), b""),
    ],
)
def test_a_block_of_another_place_is_refused(block: Block, data: bytes) -> None:
    with refused(Failure.BLOCK):
        placed(block, data)


def test_a_file_is_named_by_the_hash_of_its_recipient() -> None:
    secrets = FileIdentity.generate()
    digest = hashlib.sha256(b"corncrake.org/file/v1\n" + secrets.recipient.raw).digest()
    assert secrets.tag == file_tag(secrets.recipient) == b64url(digest[:16])
