# SPDX-License-Identifier: AGPL-3.0-or-later
"""Import: a parcel from a courier, checked against the log, opened and filed.

Rules of this file: a parcel is read once, as a stream, inside one transaction; whatever refuses it leaves the vault as it was.
Order of checks: form and hash of each member, charter, head and leaves, openings and receipts, heads of the desk; then reports and
blocks as they come; at the end whether the parcel brought anything. What is only missing, or said by one reviewer, is shown and does not
stop the rest.

Source: crypto/spec/parcel.md.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import MAX_CHECKPOINT
from corncrake_crypto.deletion import MAX_BYTES as MAX_DELETIONS_BYTES
from corncrake_crypto.deletion import read_deletions
from corncrake_crypto.encoding import canonical, decode_canonical, parse_day
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.form import MAX_FORM, read_form
from corncrake_crypto.note import MAX_NOTE, read_bundle
from corncrake_crypto.padding import MAX_RECIPIENTS, REPORT_CLASSES, wire_size
from corncrake_crypto.parcel import MAX_LEAVES, MAX_LEAVES_BYTES, Parcel, read_parcel
from corncrake_crypto.receipt import MAX_OPENINGS_BYTES, read_openings, report_id
from corncrake_crypto.tiles import read_entries
from corncrake_vault.backup.returning import note_learnt
from corncrake_vault.canaries.making import keep_prekeys
from corncrake_vault.canaries.waiting import missing
from corncrake_vault.inbox.ahead import compare_logs
from corncrake_vault.inbox.arriving import Arriving, sweep_blocks
from corncrake_vault.inbox.charters import ParcelCharter, charter_of_parcel
from corncrake_vault.inbox.deletions import ACKNOWLEDGEMENTS_MAX, CHARTERS_MAX, take_deletions
from corncrake_vault.inbox.delivery import note_pushed, note_served, old_charter, undelivered
from corncrake_vault.inbox.growth import Following, Growth, begin_log, own_head, own_log
from corncrake_vault.inbox.heads import look_at_heads, not_seen, own_weeks
from corncrake_vault.inbox.promises import Fault, Hearer, faults, settle_promises, still_to_come, take_openings, take_receipts
from corncrake_vault.inbox.reports import keep_report
from corncrake_vault.keys.days import SLIP, note_head_day
from corncrake_vault.store.block_files import BLOCK_MAX
from corncrake_vault.threads.blocks import TRIES, note_looked
from corncrake_vault.threads.expected import make_rows

if TYPE_CHECKING:
    from corncrake_crypto.age_format import BinaryReader
    from corncrake_crypto.archive import MemberReader
    from corncrake_crypto.charter import Charter, Log
    from corncrake_vault.vault import Vault

DOCUMENTS: Final = {
    "charter.note": MAX_NOTE,
    "head.note": MAX_CHECKPOINT,
    "receipts.json": 32 << 20,
    "heads.json": 8 << 20,
    "prekeys.json": 8 << 20,
    "charters.json": 32 << 20,
}
"""Most bytes of each member that is kept in memory; leaves and openings are taken part by part."""
RECEIPTS_MAX: Final = 100_000
HEADS_MAX: Final = 1_024
PREKEYS_MAX: Final = 4_096
REPORT_MAX: Final = wire_size(MAX_RECIPIENTS, REPORT_CLASSES[-1])
"""Bytes of the largest sealed report; a sealed block has at most `BLOCK_MAX`."""
_SEALED: Final = re.compile(r"report-([0-9a-f]{64})\.age|block-([0-9a-f]{32})\.age")
_LEAVES: Final = re.compile(r"leaves-[0-9]{5}\.bin")
_OPENINGS: Final = re.compile(r"openings-[0-9]{5}\.json")
_ACKNOWLEDGEMENTS: Final = re.compile(r"acknowledgements-[0-9]{5}\.json")
_DELETIONS: Final = re.compile(r"deletions-[0-9]{5}\.json")
_FORM: Final = re.compile(r"form-[0-9a-f]{16}\.json")


@dataclass(slots=True)
class Imported:
    """What an import did and found.

    Attributes:
        reports: ids of reports that are new here.
        kept_aside: id and failure word of those that did not open or are not ours.
        blocks: how many wanted blocks came.
        covers, cover_blocks: how many of these say nothing; people are not told of them.
        deleted: ids of reports that were never here and were deleted at the server, since enough reviewers have them.
        deleted_held: ids of reports that were deleted at the server though they are held, by what is known here.
        faults: what is withheld, also by earlier parcels, until it comes; and what speaks against a reviewer, the courier or the server.
        coming: how many reports are still to come with the courier's next parcel.
        notes: lines for a person that are no faults.
        size: leaves of the log now.
        day: the day of its head.
    """

    reports: list[str] = field(default_factory=list[str])
    kept_aside: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    blocks: int = 0
    covers: int = 0
    cover_blocks: int = 0
    deleted: list[str] = field(default_factory=list[str])
    deleted_held: list[str] = field(default_factory=list[str])
    faults: list[Fault] = field(default_factory=list[Fault])
    coming: int = 0
    notes: list[str] = field(default_factory=list[str])
    size: int = 0
    day: str = ""


def _most(name: str) -> int | None:
    """Return how many bytes a member of this name may have; None when there is none of this name."""
    if _OPENINGS.fullmatch(name):
        return MAX_OPENINGS_BYTES
    if _LEAVES.fullmatch(name):
        return MAX_LEAVES_BYTES
    if _ACKNOWLEDGEMENTS.fullmatch(name):
        return ACKNOWLEDGEMENTS_MAX
    if _DELETIONS.fullmatch(name):
        return MAX_DELETIONS_BYTES
    return MAX_FORM if _FORM.fullmatch(name) else DOCUMENTS.get(name)


def import_parcel(vault: Vault, source: BinaryReader) -> Imported:
    """Read a parcel whole and file what it brings, or change nothing.

    Raises:
        FileError, PeerError: the parcel is refused; the failure word says what kind of fault it is.
        StoreError: the vault's disk refused.
    """
    with vault.store.transaction():
        sweep_blocks(vault.store)
        reading = _Reading(vault)
        parcel = read_parcel(source, reading.member)
        return reading.finish(parcel)


SAID: Final = "said"
"""The fact that keeps what the newest parcel said against a reviewer or the server, so that it is shown until a newer one mends it."""


def faults_now(vault: Vault) -> tuple[list[Fault], list[str]]:
    """Return all that is withheld or speaks against somebody now, and lines for a person that are no faults."""
    store, head = vault.store, own_head(vault.store)
    not_there, lines = undelivered(vault)
    said = decode_canonical(store.fact(SAID) or b"[]", list[list[str]])
    found = faults(store, head, vault.today) if head else []
    found += [Fault(Failure(failure), detail) for failure, detail in said] + not_there
    found += missing(store, vault.today)
    if head and (coming := still_to_come(store, head, vault.today)):
        lines.append(f"{coming} reports are still to come: have the courier pull again, and import its next parcel")
    return found, lines


class _Reading:
    """The state of one import."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.store = vault.store
        self.documents: dict[str, bytes] = {}
        self.charter: ParcelCharter | None = None
        self.following: Following | None = None
        self.growth: Growth | None = None
        self.hearer: Hearer | None = None
        self.settled: Charter | None = None
        self.is_late = False
        self.is_newest = True
        self.number = 0
        self.arriving = Arriving(vault.store)
        self.said: list[Fault] = []
        self.done = Imported()

    def member(self, parcel: Parcel, name: str, size: int, reader: MemberReader) -> None:
        """Take one member, in the order of the archive."""
        sealed = _SEALED.fullmatch(name)
        most = _most(name) if sealed is None else REPORT_MAX if sealed[1] is not None else BLOCK_MAX
        if most is None:
            raise FileError(Failure.ARCHIVE, "a parcel to a vault has no member of this name")
        if size > most:
            raise FileError(Failure.SIZE, f"the member {name} is larger than any may be")
        # Leaves and openings as they come: a long log has more of them than are kept at once.
        if _LEAVES.fullmatch(name):
            self._leaves(parcel, reader.read())
        elif _OPENINGS.fullmatch(name):
            self.said += take_openings(self._grown(parcel), read_openings(reader.read()))
        elif _ACKNOWLEDGEMENTS.fullmatch(name):
            # Of one part only: the next one brings its own.
            self.documents["acknowledgements"] = reader.read()
        elif _DELETIONS.fullmatch(name):
            self._deletions(parcel, reader.read())
        elif sealed is None:
            self.documents[name] = reader.read()
        elif sealed[1] is not None:
            self._report(self.settle(parcel), sealed[1], reader.read())
        else:
            self.settle(parcel)
            self.arriving.take(sealed[2], reader.read())

    def settle(self, parcel: Parcel) -> Charter:
        """Check the documents, once, before the first sealed object is looked at."""
        if self.settled is not None:
            return self.settled
        hearer = self._grown(parcel)
        opened, brought, _ = self._begun(parcel)
        charter = self.settled = opened.charter
        self._forms(charter)
        log = self._begun(parcel).log
        receipts = read_bundle(self._document("receipts.json"), limit=DOCUMENTS["receipts.json"], most=RECEIPTS_MAX)
        self.said += take_receipts(hearer, receipts, log, self.growth.head if self.growth else "")
        settle_promises(self.store)
        heads = look_at_heads(self.vault, opened, self._bundle("heads.json", HEADS_MAX))
        prekeys = self._bundle("prekeys.json", PREKEYS_MAX)
        weeks, faulty = own_weeks(self.vault, prekeys)
        self.said += heads.faults + compare_logs(self.vault, opened, heads.editions, newest=self.is_newest) + faulty
        self._pushed(parcel)
        if self.is_newest:
            keep_prekeys(self.store, prekeys)
            self._say_of_charter(brought, charter.sequence, heads.charter)
            self.done.notes += not_seen(self.vault, opened, heads)
        note_served(self.store, heads.own, weeks if self.is_newest else None, brought)
        note_learnt(self.store)
        return charter

    def _deletions(self, parcel: Parcel, raw: bytes) -> None:
        self.settle(parcel)
        charters = read_bundle(self.documents.get("charters.json", b'{"notes":[]}'), limit=DOCUMENTS["charters.json"], most=CHARTERS_MAX)
        notes = read_bundle(self._document("acknowledgements"), limit=ACKNOWLEDGEMENTS_MAX, most=PREKEYS_MAX)
        found = take_deletions(self.vault, read_deletions(raw), charters, notes)
        self.done.deleted += found.never_here
        self.done.deleted_held += found.held
        self.said += found.faults

    def _bundle(self, name: str, most: int) -> tuple[bytes, ...]:
        return read_bundle(self._document(name), limit=DOCUMENTS[name], most=most)

    def _say_of_charter(self, brought: int, held: int, named: int) -> None:
        said = old_charter(self.store, brought, held, named)
        if isinstance(said, Fault):
            self.said.append(said)
        elif said is not None:
            self.done.notes.append(said)

    def _pushed(self, parcel: Parcel) -> None:
        for pushed in parcel.pushed or ():
            if pushed.reviewer == self.vault.reviewer:
                note_pushed(self.store, pushed.number)

    def _begun(self, parcel: Parcel) -> ParcelCharter:
        """Check charter and head, once, before the first leaf is looked at."""
        if self.charter is None:
            self._place(parcel)
            self.charter = charter_of_parcel(self.vault, self._document("charter.note"))
            self._follow(self.charter.opened.charter, parcel)
        return self.charter

    def _follow(self, charter: Charter, parcel: Parcel) -> None:
        self._check_which_log(charter, self._begun(parcel).log)
        if "head.note" not in self.documents and own_head(self.store) is None and parcel.ranges.log_to == 0:
            # Nothing was published yet, and this vault has seen no head either.
            return
        head = self._document("head.note")
        log = self._begun(parcel).log
        self.following = Following(self.store, log, charter.witnesses, head, log_from=parcel.ranges.log_from, may_be_earlier=self.is_late)
        if parcel.ranges.log_to != self.following.checkpoint.size:
            raise PeerError(Failure.RANGE, "the parcel says another size of the log than its head")
        if self.following.later and not self.is_newest:
            self._count_anew(parcel)
        if self.following.earlier and self._is_of_former_count(parcel):
            self.number = 0
        self.is_newest = self.is_newest and not self.following.earlier

    def _count_anew(self, parcel: Parcel) -> None:
        """Take this for the first parcel of a courier that counts from 1 again: its head is newer than all that its higher numbers brought."""
        newest = self.store.row("SELECT max(number) FROM parcels WHERE sender = ?", (parcel.from_id,))
        before = int(newest[0]) if newest is not None else 0
        self.store.run("UPDATE parcels SET number = number - ? WHERE sender = ?", (before, parcel.from_id))
        self.is_newest = True

    def _is_of_former_count(self, parcel: Parcel) -> bool:
        """Say whether this may have been pulled before its courier began with 1 again: what is of the former count has a number below 1 here."""
        row = self.store.row("SELECT min(number), max(day) FILTER (WHERE number > 0) FROM parcels WHERE sender = ?", (parcel.from_id,))
        return row is not None and None not in row and int(row[0]) < 1 and parcel.day <= str(row[1])

    def _check_which_log(self, charter: Charter, brought: Log) -> None:
        """Begin the next log when the organisation has named one and the parcel is of it.

        Raises:
            UsageError: `origin`: the parcel is of a log that this vault does not follow any more.
        """
        followed = own_log(self.store)
        if followed in {None, brought.origin}:
            return
        if brought != charter.log:
            raise UsageError(
                Failure.ORIGIN,
                f"this parcel is of the log {brought.origin}, which the organisation has replaced by {charter.log.origin}; nothing of it is lost: all"
                " that the server has comes again with newer parcels. Have the courier pull, and import that one",
            )
        begin_log(self.store, self.vault.today)
        self.done.notes.append(
            f"the organisation has begun a new log, {brought.origin}, in place of {followed}: what the server has comes again, and what is here is"
            " known. Reports that the former log promised and that do not come are told as withheld: ask the operator what was lost"
        )

    def _leaves(self, parcel: Parcel, raw: bytes) -> None:
        self._begun(parcel)
        entries = read_entries(raw)
        if self.following is None or self.growth is not None or len(entries) > MAX_LEAVES:
            raise PeerError(Failure.RANGE, "leaves without a head, after their end, or too many in one part")
        self.following.add(entries)

    def _grown(self, parcel: Parcel) -> Hearer:
        """Check that all leaves are there and give the signed root, once, before the first opening is looked at."""
        charter = self._begun(parcel).opened.charter
        if self.hearer is None:
            if self.following is not None:
                self.growth = self.following.finish(self.vault.today)
                note_head_day(self.store, self.growth.checkpoint.day, self.vault.clock)
            self.hearer = Hearer(self.store, {desk.id for desk in self.vault.own_desks(charter)}, self.vault.today)
        return self.hearer

    def _is_other_courier(self, parcel: Parcel) -> bool:
        row = self.store.row("SELECT sender FROM parcels ORDER BY rowid DESC LIMIT 1")
        return row is not None and row[0] != parcel.from_id

    def finish(self, parcel: Parcel) -> Imported:
        """Say what came, after the whole archive was verified."""
        charter = self.settle(parcel)
        self.done.blocks = self.arriving.taken
        self.done.cover_blocks = self.arriving.covers
        if parcel.root != charter.root:
            raise PeerError(Failure.ROOT, "the parcel is another organisation's")
        if self.is_late and self.following is not None and self.following.earlier and not (self.done.reports or self.done.blocks):
            raise PeerError(Failure.REPEATED, f"parcel {parcel.number} is older than what is here, and brings nothing that is not here already")
        self.store.run(
            "INSERT INTO parcels (sha256, sender, number, day, more) VALUES (?, ?, ?, ?, ?)",
            (_identity(parcel), parcel.from_id, self.number, parcel.day, int(parcel.more or False)),
        )
        for pushed in parcel.pushed or ():
            if pushed.reviewer == self.vault.reviewer and pushed.looked:
                note_looked(self.store, pushed.number)
        make_rows(self.store, TRIES)
        if self.is_newest:
            self.store.set_fact(SAID, canonical([[fault.failure.value, fault.detail] for fault in self.said]))
        self._tell()
        return self.done

    def _tell(self) -> None:
        found, lines = faults_now(self.vault)
        shown = set(found)
        self.done.faults = found + [fault for fault in self.said if fault not in shown] + self.arriving.faults()
        self.done.notes += lines
        self.done.coming = still_to_come(self.store, own_head(self.store) or "", self.vault.today)
        if (growth := self.growth) is not None:
            self.done.size, self.done.day = growth.checkpoint.size, growth.checkpoint.day.isoformat()
            if growth.frozen is not None:
                self.done.faults.append(Fault(Failure.FROZEN, f"nothing newer than {growth.frozen.isoformat()}"))
            if growth.checkpoint.day > self.vault.today + 2 * SLIP:
                detail = f"the head of the log is of {self.done.day}, and here it is {self.vault.today.isoformat()}: is this machine's clock right?"
                self.done.faults.append(Fault(Failure.NOT_YET_VALID, detail))

    def _document(self, name: str) -> bytes:
        if name not in self.documents:
            raise PeerError(Failure.SHORTENED, f"the parcel has no member {name}")
        return self.documents[name]

    def _place(self, parcel: Parcel) -> None:
        """Say where among its courier's parcels this one stands."""
        if self.store.row("SELECT 1 FROM parcels WHERE sha256 = ?", (_identity(parcel),)) is not None:
            raise PeerError(Failure.REPEATED, "this parcel was imported before; everything in it is here already")
        newest = self.store.row("SELECT max(number) FROM parcels WHERE sender = ?", (parcel.from_id,))
        self.is_newest = newest is None or newest[0] is None or parcel.number > newest[0]
        self.is_late = not self.is_newest or self._is_other_courier(parcel) or self._is_of_former_count(parcel)
        self.number = parcel.number

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
            if self.store.row("SELECT 1 FROM others WHERE report = ?", (claimed,)) is None:
                raise PeerError(Failure.ALTERED, f"report {claimed[:12]}… has neither receipt nor leaf")
            return
        if self.store.row("SELECT 1 FROM reports WHERE id = ?", (claimed,)) is not None:
            return
        taken = keep_report(self.vault, charter, sealed, report_id=claimed, desk=str(row[0]), day=parse_day(str(row[1])))
        self.done.reports.append(claimed)
        self.done.covers += taken.covers
        if taken.failure is not None:
            self.done.kept_aside.append((claimed, taken.failure))


def _identity(parcel: Parcel) -> str:
    return hashlib.sha256(canonical(parcel)).hexdigest()
