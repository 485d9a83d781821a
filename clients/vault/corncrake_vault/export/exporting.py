# SPDX-License-Identifier: AGPL-3.0-or-later
"""Export: all that this vault has to say, signed and numbered, as one parcel.

Rules of this file: numbers are taken first and never given again, also when the stick is full: a number without a parcel is
harmless, two parcels with one number are not. The parcel is written beside its place, synced, and then renamed: it is there
whole or not at all. A parcel says everything anew (newest editions, prekeys, acknowledgements of the last reports), so that
one that gets lost costs a walk and nothing else. Prekeys and acknowledgements always travel: an edition that has no room is left out,
and that is said.

Source: crypto/spec/parcel.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corncrake_crypto.acknowledgement import MAX_REPORTS, Acknowledgement, sign_acknowledgement
from corncrake_crypto.encoding import b64url, canonical, day_text, root_text
from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.fields import LogHead
from corncrake_crypto.merkle import Frontier
from corncrake_crypto.note import write_bundle
from corncrake_crypto.parcel import Parcel, Ranges, write_parcel
from corncrake_vault.backup.returning import check_may_speak
from corncrake_vault.inbox.delivery import note_exported
from corncrake_vault.inbox.growth import own_log
from corncrake_vault.keys.prekeys import USUAL_WEEKS, current_notes, make_prekeys
from corncrake_vault.replies.editions import MOST_SLOTS, NewEdition, make_edition
from corncrake_vault.retention.holds import HELD, HELD_DESKS, held_blocks, hold_members
from corncrake_vault.store.folders import sync_folder
from corncrake_vault.threads.blocks import TRIES, note_asked, wish_list
from corncrake_vault.threads.expected import make_rows

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_vault.vault import Vault


_FREE: Final = (
    f"SELECT id, failure FROM reports WHERE id NOT IN (SELECT report FROM deleted) AND id NOT IN ({HELD}) AND desk NOT IN ({HELD_DESKS})"  # noqa: S608 - constants
    " ORDER BY rowid LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export put into its parcel.

    Attributes:
        number: of the parcel.
        editions: desk and number of each.
        prekeys, acknowledged, wanted: how many of each.
        size: bytes.
        left_out: desks and how many of their threads, with nothing but an acknowledgement, had no room in the edition.
        without: desks whose edition had no room at all.
    """

    number: int
    editions: list[tuple[str, int]]
    prekeys: int
    acknowledged: int
    wanted: int
    size: int
    left_out: list[tuple[str, int]]
    without: list[str]


def export_parcel(vault: Vault, target: Path) -> Exported:
    """Write an outbound parcel to `target`.

    Raises:
        StoreError: `store`: the stick is full or refuses; nothing was written, nothing is lost.
        UsageError: `charter`: there is none yet; `root`; `misuse`: this vault does not know what it has signed; `charter`: nobody has
            compared a charter that it could not check.
    """
    opened, store = vault.charter(), vault.store
    check_may_speak(store)
    # Clients refuse older charters by the one that edition heads name.
    vault.check_no_doubt("nothing is exported, since an export would vouch for it")
    with store.transaction():
        number = store.next_number("outbound")
        # Nobody has to remember this: a vault that exports has keys for the weeks to come.
        make_prekeys(vault, USUAL_WEEKS)
        editions, without = _editions(vault, opened)
        make_rows(store, TRIES)
        holds = hold_members(vault)
    prekeys, wanted = current_notes(store, vault.today), wish_list(store)
    members, acknowledged = _members(vault, opened, editions, number, list(prekeys.values()))
    members += [*holds, ("wanted.json", canonical({"blocks": wanted}))]
    if blocks := held_blocks(store):
        members.append(("held.json", canonical({"blocks": blocks})))
    header = Parcel(
        v=1,
        kind="outbound",
        from_id=vault.reviewer,
        number=number,
        root=root_text(vault.root),
        ranges=Ranges(log_from=0, log_to=_frontier(vault).size),
        members=(),
        day=day_text(vault.today),
    )
    size = _write(vault, target, header, members)
    numbers = [(edition.desk, edition.number) for edition in editions]
    with store.transaction():
        note_asked(store, wanted, number)
        note_exported(store, number, vault.today, opened.charter.sequence, list(prekeys), numbers)
    left_out = [(edition.desk, edition.left_out) for edition in editions if edition.left_out]
    return Exported(number, numbers, len(prekeys), acknowledged, len(wanted), size, left_out, without)


def _frontier(vault: Vault) -> Frontier:
    return Frontier.decode(vault.store.fact("frontier") or Frontier().encode())


def _log(vault: Vault, opened: OpenedCharter) -> LogHead:
    # Of the log that the charter names nothing was seen yet, when this vault still follows the one before.
    frontier = _frontier(vault) if own_log(vault.store) == opened.charter.log.origin else Frontier()
    return LogHead(origin=opened.charter.log.origin, size=frontier.size, root=b64url(frontier.root()))


def _editions(vault: Vault, opened: OpenedCharter) -> tuple[list[NewEdition], list[str]]:
    """Return a new edition for each desk that this reviewer is a voice of, and the desks for which there was no room."""
    log = _log(vault, opened)
    desks = [desk for desk in vault.own_desks(opened.charter) if vault.reviewer in desk.voices]
    made: list[NewEdition] = []
    without: list[str] = []
    room = MOST_SLOTS
    for left, desk in zip(range(len(desks), 0, -1), desks, strict=True):
        edition = make_edition(vault, opened, desk, log, room // left)
        if edition is None:
            without.append(desk.id)
        else:
            room -= edition.slots * len(edition.tiles)
            made.append(edition)
    return made, without


def _members(
    vault: Vault, opened: OpenedCharter, editions: list[NewEdition], number: int, prekeys: list[bytes]
) -> tuple[list[tuple[str, bytes]], int]:
    """Return the members in their order but for the last, and how many reports are acknowledged."""
    store = vault.store
    newest = vault.newest_charter()
    members = [("charter.note", newest[1])] if newest else []
    for desk in opened.charter.desks:
        row = store.row("SELECT raw FROM forms WHERE sha256 = ?", (desk.form,))
        name = f"form-{desk.form[:16]}.json"
        if row is not None and name not in dict(members):
            members.append((name, bytes(row[0])))
    members.append(("prekeys.json", write_bundle(prekeys)))
    for edition in editions:
        members.append((f"edition-{edition.desk}.note", edition.head))
        members += [(f"tile-{edition.desk}-{place:05d}.bin", tile) for place, tile in enumerate(edition.tiles)]
    note, acknowledged = _acknowledgement(vault, opened, number)
    members.append(("acknowledgement.note", note))
    return members, acknowledged


def _acknowledgement(vault: Vault, opened: OpenedCharter, number: int) -> tuple[bytes, int]:
    """Acknowledge the oldest reports that the server still has and nobody here holds: what is opened, and what cannot be."""
    rows = vault.store.rows(_FREE, (MAX_REPORTS,))
    reports = tuple(sorted(str(row[0]) for row in rows if row[1] is None))
    aside = tuple(sorted(str(row[0]) for row in rows if row[1] is not None))
    value = Acknowledgement(root=root_text(vault.root), reviewer=vault.reviewer, number=number, reports=reports, aside=aside, log=_log(vault, opened))
    return sign_acknowledgement(value, vault.identity), len(rows)


def _write(vault: Vault, target: Path, header: Parcel, members: list[tuple[str, bytes]]) -> int:
    temporary = target.with_name(f".{target.name}.part")
    listed = ((name, len(data), hashlib.sha256(data).hexdigest(), [data]) for name, data in members)
    try:
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                write_parcel(header, listed, out, key=vault.identity)
                out.flush()
                os.fsync(out.fileno())
                size = out.tell()
            temporary.replace(target)
            sync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the parcel cannot be written ({error.strerror}); nothing is lost: make room and export again") from error
    return size
