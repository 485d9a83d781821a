# SPDX-License-Identifier: AGPL-3.0-or-later
"""Since when the emergency of the charter in force is told, as the charters that were in force here show.

Source: crypto/spec/charter_change.md §3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.charter import KIND, Charter
from corncrake_crypto.charter_change import emergency_since
from corncrake_crypto.note import read_document, unverified_text

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_server.ports.documents import Documents


async def emergency_here(here: OpenedCharter | None, documents: Documents) -> date | None:
    """Return the day of the charter that let somebody in without consent, for as long as `here` and those before it tell it; else None."""
    if here is None or not here.charter.emergency:
        return None
    notes: list[bytes] = []
    stored = await documents.charter_of(here.charter.sequence)
    # Back to the newest that tells none: what happened before it was told to its end.
    while stored is not None:
        notes.append(stored.note)
        if not read_document(unverified_text(stored.note), KIND, Charter).emergency:
            break
        stored = await documents.charter_before(stored.sequence)
    return emergency_since(reversed(notes), over_gaps=True)
