# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a publication appends: public documents in clear, then commitments of reports and dummies in random order.

Rules of this file: commitments are always a multiple of 64, and at least 64, so that the tree says of a day only that fewer
than so many reports came. Their order is drawn anew from the system's generator. What stood in a former log stands again day by day, each day with
dummies of its own, and in the order that was drawn then, since vaults order messages by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import dummy_commitment, report_commitment
from corncrake_server.ports.log import Leaf

if TYPE_CHECKING:
    from corncrake_server.ports.log import Waiting
    from corncrake_server.ports.reports import Promise

STEP: Final = 64
_SALT_LENGTH: Final = 32


def _shuffled(leaves: list[Leaf]) -> list[Leaf]:
    # Sorting by fresh random keys is a fair shuffle, and needs no other source of randomness than the one there is.
    return sorted(leaves, key=lambda _: random_bytes(16))


def _leaf(one: Promise) -> Leaf:
    return Leaf(0, report_commitment(one.desk, one.day, one.id, one.salt), one.day, one.salt, one.desk, one.id)


def _dummies(count: int, day: str) -> list[Leaf]:
    """Return as many as make a multiple of `STEP`, and at least that, together with `count` reports."""
    salts = [random_bytes(_SALT_LENGTH).hex() for _ in range(max(STEP, -(-count // STEP) * STEP) - count)]
    return [Leaf(0, dummy_commitment(day, salt), day, salt) for salt in salts]


def _scattered(reports: list[Leaf], dummies: list[Leaf]) -> list[Leaf]:
    """Return reports, in their order, with dummies at random places among them."""
    ordered = iter(reports)
    return [place if place.report is None else next(ordered) for place in _shuffled(reports + dummies)]


def leaves_of(waiting: Waiting, size: int, day: str) -> list[Leaf]:
    """Return the leaves of one publication, to append to a tree of `size` leaves on `day`."""
    clear = [Leaf(0, entry) for _, entry in waiting.entries]
    again: dict[str, list[Leaf]] = {}
    for one in waiting.again:
        again.setdefault(one.day, []).append(_leaf(one))
    stood = [leaf for then in sorted(again) for leaf in _scattered(again[then], _dummies(len(again[then]), then))]
    new = [_leaf(one) for one in waiting.reports]
    ordered = [*clear, *stood, *_shuffled(new + _dummies(len(new), day))]
    return [Leaf(size + at, x.entry, x.day, x.salt, x.desk, x.report) for at, x in enumerate(ordered)]
