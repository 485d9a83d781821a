# SPDX-License-Identifier: AGPL-3.0-or-later
"""A voice's new edition: one tile per bucket, with a slot for each live thread and sealed emptiness in all others.

Rules of this file: every thread with something new in 28 days has a slot, whether there is a reply or only an acknowledgement;
everything is sealed anew each time, so that two editions cannot be compared. The number of slots does not tell how many are
taken: it grows by doubling and never shrinks while an edition's number grows.

Source: crypto/spec/edition.md; crypto/spec/reply.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from corncrake_crypto.edition import MAX_BITS, MAX_SLOTS, MIN_SLOTS, TAG_LENGTH, Edition, bucket, reply_tag, sign_edition, tile_hash, write_tile
from corncrake_crypto.encoding import day_text, root_text, unb64url
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import REPLY_CLASS
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.reply import ReplyDraft, build_reply, split_reply
from corncrake_crypto.seal import seal

if TYPE_CHECKING:
    from corncrake_crypto.charter import Desk, OpenedCharter
    from corncrake_crypto.fields import LogHead
    from corncrake_vault.vault import Vault

LIVE_FOR: Final = timedelta(days=28)
ONE_BUCKET_UP_TO: Final = 200
"""Live threads of a desk up to which there is one bucket; above, buckets hold about half of that."""
MAX_ACKNOWLEDGED: Final = 64
MAX_MISSING: Final = 64


@dataclass(frozen=True, slots=True)
class NewEdition:
    """An edition that was made: its head and its tiles, in the order of their buckets."""

    desk: str
    number: int
    head: bytes
    tiles: list[bytes]


class _Shell(NamedTuple):
    """What all replies of one edition have in common."""

    origin: str
    desk: str
    edition: int
    bits: int


@dataclass(frozen=True, slots=True)
class _Live:
    """One thread with something new: what its slots are made of."""

    tag_key: bytes
    recipient: Recipient
    draft: ReplyDraft


def make_edition(vault: Vault, opened: OpenedCharter, desk: Desk, number: int, log: LogHead) -> NewEdition:
    """Make edition `number` of this vault's reviewer for one desk.

    Args:
        vault: whose reviewer is a voice of the desk.
        opened: the newest charter.
        desk: of that charter.
        number: one more than the last.
        log: as this vault has checked it.

    Raises:
        UsageError: `edition`, when a bucket needs more than `MAX_SLOTS` slots.
    """
    rows = _live_rows(vault, desk.id)
    bits = bits_for(len(rows))
    buckets: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    for row in rows:
        live = _live(vault, _Shell(opened.charter.origin, desk.id, number, bits), row)
        buckets[live.draft.bucket] += _slots(vault, live)
    slots = slots_for(max((len(taken) for taken in buckets.values()), default=0), _slots_before(vault, desk.id))
    tiles = [_tile(buckets[place], slots) for place in range(1 << bits)]
    edition = Edition(
        root=root_text(vault.root),
        desk=desk.id,
        reviewer=vault.reviewer,
        number=number,
        day=vault.today,
        bits=bits,
        slots=slots,
        tiles=tuple(tile_hash(tile) for tile in tiles),
        charter=opened.ref,
        log=log,
    )
    vault.store.set_fact(f"slots:{desk.id}", b"%d" % slots)
    return NewEdition(desk.id, number, sign_edition(edition, vault.identity), tiles)


def bits_for(live: int) -> int:
    """Return how many bits of a bucket's number an edition with so many live threads has: 0 up to 200."""
    bits = 0
    while bits < MAX_BITS and live > ONE_BUCKET_UP_TO << bits:
        bits += 1
    return bits


def slots_for(taken: int, before: int) -> int:
    """Return the slots of a tile: 8, 16, 32 …, at least `taken`, and never fewer than `before`.

    Raises:
        UsageError: `edition`, when more than `MAX_SLOTS` are needed.
    """
    slots = max(MIN_SLOTS, before)
    while slots < taken:
        slots *= 2
    if slots > MAX_SLOTS:
        raise UsageError(Failure.EDITION, f"a tile has at most {MAX_SLOTS} slots")
    return slots


def _slots_before(vault: Vault, desk: str) -> int:
    return int(vault.store.fact(f"slots:{desk}") or b"0")


def _live_rows(vault: Vault, desk: str) -> list[tuple[int, str, bytes, bytes]]:
    since = day_text(vault.today - LIVE_FOR)
    rows = vault.store.rows(
        "SELECT number, thread, reply_tag, recipient FROM threads WHERE desk = ? AND last_day >= ? ORDER BY number", (desk, since)
    )
    return [(int(number), str(thread), bytes(tag), bytes(recipient)) for number, thread, tag, recipient in rows]


def _live(vault: Vault, shell: _Shell, row: tuple[int, str, bytes, bytes]) -> _Live:
    place, thread, tag, recipient = row
    store = vault.store
    messages = store.rows("SELECT message FROM messages WHERE thread = ? ORDER BY number DESC LIMIT ?", (place, MAX_ACKNOWLEDGED))
    missing = store.rows(
        "SELECT id FROM blocks WHERE state = 'missing' AND message IN (SELECT number FROM messages WHERE thread = ?) ORDER BY id LIMIT ?",
        (place, MAX_MISSING),
    )
    draft = ReplyDraft(
        origin=shell.origin,
        desk=shell.desk,
        reviewer=vault.reviewer,
        edition=shell.edition,
        bucket=bucket(shell.desk, unb64url(thread, 32), shell.bits),
        thread=thread,
        acknowledged=tuple(str(found[0]) for found in messages),
        missing_blocks=tuple(str(found[0]) for found in missing),
    )
    return _Live(tag, Recipient(recipient), _with_text(vault, place, draft))


def _with_text(vault: Vault, number: int, draft: ReplyDraft) -> ReplyDraft:
    """Put in what is said to a thread: its newest replies, oldest first, as many as four parts hold."""
    since = day_text(vault.today - LIVE_FOR)
    rows = vault.store.rows("SELECT text FROM replies WHERE thread = ? AND day >= ? ORDER BY number DESC", (number, since))
    for (text,) in rows:
        longer = msgspec.structs.replace(draft, text=f"{text}\n\n{draft.text}" if draft.text else str(text))
        try:
            split_reply(longer)
        except UsageError:
            break
        draft = longer
    return draft


def _slots(vault: Vault, live: _Live) -> list[tuple[bytes, bytes]]:
    return [
        (
            reply_tag(live.tag_key, unb64url(part.thread, 32), part.desk, part.reviewer, part.edition, part.part),
            seal(build_reply(part, vault.identity), [live.recipient]),
        )
        for part in split_reply(live.draft)
    ]


def _tile(taken: list[tuple[bytes, bytes]], slots: int) -> bytes:
    # An empty slot is sealed to a key that nobody keeps: nobody can tell it from a taken one.
    empty = [(random_bytes(TAG_LENGTH), seal(bytes(REPLY_CLASS), [Identity.generate().recipient])) for _ in range(slots - len(taken))]
    return write_tile(taken + empty, slots)
