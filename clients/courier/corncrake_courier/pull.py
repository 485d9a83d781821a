# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pull: fetch what is new, check what a courier can check, and write one parcel.

Rules of this file: sealed objects are kept in the state folder as they come, under their hash or id, so that a broken pull goes on where it
stopped. The parcel appears whole, by a rename, or not at all; only then does the state move on. Whatever the server sends is bounded
and, where it has a hash or a signature, verified: a courier cannot be made to carry something else unnoticed.

Source: crypto/spec/parcel.md; C2SP tlog-tiles.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_courier.server import Missing
from corncrake_courier.state import DOWNLOADS, State, save, write_whole
from corncrake_crypto.charter import OpenedCharter, open_charter
from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import day_text, root_text, unb64url
from corncrake_crypto.errors import Failure, PeerError, StoreError
from corncrake_crypto.form import MAX_FORM, read_form
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE, read_bundle, write_bundle
from corncrake_crypto.padding import BLOCK_CLASS, MAX_RECIPIENTS, REPORT_CLASSES, wire_size
from corncrake_crypto.parcel import Parcel, Ranges, write_parcel
from corncrake_crypto.prekeys import epoch_of
from corncrake_crypto.receipt import MAX_OPENINGS, MAX_OPENINGS_BYTES, Opening, open_receipt, read_openings, report_id, write_openings
from corncrake_crypto.tiles import WIDTH, entries_path, read_entries, write_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from corncrake_courier.server import Server

CHECKPOINT_MAX: Final = 16_384
ENTRIES_MAX: Final = WIDTH * 1_024
HEADS_MAX: Final = 8 << 20
RECEIPTS_MAX: Final = 32 << 20
REPORT_MAX: Final = wire_size(MAX_RECIPIENTS, REPORT_CLASSES[-1])
BLOCK_SIZE: Final = wire_size(1, BLOCK_CLASS)
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
    """

    root: bytes
    courier: str
    today: date
    start: int | None
    desk: str | None
    out: Path
    folder: Path


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
        bytes: length of the parcel.
    """

    number: int = 0
    log_from: int = 0
    log_to: int = 0
    reports: int = 0
    pending: int = 0
    blocks: int = 0
    missing: list[str] = field(default_factory=list[str])
    bytes: int = 0


@dataclass(slots=True)
class _Log:
    """The log as far as this parcel carries it."""

    head: bytes | None
    leaves: list[bytes]
    start: int
    frontier: Frontier


def pull(server: Server, state: State, wish: Wish, progress: Callable[[str], None]) -> Pulled:
    """Fetch what is new into a parcel at `wish.out`, and remember how far it goes.

    Raises:
        PeerError: the server's charter, log or receipts are not what they must be; the word says which.
        StoreError: `store`: the line broke or a disk is full; what was fetched stays, run it again.
    """
    raw = server.get("/v1/charter", MAX_NOTE)
    charter = open_charter(raw, root=wish.root, origin=server.origin, today=wish.today, floor=state.charter)
    documents = [("charter.note", raw)]
    documents += _forms(server, charter)
    log = _log(server, charter, state, wish.start, progress)
    openings = list(_openings(server, log.start, log.start + len(log.leaves)))
    receipts = _pending(server, charter)
    wanted = [opening.id for part in openings for opening in part if opening.id is not None and wish.desk in {None, opening.desk}]
    fresh = [report for report, (_, desk) in receipts.items() if wish.desk in {None, desk} and report not in set(wanted)]
    if log.head is not None:
        documents.append(("head.note", log.head))
    if log.leaves:
        documents.append(("leaves.bin", write_entries(log.leaves)))
    documents += [(f"openings-{number:05d}.json", write_openings(part)) for number, part in enumerate(openings)]
    documents.append(("receipts.json", write_bundle(receipts[report][0] for report in fresh)))
    documents += _signed_by_reviewers(server, charter, wish)
    sealed, missing = _sealed(server, state, wish, wanted + fresh, progress)
    done = Pulled(state.number + 1, log.start, log.start + len(log.leaves), len(wanted), len(fresh), len(sealed) - len(wanted) - len(fresh), missing)
    header = Parcel(
        v=1,
        kind="inbound",
        from_id=wish.courier,
        number=done.number,
        root=root_text(wish.root),
        ranges=Ranges(log_from=done.log_from, log_to=done.log_to),
        members=(),
        day=day_text(wish.today),
    )
    done.bytes = _write(wish.out, header, documents, sealed)
    save(wish.folder, msgspec.structs.replace(state, number=done.number, frontier=log.frontier.encode().hex(), charter=charter.ref))
    for path in (wish.folder / DOWNLOADS).iterdir():
        path.unlink(missing_ok=True)
    return done


def _forms(server: Server, charter: OpenedCharter) -> list[tuple[str, bytes]]:
    forms: dict[str, bytes] = {}
    for desk in charter.charter.desks:
        name = f"form-{desk.form[:16]}.json"
        if name not in forms:
            forms[name] = server.get(f"/v1/forms/{desk.form}", MAX_FORM)
            read_form(forms[name], desk.form)
    return list(forms.items())


def _log(server: Server, charter: OpenedCharter, state: State, start: int | None, progress: Callable[[str], None]) -> _Log:
    """Fetch the head and the leaves from `start`, and check that the log has only grown since the last parcel."""
    known = Frontier.decode(bytes.fromhex(state.frontier)) if state.frontier else Frontier()
    try:
        head = server.get("/log/1/checkpoint", CHECKPOINT_MAX)
    except Missing:
        if known.size:
            raise PeerError(Failure.SHRUNKEN, "the server has lost its log") from None
        return _Log(None, [], 0, known)
    log = charter.charter.log
    checkpoint = open_checkpoint(head, log.origin, unb64url(log.key, 32))
    if checkpoint.size < known.size:
        raise PeerError(Failure.SHRUNKEN, f"the log has {checkpoint.size} leaves now and had {known.size}")
    begin = known.size if start is None else min(start, known.size)
    leaves = _leaves(server, begin, checkpoint.size, progress)
    for entry in leaves[known.size - begin :]:
        known.append(leaf_hash(entry))
    if known.root() != checkpoint.root:
        raise PeerError(Failure.FORK, "the log was changed since the last parcel, or its leaves are not those that it signed")
    return _Log(head, leaves, begin, known)


def _leaves(server: Server, begin: int, end: int, progress: Callable[[str], None]) -> list[bytes]:
    leaves: list[bytes] = []
    for number in range(begin // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - number * WIDTH)
        entries = read_entries(_bundle(server, number, width))[:width]
        if len(entries) != width:
            raise PeerError(Failure.WITHHELD, "the server holds back leaves of its log")
        leaves += entries[max(0, begin - number * WIDTH) :]
        progress(f"log: {min(end, (number + 1) * WIDTH)} of {end} leaves")
    return leaves


def _bundle(server: Server, number: int, width: int) -> bytes:
    """Fetch a bundle; a partial one may have been replaced by the full one meanwhile."""
    try:
        return server.get(f"/log/1/{entries_path(number, width)}", ENTRIES_MAX)
    except Missing:
        if width == WIDTH:
            raise
        return server.get(f"/log/1/{entries_path(number)}", ENTRIES_MAX)


def _openings(server: Server, begin: int, end: int) -> Iterator[tuple[Opening, ...]]:
    for start in range(begin, end, MAX_OPENINGS):
        query = f"start={start}&end={min(end, start + MAX_OPENINGS)}"
        yield read_openings(server.get("/v1/courier/openings", MAX_OPENINGS_BYTES, signed=True, query=query))


def _pending(server: Server, charter: OpenedCharter) -> dict[str, tuple[bytes, str]]:
    """Return receipt and desk of each report that is not in the log yet."""
    notes = read_bundle(server.get("/v1/courier/pending", RECEIPTS_MAX, signed=True), limit=RECEIPTS_MAX, most=100_000)
    log = charter.charter.log
    found: dict[str, tuple[bytes, str]] = {}
    for note in notes:
        receipt = open_receipt(note, log.origin, unb64url(log.key, 32))
        found[receipt.id] = (note, receipt.desk)
    return found


def _signed_by_reviewers(server: Server, charter: OpenedCharter, wish: Wish) -> list[tuple[str, bytes]]:
    """Fetch edition heads and this week's prekeys of the desks; vaults verify them."""
    heads: list[bytes] = []
    prekeys: dict[bytes, None] = {}
    for desk in charter.charter.desks:
        if wish.desk in {None, desk.id}:
            heads += read_bundle(server.get(f"/v1/desks/{desk.id}/heads", HEADS_MAX), limit=HEADS_MAX)
            bundle = server.get(f"/v1/desks/{desk.id}/epochs/{epoch_of(wish.today)}/prekeys", MAX_BUNDLE)
            prekeys |= dict.fromkeys(read_bundle(bundle))
    return [("heads.json", write_bundle(heads)), ("prekeys.json", write_bundle(prekeys))]


def _sealed(
    server: Server, state: State, wish: Wish, reports: list[str], progress: Callable[[str], None]
) -> tuple[list[tuple[str, Path]], list[str]]:
    """Fetch reports and wanted blocks into the state folder; return their member names and files, and the blocks that are not there."""
    folder = wish.folder / DOWNLOADS
    sealed: list[tuple[str, Path]] = []
    for count, report in enumerate(reports, 1):
        path = folder / f"report-{report}.age"
        if not (path.exists() and report_id(path.read_bytes()) == report):
            data = server.get(f"/v1/courier/reports/{report}", REPORT_MAX, signed=True)
            if report_id(data) != report:
                raise PeerError(Failure.ALTERED, f"the server gave other bytes for report {report[:12]}…")
            write_whole(path, data)
        sealed.append((path.name, path))
        progress(f"reports: {count} of {len(reports)}")
    wanted = sorted({block for blocks in state.wanted.values() for block in blocks})
    missing: list[str] = []
    for count, block in enumerate(wanted, 1):
        path = folder / f"block-{block}.age"
        try:
            if not (path.exists() and path.stat().st_size == BLOCK_SIZE):
                data = server.get(f"/v1/blocks/{block}", BLOCK_SIZE, signed=True)
                if len(data) != BLOCK_SIZE:
                    raise PeerError(Failure.SIZE, f"block {block[:8]}… has another length than all blocks have")
                write_whole(path, data)
            sealed.append((path.name, path))
        except Missing:
            missing.append(block)
        progress(f"blocks: {count} of {len(wanted)}")
    return sealed, missing


def _write(out: Path, header: Parcel, documents: list[tuple[str, bytes]], sealed: list[tuple[str, Path]]) -> int:
    members = [(name, len(data), hashlib.sha256(data).hexdigest(), iter([data])) for name, data in documents]
    members += [(name, path.stat().st_size, _sha256(path), _chunks(path)) for name, path in sealed]
    temporary = out.with_name(f".{out.name}.part")
    try:
        try:
            with temporary.open("wb") as sink:
                write_parcel(header, members, sink)
                sink.flush()
                os.fsync(sink.fileno())
                size = sink.tell()
            temporary.replace(out)
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
