# SPDX-License-Identifier: AGPL-3.0-or-later
"""A voice's new edition: one tile per bucket, with a slot for each live thread and sealed emptiness in all others.

Rules of this file: every thread with something new in 28 days has a slot, whether there is a reply or only an acknowledgement;
everything is sealed anew each time, so that two editions cannot be compared. The number of slots does not tell how many are
taken: it grows by doubling and never shrinks while the number of tiles stays. All tiles together have a budget, which no flood of
threads breaks: more tiles are better than larger ones, which everybody must fetch; then the oldest threads that have only an
acknowledgement go without.

Source: crypto/spec/edition.md; crypto/spec/reply.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from corncrake_crypto.edition import MAX_BITS, MIN_SLOTS, TAG_LENGTH, Edition, bucket, reply_tag, sign_edition, tile_hash, write_tile
from corncrake_crypto.encoding import day_text, root_text, unb64url
from corncrake_crypto.errors import UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import REPLY_CLASS
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.reply import ReplyDraft, build_reply, split_reply
from corncrake_crypto.seal import seal
from corncrake_vault.backup.returning import last_edition
from corncrake_vault.threads.blocks import missing_of

if TYPE_CHECKING:
    from corncrake_crypto.charter import Desk, OpenedCharter
    from corncrake_crypto.fields import LogHead
    from corncrake_vault.vault import Vault

LIVE_FOR: Final = timedelta(days=28)
ONE_BUCKET_UP_TO: Final = 200
"""Live threads of a desk up to which there is one bucket; above, buckets hold about half of that."""
MOST_SLOTS: Final = 4_096
"""Slots of all tiles of all editions of one export: 30.5 MiB, half of what a server takes."""
MOST_IN_TILE: Final = 512
"""Slots of one tile: 4 MB, which a reporter fetches at each look."""
MAX_ACKNOWLEDGED: Final = 64
MAX_MISSING: Final = 64
_WIDEST: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class NewEdition:
    """An edition that was made: its head, its tiles in the order of their buckets, and how many threads had no room in it."""

    desk: str
    number: int
    head: bytes
    tiles: list[bytes]
    slots: int
    left_out: int


class _Shell(NamedTuple):
    """What all replies of one edition have in common."""

    origin: str
    desk: str
    edition: int
    bits: int


class Live(NamedTuple):
    """One live thread, as far as the layout of an edition asks: the 32 bytes of its key, the slots it needs, whether it has words for it."""

    thread: bytes
    parts: int
    has_text: bool


class Layout(NamedTuple):
    """How an edition is laid out: bits, slots of a tile, and the places of the threads that go without, in the list that was given."""

    bits: int
    slots: int
    left_out: frozenset[int]


class _Row(NamedTuple):
    number: int
    thread: str
    tag: bytes
    recipient: bytes


def make_edition(vault: Vault, opened: OpenedCharter, desk: Desk, log: LogHead, room: int) -> NewEdition | None:
    """Make the next edition of this vault's reviewer for one desk; inside a transaction. None when there is no room for one.

    Args:
        vault: whose reviewer is a voice of the desk.
        opened: the newest charter.
        desk: of that charter.
        log: as this vault has checked it.
        room: slots that all its tiles together may have.
    """
    rows = _live_rows(vault, desk.id)
    texts = {row.number: text for row in rows if (text := _text(vault, row, _Shell(opened.charter.origin, desk.id, 1, MAX_BITS))) is not None}
    live = [Live(unb64url(row.thread, 32), *texts.get(row.number, (1, False))[:2]) for row in rows]
    before = _slots_before(vault, desk.id)
    layout = lay_out(desk.id, live, room, before)
    if layout is None:
        return None
    vault.store.raise_number(f"edition:{desk.id}", last_edition(vault.store, desk.id))
    number = vault.store.next_number(f"edition:{desk.id}")
    shell = _Shell(opened.charter.origin, desk.id, number, layout.bits)
    buckets: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    for place, row in enumerate(rows):
        if place not in layout.left_out:
            draft = _draft(vault, shell, row)
            if row.number in texts:
                draft = msgspec.structs.replace(draft, text=texts[row.number][2])
            buckets[draft.bucket] += _slots(vault, row, draft)
    tiles = [_tile(buckets[place], layout.slots) for place in range(1 << layout.bits)]
    edition = Edition(
        root=root_text(vault.root),
        desk=desk.id,
        reviewer=vault.reviewer,
        number=number,
        day=vault.today,
        bits=layout.bits,
        slots=layout.slots,
        tiles=tuple(tile_hash(tile) for tile in tiles),
        charter=opened.ref,
        log=log,
    )
    vault.store.set_fact(f"slots:{desk.id}", b"%d %d" % (layout.bits, layout.slots))
    return NewEdition(desk.id, number, sign_edition(edition, vault.identity), tiles, layout.slots, len(layout.left_out))


def lay_out(desk: str, live: list[Live], room: int, before: tuple[int, int] = (0, 0)) -> Layout | None:
    """Return the layout for these threads, the oldest first: the fewest bits with which all have a slot, else with which fewest go without.

    Args:
        desk: whose buckets these are.
        live: all live threads, the oldest first.
        room: slots that all tiles together may have.
        before: bits and slots of the edition before: with the same bits there are never fewer slots.

    Returns:
        None when threads with words for them would go without too.
    """
    best: Layout | None = None
    for bits in range(bits_for(len(live)), MAX_BITS + 1):
        most = min(MOST_IN_TILE, room >> bits)
        if most < MIN_SLOTS:
            break
        most = 1 << most.bit_length() - 1
        left_out = _left_out(desk, live, bits, most)
        if left_out is None:
            continue
        if best is None or len(left_out) < len(best.left_out):
            taken = _loads(desk, [one for place, one in enumerate(live) if place not in left_out], bits)
            slots = slots_for(max(taken.values(), default=0), min(before[1], most) if before[0] == bits else 0)
            best = Layout(bits, slots, left_out)
        if not left_out:
            break
    return best


def _loads(desk: str, live: list[Live], bits: int) -> Counter[int]:
    loads: Counter[int] = Counter()
    for one in live:
        loads[bucket(desk, one.thread, bits)] += one.parts
    return loads


def _left_out(desk: str, live: list[Live], bits: int, most: int) -> frozenset[int] | None:
    """Return which threads go without when a tile has `most` slots: the oldest with only an acknowledgement; None when that is not enough."""
    over = {place: load - most for place, load in _loads(desk, live, bits).items() if load > most}
    left_out: set[int] = set()
    for place, one in enumerate(live):
        if not over:
            break
        where = bucket(desk, one.thread, bits)
        if where in over and not one.has_text:
            left_out.add(place)
            over[where] -= one.parts
            if over[where] <= 0:
                del over[where]
    return None if over else frozenset(left_out)


def bits_for(live: int) -> int:
    """Return how many bits of a bucket's number an edition with so many live threads has: 0 up to 200."""
    bits = 0
    while bits < MAX_BITS and live > ONE_BUCKET_UP_TO << bits:
        bits += 1
    return bits


def slots_for(taken: int, before: int) -> int:
    """Return the slots of a tile: 8, 16, 32 …, at least `taken`, and never fewer than `before`."""
    slots = max(MIN_SLOTS, before)
    while slots < taken:
        slots *= 2
    return slots


def _slots_before(vault: Vault, desk: str) -> tuple[int, int]:
    bits, _, slots = (vault.store.fact(f"slots:{desk}") or b"0 0").partition(b" ")
    return int(bits), int(slots)


def _live_rows(vault: Vault, desk: str) -> list[_Row]:
    since = day_text(vault.today - LIVE_FOR)
    rows = vault.store.rows(
        "SELECT number, thread, reply_tag, recipient FROM threads WHERE desk = ? AND last_day >= ? ORDER BY last_day, number", (desk, since)
    )
    return [_Row(int(number), str(thread), bytes(tag), bytes(recipient)) for number, thread, tag, recipient in rows]


def _draft(vault: Vault, shell: _Shell, row: _Row) -> ReplyDraft:
    messages = vault.store.rows("SELECT message FROM messages WHERE thread = ? ORDER BY number DESC LIMIT ?", (row.number, MAX_ACKNOWLEDGED))
    return ReplyDraft(
        origin=shell.origin,
        desk=shell.desk,
        reviewer=vault.reviewer,
        edition=shell.edition,
        bucket=bucket(shell.desk, unb64url(row.thread, 32), shell.bits),
        thread=row.thread,
        acknowledged=tuple(str(found[0]) for found in messages),
        missing_blocks=missing_of(vault.store, row.number, MAX_MISSING),
    )


def _text(vault: Vault, row: _Row, shell: _Shell) -> tuple[int, bool, str] | None:
    """Return what is said to a thread, its newest replies, oldest first, as many as four parts hold, and how many parts it needs; or None."""
    since = day_text(vault.today - LIVE_FOR)
    texts = vault.store.rows("SELECT text FROM replies WHERE thread = ? AND day >= ? ORDER BY number DESC", (row.number, since))
    if not texts:
        return None
    # With the widest numbers that an edition can have, so that what fits here fits there.
    draft = msgspec.structs.replace(_draft(vault, shell, row), edition=_WIDEST, bucket=(1 << MAX_BITS) - 1)
    parts, said = 1, ""
    for (text,) in texts:
        longer = f"{text}\n\n{said}" if said else str(text)
        try:
            parts = len(split_reply(msgspec.structs.replace(draft, text=longer)))
        except UsageError:
            break
        said = longer
    return (parts, True, said) if said else None


def _slots(vault: Vault, row: _Row, draft: ReplyDraft) -> list[tuple[bytes, bytes]]:
    return [
        (
            reply_tag(row.tag, unb64url(part.thread, 32), part.desk, part.reviewer, part.edition, part.part),
            seal(build_reply(part, vault.identity), [Recipient(row.recipient)]),
        )
        for part in split_reply(draft)
    ]


def _tile(taken: list[tuple[bytes, bytes]], slots: int) -> bytes:
    # An empty slot is sealed to a key that nobody keeps: nobody can tell it from a taken one.
    empty = [(random_bytes(TAG_LENGTH), seal(bytes(REPLY_CLASS), [Identity.generate().recipient])) for _ in range(slots - len(taken))]
    return write_tile(taken + empty, slots)
