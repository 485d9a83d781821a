# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pull: fetch what is new, check what a courier can check, and write one parcel.

Rules of this file: the parcel appears whole, by a rename, or not at all; only then does the state move on. A parcel has a largest size: what
has no room comes with the next pull, and the parcel says so. Whatever the server sends is bounded and, where it has a hash or a
signature, verified: a courier cannot be made to carry something else unnoticed.

Source: crypto/spec/parcel.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_courier import sealed as objects
from corncrake_courier.deletions import fetch_deletions
from corncrake_courier.log import fetch_log, fetch_openings, of_this_log
from corncrake_courier.sealed import Fetched, Room, after, anew, fetch_blocks, fetch_reports, in_turns
from corncrake_courier.state import DOWNLOADS, State, save, sync_folder
from corncrake_crypto.charter import Desk, OpenedCharter, open_charter
from corncrake_crypto.edition import KIND as EDITION
from corncrake_crypto.edition import MAX_HEAD, Edition, open_edition
from corncrake_crypto.encoding import day_text, parse_root, root_text, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, StoreError, UsageError
from corncrake_crypto.form import MAX_FORM, read_form
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE, read_bundle, read_document, unverified_text, write_bundle
from corncrake_crypto.parcel import Parcel, Pushed, Ranges, write_parcel
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import Prekey, epoch_of
from corncrake_crypto.receipt import open_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from corncrake_courier.server import Server

HEADS_MAX: Final = 8 << 20
PREKEYS_MAX: Final = 7 << 20
RECEIPTS_MAX: Final = 32 << 20
WARN_WEEKS: Final = 4
WEEKS_AHEAD: Final = 26
"""Weeks of prekeys that a vault makes at most."""
USUAL_MIB: Final = 2_048
_COPY: Final = 65_536


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for.

    Attributes:
        root: the organisation's 32 bytes.
        courier: the courier's id.
        today: the day by the clock.
        start: leaf from which to carry the log again; None goes on where the last parcel ended.
        desk: carry only this desk's reports; None carries all.
        out: where the parcel goes.
        folder: the state folder.
        most_mib: MiB of reports and blocks in one parcel.
        replace: write over a parcel that is there.
    """

    root: bytes
    courier: str
    today: date
    start: int | None
    desk: str | None
    out: Path
    folder: Path
    most_mib: int = USUAL_MIB
    replace: bool = False


@dataclass(slots=True)
class Pulled:
    """What a pull brought.

    Attributes:
        number: of the parcel.
        log_from, log_to: the leaves in it.
        reports: in the log.
        pending: newer than the last publication, with their receipts.
        blocks: that vaults asked for and the server had.
        missing: blocks that it had not.
        absent: reports that its log has and it did not give.
        left: reports and blocks that had no room, or that there was no time to look for; they come with the next pull.
        running_out: reviewers who have keys for fewer than four weeks at the server: desk, id, and for how many weeks.
        deleted: reports of which it says that they were deleted, and on whose acknowledgement.
        bytes: length of the parcel.
    """

    number: int = 0
    log_from: int = 0
    log_to: int = 0
    reports: int = 0
    pending: int = 0
    blocks: int = 0
    missing: list[str] = field(default_factory=list[str])
    absent: list[str] = field(default_factory=list[str])
    left: int = 0
    deleted: int = 0
    running_out: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    bytes: int = 0


@dataclass(slots=True)
class _Load:
    """The sealed objects of one parcel, and the state after it."""

    published: Fetched
    pending: Fetched
    again: Fetched
    blocks: Fetched
    state: State

    @property
    def files(self) -> list[Path]:
        return self.published.files + self.pending.files + self.again.files + self.blocks.files

    @property
    def left(self) -> int:
        return len(self.published.rest) + len(self.pending.rest) + len({block for asked in self.state.asked for block in asked.left})


def pull(server: Server, state: State, wish: Wish, progress: Callable[[str], None]) -> Pulled:
    """Fetch what is new into a parcel at `wish.out`, and remember how far it goes.

    Raises:
        UsageError: `misuse`: there is a parcel already; the state is of parcels for another desk.
        PeerError: `desk`: the charter has none of this id; the server's charter, log or receipts are not what they must be; the word says which.
        StoreError: `store`: the line broke or a disk is full; what was fetched stays, run it again.
    """
    if _is_taken(wish):
        raise UsageError(Failure.MISUSE, f"{wish.out.name} is there already: has it been imported? Choose another name, or say --replace")
    _check_desk(state, wish)
    raw = server.get("/v1/charter", MAX_NOTE)
    charter = open_charter(raw, root=wish.root, origin=server.origin, today=wish.today, floor=state.charter)
    if wish.desk is not None:
        charter.desk(wish.desk)
    state = of_this_log(state, charter)
    documents = [("charter.note", raw), *_forms(server, charter)]
    log = fetch_log(server, charter, state, wish.folder, wish.start, progress)
    openings, published = fetch_openings(server, log.start, log.frontier.size, wish.folder, wish.desk)
    if log.head is not None:
        documents.append(("head.note", log.head))
    gone = fetch_deletions(server, charter, wish.folder, 0 if wish.start == 0 else state.deleted)
    published = [report for report in published if report not in gone.reports]
    # Also of what had no room before: it was deleted, and nobody keeps it back.
    state = msgspec.structs.replace(state, left=[report for report in state.left if report not in gone.reports])
    receipts = _pending(server, charter, wish.desk, set(published))
    signed = [("receipts.json", write_bundle(receipts.values())), *_signed_by_reviewers(server, charter, wish)]
    load = _load(server, state, wish, (published, list(receipts)), progress)
    done = Pulled(
        number=state.number + 1,
        log_from=log.start,
        log_to=log.frontier.size,
        reports=len(load.published.here),
        pending=len(load.pending.here) + len(load.again.here),
        blocks=len(load.blocks.here),
        missing=load.blocks.absent,
        absent=load.published.absent + load.pending.absent,
        left=load.left,
        deleted=len(gone.reports),
        running_out=_running_out(charter, dict(signed)["prekeys.json"], wish),
    )
    signed += gone.charters
    members = [*_in_memory(documents), *_on_disk(log.parts + openings), *_in_memory(signed), *_on_disk(gone.parts + load.files)]
    done.bytes = _write(wish.out, _header(wish, done, load.state), members)
    end = log.frontier.encode().hex()
    after = msgspec.structs.replace(load.state, number=done.number, frontier=end, charter=charter.ref, deleted=gone.count, desk=wish.desk or "")
    save(wish.folder, after)
    for path in (wish.folder / DOWNLOADS).iterdir():
        path.unlink(missing_ok=True)
    return done


def _check_desk(state: State, wish: Wish) -> None:
    """Check that the parcels before this one carried the same desks.

    Raises:
        UsageError: `misuse`: they did not; what they passed over would not come with this one either, and vaults would miss it.
    """
    if state.number and wish.start != 0 and state.desk != (wish.desk or ""):
        before = f"the desk {state.desk} only" if state.desk else "all desks"
        raise UsageError(Failure.MISUSE, f"what this state remembers is of parcels for {before}: name another --state, or say --from 0")


def _is_taken(wish: Wish) -> bool:
    """Say whether something lies where the parcel goes that is not to be written over.

    Raises:
        StoreError: `store`: the place cannot be looked at.
    """
    try:
        return wish.out.exists() and not (wish.replace and wish.out.is_file())
    except OSError as error:
        detail = f"{wish.out} cannot be used ({error.strerror}); nothing was fetched: choose another place, or another stick, and run it again"
        raise StoreError(Failure.STORE, detail) from error


def _header(wish: Wish, done: Pulled, state: State) -> Parcel:
    pushed = tuple(Pushed(reviewer=asked.reviewer, number=asked.number, looked=None if asked.left else True) for asked in state.asked)
    return Parcel(
        v=1,
        kind="inbound",
        from_id=wish.courier,
        number=done.number,
        root=root_text(wish.root),
        ranges=Ranges(log_from=done.log_from, log_to=done.log_to),
        members=(),
        day=day_text(wish.today),
        more=True if done.left else None,
        pushed=pushed or None,
    )


def _load(server: Server, state: State, wish: Wish, reports: tuple[list[str], list[str]], progress: Callable[[str], None]) -> _Load:
    """Fetch what there is room for: what is left of the log and new in it, what is pending, blocks, and what is pending and was carried."""
    from_start = wish.start is not None
    asked = [anew(entry) for entry in state.asked] if from_start else state.asked
    published = list(dict.fromkeys(state.left + reports[0]))
    carried: set[str] = set() if from_start else set(state.pending)
    fresh = [report for report in reports[1] if report not in carried]
    room = Room(objects.MOST_SEALED, wish.most_mib << 20)
    blocks = in_turns(entry.left for entry in asked)
    ahead = room.share(3, 4) if blocks else room
    first = fetch_reports(server, wish.folder, published, ahead, progress)
    second = fetch_reports(server, wish.folder, fresh, ahead, progress)
    room = _remaining(wish, first.files + second.files)
    third = fetch_blocks(server, wish.folder, blocks, room, progress)
    if not third.rest:
        once_more = fetch_blocks(server, wish.folder, in_turns(entry.missing for entry in asked), room, progress)
        third.files += once_more.files
        third.here += once_more.here
        third.absent += once_more.absent
    again = fetch_reports(server, wish.folder, [report for report in reports[1] if report in carried], room, progress)
    still = set(reports[1])
    state = msgspec.structs.replace(
        state,
        left=first.rest,
        pending=[report for report in state.pending if report in still and report in carried] + second.here,
        asked=[after(entry, third) for entry in asked],
    )
    return _Load(first, second, again, third, state)


def _remaining(wish: Wish, files: list[Path]) -> Room:
    """Return the room that is left when these files are in."""
    room = Room(objects.MOST_SEALED, wish.most_mib << 20)
    for path in files:
        room.take(path.stat().st_size)
    return room


def _forms(server: Server, charter: OpenedCharter) -> list[tuple[str, bytes]]:
    forms: dict[str, bytes] = {}
    for desk in charter.charter.desks:
        name = f"form-{desk.form[:16]}.json"
        if name not in forms:
            forms[name] = server.get(f"/v1/forms/{desk.form}", MAX_FORM)
            read_form(forms[name], desk.form)
    return list(forms.items())


def _pending(server: Server, charter: OpenedCharter, desk: str | None, published: set[str]) -> dict[str, bytes]:
    """Return the receipt of each report that is not in the log yet, of one desk or all."""
    notes = read_bundle(server.get("/v1/courier/pending", RECEIPTS_MAX, signed=True), limit=RECEIPTS_MAX, most=100_000)
    log = charter.charter.log
    found: dict[str, bytes] = {}
    for note in notes:
        receipt = open_receipt(note, log.origin, unb64url(log.key, 32))
        if desk in {None, receipt.desk} and receipt.id not in published:
            found[receipt.id] = note
    return found


def _signed_by_reviewers(server: Server, charter: OpenedCharter, wish: Wish) -> list[tuple[str, bytes]]:
    """Fetch edition heads of the desks and the prekeys of this week and later ones; vaults verify them."""
    heads: list[bytes] = []
    prekeys: dict[bytes, None] = {}
    first = epoch_of(wish.today)
    for desk in charter.charter.desks:
        if wish.desk not in {None, desk.id}:
            continue
        of_desk = read_bundle(server.get(f"/v1/desks/{desk.id}/heads", HEADS_MAX), limit=HEADS_MAX)
        _check_charter(charter, desk, of_desk)
        heads += of_desk
        for epoch in range(first, first + WEEKS_AHEAD + 1):
            notes = read_bundle(server.get(f"/v1/desks/{desk.id}/epochs/{epoch}/prekeys", MAX_BUNDLE))
            prekeys |= dict.fromkeys(notes)
            if (not notes and epoch > first) or sum(map(len, prekeys)) > PREKEYS_MAX:
                break
    return [("heads.json", write_bundle(heads)), ("prekeys.json", write_bundle(prekeys))]


def _running_out(charter: OpenedCharter, bundle: bytes, wish: Wish) -> list[tuple[str, str, int]]:
    """Return desk, id and weeks of each reviewer who has keys for fewer than four weeks, this one included; the notes are as the server says."""
    have: set[tuple[str, int]] = set()
    for note in read_bundle(bundle, limit=PREKEYS_MAX + len(bundle), most=PREKEYS_MAX):
        try:
            prekey = read_document(unverified_text(note), PREKEYS, Prekey)
        except CorncrakeError:
            continue
        have.add((prekey.reviewer, prekey.epoch))
    first, found = epoch_of(wish.today), list[tuple[str, str, int]]()
    for desk in charter.charter.desks:
        for reviewer in desk.reviewers if wish.desk in {None, desk.id} else ():
            weeks = next((ahead for ahead in range(WARN_WEEKS) if (reviewer.id, first + ahead) not in have), WARN_WEEKS)
            if weeks < WARN_WEEKS:
                found.append((desk.id, reviewer.id, weeks))
    return found


def _check_charter(charter: OpenedCharter, desk: Desk, heads: tuple[bytes, ...]) -> None:
    """Check that no reviewer of a desk knows of a newer charter than the server gives. A head that is not good says nothing; vaults tell.

    Raises:
        PeerError: `rollback`.
    """
    root = parse_root(charter.charter.root)
    for raw in heads:
        try:
            reviewer = read_document(unverified_text(raw, limit=MAX_HEAD), EDITION, Edition).reviewer
            edition = open_edition(raw, root=root, desk=desk.id, reviewer=reviewer, identity=desk.identity(reviewer)).edition
        except CorncrakeError:
            continue
        if edition.charter.sequence > charter.charter.sequence:
            detail = f"{reviewer} has seen charter {edition.charter.sequence}, and the server gives {charter.charter.sequence}"
            raise PeerError(Failure.ROLLBACK, detail)


_Member = tuple[str, int, str, "Iterator[bytes]"]


def _in_memory(members: list[tuple[str, bytes]]) -> list[_Member]:
    return [(name, len(data), hashlib.sha256(data).hexdigest(), iter([data])) for name, data in members]


def _on_disk(files: list[Path]) -> list[_Member]:
    return [(path.name, path.stat().st_size, _sha256(path), _chunks(path)) for path in files]


def _write(out: Path, header: Parcel, members: list[_Member]) -> int:
    temporary = out.with_name(f".{out.name}.part")
    try:
        try:
            with temporary.open("wb") as sink:
                write_parcel(header, members, sink)
                sink.flush()
                os.fsync(sink.fileno())
                size = sink.tell()
            temporary.replace(out)
            sync_folder(out.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        detail = f"the parcel cannot be written to {out} ({error.strerror}); nothing is lost: make room or take another stick, and run it again"
        raise StoreError(Failure.STORE, detail) from error
    return size


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_COPY):
            yield piece


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
