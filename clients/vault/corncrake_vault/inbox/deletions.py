# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that the server no longer has: deleted because enough reviewers have them, or withheld?

Rules of this file: the server's word is nothing. A report counts as deleted when this vault's own log says which charter counts, that charter is the
organisation's, and acknowledgements signed by its reviewers, who have seen this very log, suffice. Whatever is not good is said, and the
report stays withheld. Nothing here refuses an import.

Source: crypto/spec/deletion.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.acknowledgement import Acknowledgement, open_acknowledgement, read_acknowledgement
from corncrake_crypto.charter import KIND, Charter, OpenedCharter, open_charter
from corncrake_crypto.deletion import check_deletion
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError
from corncrake_crypto.note import read_document, text_hash, unverified_text
from corncrake_vault.inbox.growth import roots_at
from corncrake_vault.inbox.promises import Fault
from corncrake_vault.retention.holds import names_held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from corncrake_crypto.deletion import Deletion
    from corncrake_vault.vault import Vault

ACKNOWLEDGEMENTS_MAX: Final = 32 << 20
"""Bytes of one part."""
CHARTERS_MAX: Final = 1_024
_SHOWN: Final = 20


class _Evidence(NamedTuple):
    """Charters by the hash of their text, and notes of acknowledgements by reviewer and number, not verified yet."""

    charters: Mapping[str, bytes]
    notes: Mapping[tuple[str, int], bytes]
    roots: Mapping[int, bytes]


class Deleted(NamedTuple):
    """What was found out.

    Attributes:
        never_here: ids of reports that were deleted and had not come here.
        held: ids of those that were deleted though they are held, by what is known here.
        faults: what does not hold, at most some of it.
    """

    never_here: list[str]
    held: list[str]
    faults: list[Fault]


def take_deletions(vault: Vault, deletions: Iterable[Deletion], charters: Iterable[bytes], notes: Sequence[bytes]) -> Deleted:
    """Note which reports of own desks were deleted; inside the import's transaction."""
    store = vault.store
    evidence, names = _evidence(vault, charters, notes), names_held(vault)
    found = Deleted([], [], [])
    for deletion in deletions:
        opened: dict[str, tuple[OpenedCharter, list[Acknowledgement]]] = {}
        for report in deletion.reports:
            row = store.row("SELECT desk, position FROM expected WHERE report = ?", (report,))
            if row is None or row[1] is None or int(row[1]) < 0 or store.row("SELECT 1 FROM deleted WHERE report = ?", (report,)) is not None:
                continue
            desk, position = str(row[0]), int(row[1])
            try:
                if desk not in opened:
                    opened[desk] = _open(vault, deletion, desk, evidence)
                charter, acknowledgements = opened[desk]
                _check_sealing(vault, charter, position)
                by = check_deletion(charter.charter, desk, report, position, acknowledgements)
            except CorncrakeError as error:
                if len(found.faults) < _SHOWN:
                    detail = f"the server says that report {report[:12]}… was deleted, and does not prove it: {error.detail}"
                    found.faults.append(Fault(error.failure, detail))
                continue
            store.run("INSERT INTO deleted VALUES (?, ?)", (report, ", ".join(by)))
            if store.row("SELECT 1 FROM reports WHERE id = ?", (report,)) is None:
                found.never_here.append(report)
            if report in names.reports or desk in names.desks:
                found.held.append(report)
    return found


def _evidence(vault: Vault, charters: Iterable[bytes], notes: Sequence[bytes]) -> _Evidence:
    known = [bytes(row[0]) for row in vault.store.rows("SELECT note FROM charters")]
    by_hash: dict[str, bytes] = {}
    for note in [*known, *charters]:
        by_hash[text_hash(unverified_text(note))] = note
    claimed: dict[tuple[str, int], bytes] = {}
    sizes: set[int] = set()
    for note in notes:
        said = _claimed(note)
        if said is not None:
            claimed[said.reviewer, said.number] = note
            sizes.add(said.log.size)
    return _Evidence(by_hash, claimed, roots_at(vault.store, sizes))


def _claimed(note: bytes) -> Acknowledgement | None:
    """Return what an acknowledgement says, by nobody's word yet; None when it is none."""
    try:
        return read_acknowledgement(unverified_text(note))
    except CorncrakeError:
        return None


def _open(vault: Vault, deletion: Deletion, desk: str, evidence: _Evidence) -> tuple[OpenedCharter, list[Acknowledgement]]:
    """Return the charter that a deletion names, and those of its acknowledgements that are good at a desk, all verified.

    Raises:
        CorncrakeError: `charter`: the charter did not come; what `open_charter` and `open_acknowledgement` raise.
    """
    charter = _charter(vault, deletion.charter, evidence)
    good: list[Acknowledgement] = []
    for named in deletion.acknowledgements:
        note = evidence.notes.get((named.reviewer, named.number))
        if note is None:
            raise PeerError(Failure.SHORTENED, f"acknowledgement {named.number} of {named.reviewer} did not come")
        identity = charter.desk(desk).identity(named.reviewer)
        value = open_acknowledgement(note, root=vault.root, reviewer=named.reviewer, identity=identity)
        if value.log.origin != charter.charter.log.origin or evidence.roots.get(value.log.size) != unb64url(value.log.root, 32):
            raise PeerError(Failure.FORK, f"{named.reviewer} has acknowledged by another log than this vault has seen")
        good.append(value)
    return charter, good


def _charter(vault: Vault, sequence: int, evidence: _Evidence) -> OpenedCharter:
    for note in evidence.charters.values():
        claimed = read_document(unverified_text(note), KIND, Charter)
        if claimed.sequence == sequence:
            return open_charter(note, root=vault.root, origin=None, today=min(vault.today, claimed.expires))
    raise PeerError(Failure.CHARTER, f"charter {sequence} did not come")


def _check_sealing(vault: Vault, charter: OpenedCharter, position: int) -> None:
    """Check by this vault's log that a charter is the one that counts for a report.

    Raises:
        PeerError: `charter`.
    """
    row = vault.store.row("SELECT sha256 FROM charter_leaves WHERE position < ? ORDER BY position DESC LIMIT 1", (position,))
    if row is None or row[0] != charter.sha256:
        raise PeerError(Failure.CHARTER, f"charter {charter.charter.sequence} is not the one that the log has before this report")
