# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pieces that are gathered come out whole, in their order, and hold no more memory than they may."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from corncrake_server.storage.gathering import ENOUGH, MOST_HELD, MOST_PIECES, Gathering


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def lengths(gathering: Gathering, *pieces: bytes) -> list[int]:
    return [sum(map(len, some)) async for some in gathering.gathered(pieces_of(*pieces))]


def test_all_that_comes_is_handed_on_in_its_order_and_a_mebibyte_at_a_time() -> None:
    sent = [bytes([at]) * 250_000 for at in range(17)]

    async def act() -> list[list[bytes]]:
        return [some async for some in Gathering().gathered(pieces_of(*sent))]

    told = asyncio.run(act())
    assert [piece for some in told for piece in some] == sent
    assert [len(some) for some in told] == [5, 5, 5, 2]


def test_a_body_in_tiny_pieces_does_not_hold_them_by_the_million() -> None:
    assert asyncio.run(lengths(Gathering(), *[b"xy"] * 200)) == [2 * MOST_PIECES] * 3 + [2 * (200 - 3 * MOST_PIECES)]


def test_bodies_that_trickle_leave_others_slower_and_take_no_more_memory() -> None:
    gathering, gate, piece = Gathering(), asyncio.Event(), bytes(ENOUGH - 1)

    async def trickle() -> AsyncIterator[bytes]:
        yield piece
        await gate.wait()

    async def hold() -> list[int]:
        return [sum(map(len, some)) async for some in gathering.gathered(trickle())]

    async def act() -> None:
        holders = [asyncio.create_task(hold()) for _ in range(MOST_HELD // ENOUGH + 4)]
        await asyncio.sleep(0)
        small = [bytes(ENOUGH // 8)] * 4
        assert await lengths(gathering, *small) == [ENOUGH // 8] * 4
        # The last of those that trickle could not hold theirs either.
        gate.set()
        assert await asyncio.gather(*holders) == [[ENOUGH - 1]] * len(holders)
        assert await lengths(gathering, *small) == [ENOUGH // 2]

    asyncio.run(act())


@pytest.mark.parametrize("fails", ["sender", "taker"])
def test_a_body_that_fails_holds_nothing_any_more(fails: str) -> None:
    gathering = Gathering()

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(ENOUGH if fails == "taker" else ENOUGH - 1)
        raise OSError(fails)

    async def take() -> None:
        async with aclosing(gathering.gathered(broken())) as gathered:
            async for _ in gathered:
                raise OSError(fails)

    async def act() -> None:
        for _ in range(2 * MOST_HELD // ENOUGH):
            with pytest.raises(OSError, match=fails):
                await take()
        assert await lengths(gathering, bytes(8), bytes(8)) == [16]

    asyncio.run(act())
