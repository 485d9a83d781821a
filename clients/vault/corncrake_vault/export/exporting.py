# SPDX-License-Identifier: AGPL-3.0-or-later
"""Export: all that this vault has to say, signed and numbered, as one parcel.

Rules of this file: numbers are taken first and never given again, also when the stick is full: a number without a parcel is
harmless, two parcels with one number are not. The parcel is written beside its place, synced, and then renamed: it is there
whole or not at all. A parcel says everything anew (newest editions, prekeys, acknowledgements of the last reports), so that
one that gets lost costs a walk and nothing else.

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
from corncrake_vault.keys.prekeys import current_notes
from corncrake_vault.replies.editions import NewEdition, make_edition

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_vault.vault import Vault

MAX_WANTED: Final = 8_000
"""Blocks that one export asks for: 2 GiB, which a stick holds."""
# In turns by thread, the newest message of each first, and what was asked for in vain behind the rest: a report that claims more than
# it has sent must not stand in the way of other people's files.
_WANTED: Final = (
    "SELECT id FROM (SELECT blocks.id AS id, tries, row_number() OVER (PARTITION BY thread, tries ORDER BY messages.number DESC, file, place) AS turn"
    " FROM blocks JOIN messages ON messages.number = blocks.message WHERE sealed IS NULL) ORDER BY tries, turn, id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export put into its parcel."""

    number: int
    editions: list[tuple[str, int]]
    prekeys: int
    acknowledged: int
    wanted: int
    size: int


def export_parcel(vault: Vault, target: Path) -> Exported:
    """Write an outbound parcel to `target`.

    Raises:
        StoreError: `store`: the stick is full or refuses; nothing was written, nothing is lost.
        UsageError: `charter`: there is none yet; `root`.
    """
    opened = vault.charter()
    with vault.store.transaction():
        number = vault.store.next_number("outbound")
        editions = _editions(vault, opened)
    members, counts = _members(vault, opened, editions, number)
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
    with vault.store.transaction():
        vault.store.run(f"UPDATE blocks SET state = 'asked' WHERE id IN (SELECT id FROM ({_WANTED}))", (MAX_WANTED,))  # noqa: S608 - a constant
    return Exported(number, [(e.desk, e.number) for e in editions], *counts, size)


def _frontier(vault: Vault) -> Frontier:
    return Frontier.decode(vault.store.fact("frontier") or Frontier().encode())


def _log(vault: Vault, opened: OpenedCharter) -> LogHead:
    frontier = _frontier(vault)
    return LogHead(origin=opened.charter.log.origin, size=frontier.size, root=b64url(frontier.root()))


def _editions(vault: Vault, opened: OpenedCharter) -> list[NewEdition]:
    log = _log(vault, opened)
    return [
        make_edition(vault, opened, desk, vault.store.next_number(f"edition:{desk.id}"), log)
        for desk in vault.own_desks(opened.charter)
        if vault.reviewer in desk.voices
    ]


def _members(vault: Vault, opened: OpenedCharter, editions: list[NewEdition], number: int) -> tuple[list[tuple[str, bytes]], tuple[int, int, int]]:
    """Return the members in their order, and how many prekeys, acknowledged reports and wanted blocks they hold."""
    store = vault.store
    newest = vault.newest_charter()
    members = [("charter.note", newest[1])] if newest else []
    for desk in opened.charter.desks:
        row = store.row("SELECT raw FROM forms WHERE sha256 = ?", (desk.form,))
        name = f"form-{desk.form[:16]}.json"
        if row is not None and name not in dict(members):
            members.append((name, bytes(row[0])))
    prekeys = current_notes(store, vault.today)
    members.append(("prekeys.json", write_bundle(prekeys)))
    for edition in editions:
        members.append((f"edition-{edition.desk}.note", edition.head))
        members += [(f"tile-{edition.desk}-{place:05d}.bin", tile) for place, tile in enumerate(edition.tiles)]
    note, acknowledged = _acknowledgement(vault, opened, number)
    members.append(("acknowledgement.note", note))
    wanted = [str(row[0]) for row in store.rows(_WANTED, (MAX_WANTED,))]
    members.append(("wanted.json", canonical({"blocks": wanted})))
    return members, (len(prekeys), acknowledged, len(wanted))


def _acknowledgement(vault: Vault, opened: OpenedCharter, number: int) -> tuple[bytes, int]:
    rows = vault.store.rows("SELECT id FROM reports WHERE failure IS NULL ORDER BY rowid DESC LIMIT ?", (MAX_REPORTS,))
    reports = tuple(sorted(str(row[0]) for row in rows))
    value = Acknowledgement(root=root_text(vault.root), reviewer=vault.reviewer, number=number, reports=reports, log=_log(vault, opened))
    return sign_acknowledgement(value, vault.identity), len(reports)


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
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the parcel cannot be written ({error.strerror}); nothing is lost: make room and export again") from error
    return size
