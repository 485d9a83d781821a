# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that may show the same: suggestions for a person, never a decision.

Rules of this file: `same` is equality of hashes that this vault took; `alike` compares 64 bits of what previews are like, which any two pictures can
share by chance. A picture with hardly any light and dark is like all others of its kind, and is not suggested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.errors import FileError
from corncrake_vault.evidence.derivatives import keep_derivative
from corncrake_vault.threads.opening import number_in_thread

if TYPE_CHECKING:
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

ALIKE: Final = 6
"""Bits of 64 in which pictures that are alike may differ."""
_PLAIN: Final = 4
"""Bits that must be set, and unset."""
MOST: Final = 20
"""Suggestions for one file, the nearest first."""

_PLACE: Final = "SELECT m.report, f.message, f.file FROM files f JOIN messages m ON m.number = f.message"


def make_previews(vault: Vault) -> tuple[int, int]:
    """Make a preview of every whole file that has none; return how many were made, and of how many files none can be made.

    Each is kept before the next is begun: stopped, it goes on where it was.
    """
    made = refused = 0
    rows = vault.store.rows(
        "SELECT message, file FROM files f WHERE checked IS NOT NULL AND NOT EXISTS (SELECT 1 FROM derivatives d"
        " WHERE d.message = f.message AND d.file = f.file AND d.kind = 'preview' AND d.page = 0) ORDER BY message, file"
    )
    for message, place in rows:
        try:
            keep_derivative(vault, int(message), int(place), "preview")
            made += 1
        except FileError:
            refused += 1
    return made, refused


def without_preview(store: Store, thread: int) -> int:
    """Return how many whole files of a thread nobody has tried to make a preview of."""
    row = store.row(
        "SELECT count(*) FROM files f JOIN messages m ON m.number = f.message WHERE m.thread = ? AND f.checked IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM derivatives d WHERE d.message = f.message AND d.file = f.file AND d.kind = 'preview' AND d.page = 0)",
        (thread,),
    )
    return 0 if row is None else int(row[0])


def suggestions(store: Store, message: int, place: int) -> list[dict[str, Any]]:
    """Return other files that may show the same: `how` (`same`, `alike`), `distance` in bits, `thread`, `file` (its number there), `report`."""
    found = _same(store, message, place)
    exact = {(one["thread"], one["file"]) for one in found}
    found += [one for one in _alike(store, message, place) if (one["thread"], one["file"]) not in exact]
    return found[:MOST]


def _same(store: Store, message: int, place: int) -> list[dict[str, Any]]:
    rows = store.rows(
        f"{_PLACE} WHERE f.checked_sha256 = (SELECT checked_sha256 FROM files WHERE message = ? AND file = ?)"  # noqa: S608 - a constant
        " AND (f.message <> ? OR f.file <> ?) ORDER BY f.message, f.file LIMIT ?",
        (message, place, message, place, MOST),
    )
    return [_suggested(store, "same", 0, row) for row in rows]


def _alike(store: Store, message: int, place: int) -> list[dict[str, Any]]:
    own = store.row("SELECT likeness FROM derivatives WHERE message = ? AND file = ? AND kind = 'preview' AND likeness > ''", (message, place))
    bits = 0 if own is None else int(str(own[0]), 16)
    if not _PLAIN <= bits.bit_count() <= 64 - _PLAIN:
        return []
    near: list[tuple[int, int, int]] = []
    for other, file, likeness in store.each("SELECT message, file, likeness FROM derivatives WHERE kind = 'preview' AND likeness > ''"):
        distance = (int(likeness, 16) ^ bits).bit_count()
        if distance <= ALIKE and (other, file) != (message, place):
            near.append((distance, int(other), int(file)))
    found: list[dict[str, Any]] = []
    for distance, other, file in sorted(near)[:MOST]:
        rows = store.rows(f"{_PLACE} WHERE f.message = ? AND f.file = ?", (other, file))
        found += [_suggested(store, "alike", distance, row) for row in rows]
    return found


def _suggested(store: Store, how: str, distance: int, row: tuple[Any, ...]) -> dict[str, Any]:
    report, message, place = row
    thread, number = number_in_thread(store, int(message), int(place))
    return {"how": how, "distance": distance, "thread": thread, "report": report, "file": number}
