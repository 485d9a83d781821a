# SPDX-License-Identifier: AGPL-3.0-or-later
"""Import: a parcel from a courier, checked against the log, opened and filed.

Rules of this file: a parcel is read once, as a stream, inside one transaction; whatever refuses it leaves the vault as it was.
Order of checks: form and hash of each member, charter, log, openings and receipts, heads of the desk; then reports and blocks as
they come; at the end whether the parcel came before. What is only missing is shown and does not stop the rest.

Source: crypto/spec/parcel.md.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import MAX_CHECKPOINT
from corncrake_crypto.encoding import canonical, decode_canonical, parse_day
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.form import MAX_FORM, read_form
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE, read_bundle
from corncrake_crypto.padding import BLOCK_CLASS, MAX_RECIPIENTS, wire_size
from corncrake_crypto.parcel import Parcel, read_parcel
from corncrake_crypto.receipt import MAX_OPENINGS_BYTES, read_openings, report_id
from corncrake_crypto.report import Report
from corncrake_vault.inbox.growth import Growth, follow, is_earlier, own_head
from corncrake_vault.inbox.heads import check_heads
from corncrake_vault.inbox.promises import Fault, faults, settle_promises, take_openings, take_receipts
from corncrake_vault.inbox.reports import keep_report
from corncrake_vault.threads.files import check_block

if TYPE_CHECKING:
    from corncrake_crypto.age_format import BinaryReader
    from corncrake_crypto.archive import MemberReader
    from corncrake_crypto.charter import Charter, OpenedCharter
    from corncrake_vault.vault import Vault

DOCUMENTS: Final = {
    "charter.note": MAX_NOTE,
    "head.note": MAX_CHECKPOINT,
    "leaves.bin": 16 << 20,
    "receipts.json": 32 << 20,
    "heads.json": 8 << 20,
    "prekeys.json": MAX_BUNDLE,
}
"""Most bytes of each member that is kept in memory: leaves of some hundred thousand reports in one parcel fit."""
RECEIPTS_MAX: Final = 100_000
HEADS_MAX: Final = 1_024
SEALED_MAX: Final = wire_size(MAX_RECIPIENTS, BLOCK_CLASS)
_SEALED: Final = re.compile(r"report-([0-9a-f]{64})\.age|block-([0-9a-f]{32})\.age")
_OPENINGS: Final = re.compile(r"openings-[0-9]{5}\.json")
_FORM: Final = re.compile(r"form-[0-9a-f]{16}\.json")


@dataclass(slots=True)
class Imported:
    """What an import did and found.

    Attributes:
        reports: ids of reports that are new here.
        kept_aside: id and failure word of those that did not open or are not ours.
        blocks: how many wanted blocks came.
        faults: what is withheld, also by earlier parcels, until it comes.
        size: leaves of the log now.
        day: the day of its head.
    """

    reports: list[str] = field(default_factory=list[str])
    kept_aside: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    blocks: int = 0
    faults: list[Fault] = field(default_factory=list[Fault])
    size: int = 0
    day: str = ""


def _most(name: str) -> int | None:
    """Return how many bytes a member of this name may have; None when there is none of this name."""
    if _OPENINGS.fullmatch(name):
        return MAX_OPENINGS_BYTES
    return MAX_FORM if _FORM.fullmatch(name) else DOCUMENTS.get(name)


def import_parcel(vault: Vault, source: BinaryReader) -> Imported:
    """Read a parcel whole and file what it brings, or change nothing.

    Raises:
        FileError, PeerError: the parcel is refused; the failure word says what kind of fault it is.
        StoreError: the vault's disk refused.
    """
    with vault.store.transaction():
        reading = _Reading(vault)
        parcel = read_parcel(source, reading.member)
        return reading.finish(parcel)


class _Reading:
    """The state of one import."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.store = vault.store
        self.documents: dict[str, bytes] = {}
        self.opened: OpenedCharter | None = None
        self.settled: Charter | None = None
        self.growth: Growth | None = None
        self.vouched: set[str] = set()
        self.altered: list[Fault] = []
        self.done = Imported()

    def member(self, parcel: Parcel, name: str, size: int, reader: MemberReader) -> None:
        """Take one member, in the order of the archive."""
        sealed = _SEALED.fullmatch(name)
        most = SEALED_MAX if sealed else _most(name)
        if most is None:
            raise FileError(Failure.ARCHIVE, "a parcel to a vault has no member of this name")
        if size > most:
            raise FileError(Failure.SIZE, f"the member {name} is larger than any may be")
        if _OPENINGS.fullmatch(name):
            # As they come: a long log has more of them than are kept at once.
            desks = self._desks(self._begin(parcel).charter)
            self.vouched |= take_openings(self.store, read_openings(reader.read()), desks)
            return
        if sealed is None:
            self.documents[name] = reader.read()
            return
        charter = self.settle(parcel)
        if sealed[1] is not None:
            self._report(charter, sealed[1], reader.read())
        else:
            self._block(sealed[2], reader.read())

    def settle(self, parcel: Parcel) -> Charter:
        """Check the documents, once, before the first sealed object is looked at."""
        if self.settled is not None:
            return self.settled
        opened = self._begin(parcel)
        charter = self.settled = opened.charter
        desks = self._desks(charter)
        self._forms(charter)
        receipts = read_bundle(self._document("receipts.json"), limit=DOCUMENTS["receipts.json"], most=RECEIPTS_MAX)
        self.vouched |= take_receipts(self.store, receipts, charter, desks, self._head())
        settle_promises(self.store)
        self.altered += check_heads(self.vault, opened, read_bundle(self._document("heads.json"), limit=DOCUMENTS["heads.json"], most=HEADS_MAX))
        return charter

    def _desks(self, charter: Charter) -> set[str]:
        return {desk.id for desk in self.vault.own_desks(charter)}

    def _begin(self, parcel: Parcel) -> OpenedCharter:
        """Check charter and log, once, before the first opening is looked at."""
        if self.opened is None:
            self._refuse_repeated(parcel)
            self.opened = self.vault.open_and_keep_charter(self._document("charter.note"))
            self._follow(self.opened.charter, parcel)
        return self.opened

    def _follow(self, charter: Charter, parcel: Parcel) -> None:
        if "head.note" not in self.documents and own_head(self.store) is None and parcel.ranges.log_to == 0:
            # Nothing was published yet, and this vault has seen no head either.
            return
        head, leaves = self._document("head.note"), self.documents.get("leaves.bin", b"")
        try:
            self.growth = follow(self.store, charter, head, leaves, log_from=parcel.ranges.log_from, today=self.vault.today)
        except PeerError as error:
            if error.failure is Failure.SHRUNKEN and self._is_other_courier(parcel) and is_earlier(self.store, charter, head):
                raise PeerError(Failure.REPEATED, "another courier has brought a newer parcel already") from error
            raise
        if parcel.ranges.log_to != self.growth.checkpoint.size:
            raise PeerError(Failure.RANGE, "the parcel says another size of the log than its head")

    def _is_other_courier(self, parcel: Parcel) -> bool:
        row = self.store.row("SELECT sender FROM parcels ORDER BY rowid DESC LIMIT 1")
        return row is not None and row[0] != parcel.from_id

    def finish(self, parcel: Parcel) -> Imported:
        """Say what came, after the whole archive was verified."""
        charter = self.settle(parcel)
        if parcel.root != charter.root:
            raise PeerError(Failure.ROOT, "the parcel is another organisation's")
        self.store.run("INSERT INTO parcels VALUES (?, ?, ?, ?)", (_identity(parcel), parcel.from_id, parcel.number, parcel.day))
        self.store.run("UPDATE blocks SET state = 'missing', tries = tries + 1 WHERE state = 'asked' AND sealed IS NULL")
        self.done.faults = faults(self.store, self._head()) + self.altered
        if (growth := self.growth) is not None:
            self.done.size, self.done.day = growth.checkpoint.size, growth.checkpoint.day.isoformat()
            if growth.frozen is not None:
                self.done.faults.append(Fault(Failure.FROZEN, f"nothing newer than {growth.frozen.isoformat()}"))
        return self.done

    def _head(self) -> str:
        return self.growth.head if self.growth is not None else ""

    def _document(self, name: str) -> bytes:
        if name not in self.documents:
            raise PeerError(Failure.SHORTENED, f"the parcel has no member {name}")
        return self.documents[name]

    def _refuse_repeated(self, parcel: Parcel) -> None:
        row = self.store.row("SELECT day FROM parcels WHERE sha256 = ?", (_identity(parcel),))
        if row is not None:
            raise PeerError(Failure.REPEATED, "this parcel was imported before; everything in it is here already")
        newest = self.store.row("SELECT max(number) FROM parcels WHERE sender = ?", (parcel.from_id,))
        size = self.store.row("SELECT count(*) FROM leaves")
        if newest and newest[0] and parcel.number < newest[0] and size and parcel.ranges.log_to < size[0]:
            raise PeerError(Failure.REPEATED, f"this is an older parcel, number {parcel.number}; number {newest[0]} is here")

    def _forms(self, charter: Charter) -> None:
        for desk in charter.desks:
            raw = self.documents.get(f"form-{desk.form[:16]}.json")
            if raw is not None:
                read_form(raw, desk.form)
                self.store.run("INSERT OR IGNORE INTO forms VALUES (?, ?)", (desk.form, raw))

    def _report(self, charter: Charter, claimed: str, sealed: bytes) -> None:
        if report_id(sealed) != claimed:
            raise PeerError(Failure.ALTERED, f"report {claimed[:12]}… has other bytes than its name says")
        row = self.store.row("SELECT desk, day FROM expected WHERE report = ?", (claimed,))
        if row is None:
            if claimed not in self.vouched:
                raise PeerError(Failure.ALTERED, f"report {claimed[:12]}… has neither receipt nor leaf")
            return
        if self.store.row("SELECT 1 FROM reports WHERE id = ?", (claimed,)) is not None:
            return
        failure = keep_report(self.vault, charter, sealed, report_id=claimed, desk=str(row[0]), day=parse_day(str(row[1])))
        self.done.reports.append(claimed)
        if failure is not None:
            self.done.kept_aside.append((claimed, failure))

    def _block(self, block: str, sealed: bytes) -> None:
        row = self.store.row(
            "SELECT file, place, body FROM blocks JOIN messages ON messages.number = blocks.message WHERE id = ? AND sealed IS NULL", (block,)
        )
        if row is None:
            return
        place, index, body = int(row[0]), int(row[1]), bytes(row[2])
        file = decode_canonical(body, Report).files[place]
        try:
            check_block(file, index, sealed)
        except (FileError, PeerError) as error:
            # Whoever swapped it must not make us stop asking for the right one.
            self.store.run("UPDATE blocks SET state = 'waiting' WHERE id = ?", (block,))
            self.altered.append(Fault(error.failure, f"block {index + 1} of a file was changed on the way; it is asked for again"))
            return
        self.store.run("UPDATE blocks SET sealed = ?, state = 'here' WHERE id = ?", (sealed, block))
        self.done.blocks += 1


def _identity(parcel: Parcel) -> str:
    return hashlib.sha256(canonical(parcel)).hexdigest()
