# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a publication appends: public documents in clear, then commitments of reports and dummies in random order.

Rules of this file: commitments are always a multiple of 64, and at least 64, so that the tree says of a day only that fewer
than so many reports came. Their order is drawn anew from the system's generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import dummy_commitment, report_commitment
from corncrake_server.ports import Leaf

if TYPE_CHECKING:
    from corncrake_server.ports import Waiting

STEP: Final = 64
_SALT_LENGTH: Final = 32


def _shuffled(leaves: list[Leaf]) -> list[Leaf]:
    # Sorting by fresh random keys is a fair shuffle, and needs no other source of randomness than the one there is.
    return sorted(leaves, key=lambda _: random_bytes(16))


def leaves_of(waiting: Waiting, size: int, day: str) -> list[Leaf]:
    """Return the leaves of one publication, to append to a tree of `size` leaves on `day`."""
    clear = [Leaf(0, entry) for _, entry in waiting.entries]
    hidden = [Leaf(0, report_commitment(r.desk, r.day, r.id, r.salt), r.day, r.salt, r.desk, r.id) for r in waiting.reports]
    for _ in range(max(STEP, -(-len(hidden) // STEP) * STEP) - len(hidden)):
        salt = random_bytes(_SALT_LENGTH).hex()
        hidden.append(Leaf(0, dummy_commitment(day, salt), day, salt))
    ordered = [*clear, *_shuffled(hidden)]
    return [Leaf(size + at, x.entry, x.day, x.salt, x.desk, x.report) for at, x in enumerate(ordered)]
