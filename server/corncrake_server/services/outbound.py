# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads an outbound parcel and says what it would change; changes nothing.

Rules of this file: a member has a name of the list below or the parcel is refused. What is small is kept, within limits; tiles
are only hashed, and must be exactly those that the heads in the parcel name. Everything is checked against the charter that
will be in force afterwards: the one in the parcel, if there is one.

Source: crypto/spec/parcel.md; crypto/spec/edition.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from msgspec import Meta

from corncrake_crypto.acknowledgement import open_acknowledgement
from corncrake_crypto.charter import check_floor
from corncrake_crypto.edition import KIND as EDITION
from corncrake_crypto.edition import MAX_HEAD, SLOT, open_edition
from corncrake_crypto.encoding import decode_canonical, parse_root, unb64url
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import BlockId, Wire
from corncrake_crypto.form import MAX_FORM
from corncrake_crypto.legal_hold import KIND as HOLD
from corncrake_crypto.legal_hold import LegalHold, open_legal_hold
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE, read_bundle, read_document, text_hash, unverified_text
from corncrake_crypto.parcel import read_parcel
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import open_prekey
from corncrake_crypto.tiles import leaf_entry
from corncrake_server.ports.documents import EditionNote, HoldNote, PrekeyNote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import BinaryIO

    from corncrake_crypto.acknowledgement import Acknowledgement
    from corncrake_crypto.archive import MemberReader
    from corncrake_crypto.charter import OpenedCharter
    from corncrake_crypto.fields import LogHead
    from corncrake_crypto.parcel import Parcel
    from corncrake_server.ports.documents import Held

_DESK: Final = r"([a-z][a-z0-9-]{0,31})"
EDITION_NAME: Final = re.compile(rf"edition-{_DESK}\.note")
TILE_NAME: Final = re.compile(rf"tile-{_DESK}-([0-9]{{5}})\.bin")
FORM_NAME: Final = re.compile(r"form-[0-9a-f]{16}\.json")
_FIXED: Final = {
    "charter.note": MAX_NOTE,
    "prekeys.json": MAX_BUNDLE,
    "acknowledgement.note": MAX_NOTE,
    "hold.note": MAX_NOTE,
    "organisation-hold.note": MAX_NOTE,
    "wanted.json": 4 << 20,
    "held.json": 4 << 20,
}
MOST_WANTED: Final = 100_000
_MOST_KEPT: Final = 24 << 20
# Clients go by the newest head's day when it is later than their clock, and reports are taken for the week of a day ahead at most:
# a head of the day after would close a desk on a Saturday.
_AHEAD: Final = timedelta(days=1)


@dataclass(slots=True)
class Contents:
    """What a parcel holds: its header, and its members but for tiles."""

    parcel: Parcel
    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])


class Editions(NamedTuple):
    """Heads to store, their log entries, and the states of the log that their reviewer has seen."""

    heads: list[EditionNote]
    entries: list[bytes]
    logs: list[LogHead]


class Holds(NamedTuple):
    """Holds to store, and ids of the reports that their reviewer did not hold before."""

    notes: list[HoldNote]
    added: set[str]


def _limit(name: str) -> int | None:
    """Return how many bytes a member of this name may have to be kept; None for a tile."""
    if TILE_NAME.fullmatch(name):
        return None
    if EDITION_NAME.fullmatch(name):
        return MAX_HEAD
    if FORM_NAME.fullmatch(name):
        return MAX_FORM
    if name in _FIXED:
        return _FIXED[name]
    raise FileError(Failure.ARCHIVE, "a parcel to a server has no member of this name")


def read_contents(source: BinaryIO, keys: Mapping[str, bytes]) -> Contents:
    """Read a whole parcel, every member's hash checked and its signature verified.

    Args:
        source: at its start.
        keys: the reviewers of the charter in force, and their identity keys.

    Raises:
        FileError: `archive`, `size`, `json`, `not-canonical`.   PeerError: as `read_parcel`.
    """
    kept: dict[str, bytes] = {}
    total = 0

    def keep(_: Parcel, name: str, size: int, reader: MemberReader) -> None:
        nonlocal total
        limit = _limit(name)
        if limit is None:
            return
        total += size
        if size > limit or total > _MOST_KEPT:
            raise FileError(Failure.SIZE, f"{name} is too large")
        kept[name] = reader.read()

    return Contents(read_parcel(source, keep, keys), kept)


def read_prekeys(contents: Contents, opened: OpenedCharter, identity: bytes) -> tuple[list[PrekeyNote], list[bytes]]:
    """Return the prekeys in a parcel and their log entries, each verified and of the parcel's own reviewer.

    Raises:
        FileError, PeerError: as `open_prekey`.
    """
    if "prekeys.json" not in contents.kept:
        return [], []
    root, reviewer = parse_root(opened.charter.root), contents.parcel.from_id
    found: dict[int, PrekeyNote] = {}
    entries: list[bytes] = []
    for raw in read_bundle(contents.kept["prekeys.json"]):
        prekey = open_prekey(raw, root=root, reviewer=reviewer, identity=identity)
        text = unverified_text(raw)
        note = PrekeyNote(reviewer, prekey.epoch, prekey.number, text_hash(text), raw)
        if prekey.epoch in found:
            raise PeerError(Failure.EQUIVOCATION, "a parcel has two prekeys for one epoch")
        found[prekey.epoch] = note
        entries.append(leaf_entry(PREKEYS, text))
    return list(found.values()), entries


def read_editions(contents: Contents, opened: OpenedCharter, identity: bytes, today: date) -> Editions:
    """Return the edition heads in a parcel, with their tiles all there and no others.

    Raises:
        FileError: as `open_edition`.
        PeerError: as `open_edition`; `desk`, when the reviewer is no voice of the desk; `rollback` or `equivocation`, when the
            head names a charter that clients could not get here; `not-yet-valid`, when its day is ahead; `edition`, when its
            tiles are not those in the parcel.
    """
    root, reviewer = parse_root(opened.charter.root), contents.parcel.from_id
    heads = Editions([], [], [])
    wanted: dict[str, tuple[int, str]] = {}
    for name, raw in contents.kept.items():
        match = EDITION_NAME.fullmatch(name)
        if match is None:
            continue
        desk = match[1]
        if reviewer not in opened.desk(desk).voices:
            raise PeerError(Failure.DESK, "this reviewer is no voice of this desk")
        head = open_edition(raw, root=root, desk=desk, reviewer=reviewer, identity=identity)
        check_floor(opened, head.edition.charter)
        if head.edition.day > today + _AHEAD:
            raise PeerError(Failure.NOT_YET_VALID, "this edition is of a day to come")
        heads.heads.append(EditionNote(desk, reviewer, head.edition.number, head.sha256, raw))
        heads.entries.append(leaf_entry(EDITION, head.text))
        heads.logs.append(head.edition.log)
        size = head.edition.slots * SLOT
        wanted |= {f"tile-{desk}-{bucket:05d}.bin": (size, sha256) for bucket, sha256 in enumerate(head.edition.tiles)}
    there = {member.name: (member.size, member.sha256) for member in contents.parcel.members if TILE_NAME.fullmatch(member.name)}
    if there != wanted:
        raise PeerError(Failure.EDITION, "the tiles in the parcel are not those that its heads name")
    return heads


class _Blocks(Wire, frozen=True, kw_only=True):
    """The members `wanted.json` and `held.json`."""

    blocks: Annotated[tuple[BlockId, ...], Meta(max_length=MOST_WANTED)]


def read_wanted(contents: Contents) -> list[str] | None:
    """Return the ids of the blocks that a parcel asks for or has held, each once; None when it does not say.

    Raises:
        FileError: `json`, `not-canonical`.
    """
    there = [contents.kept[name] for name in ("wanted.json", "held.json") if name in contents.kept]
    return list(dict.fromkeys(block for raw in there for block in decode_canonical(raw, _Blocks).blocks)) if there else None


def read_acknowledgement(contents: Contents, opened: OpenedCharter, identity: bytes) -> tuple[Acknowledgement, bytes] | None:
    """Return the acknowledgement in a parcel, verified, and its note; None when there is none.

    Raises:
        FileError, PeerError: as `open_acknowledgement`.
    """
    raw = contents.kept.get("acknowledgement.note")
    if raw is None:
        return None
    root = parse_root(opened.charter.root)
    return open_acknowledgement(raw, root=root, reviewer=contents.parcel.from_id, identity=identity), raw


def read_holds(contents: Contents, opened: OpenedCharter, identity: bytes, here: Mapping[str, Held]) -> Holds:
    """Return the legal holds in a parcel that are not known: its reviewer's, and the organisation's that it carries, each verified.

    Args:
        contents: of the parcel.
        opened: the charter to go by.
        identity: the reviewer's key.
        here: by holder, what is held now.

    Raises:
        FileError, PeerError: as `open_legal_hold`; `desk`, when the reviewer adds a desk where the charter does not name that reviewer.
    """
    charter = opened.charter
    found = Holds([], set())
    root, reviewer = parse_root(charter.root), contents.parcel.from_id
    for name, holder, key in (("hold.note", reviewer, identity), ("organisation-hold.note", None, unb64url(charter.organisation.key, 32))):
        raw, held = contents.kept.get(name), here.get(holder or "")
        if raw is None or (held is not None and _is_known(raw, held, holder)):
            continue
        hold = open_legal_hold(raw, root=root, holder=holder, key=key)
        if holder is not None:
            # What was held before the charter named its holder elsewhere stays held.
            if not set(hold.desks) - set(held.desks if held else ()) <= own_desks(opened, holder):
                raise PeerError(Failure.DESK, "a reviewer adds desks to a hold where the charter names that reviewer, and no others: lift the others")
            found.added.update(set(hold.reports) - set(held.reports if held else ()))
        found.notes.append(HoldNote(holder or "", hold.number, raw))
    return found


def _is_known(raw: bytes, held: Held, holder: str | None) -> bool:
    """Say whether a hold is the one that is here, or an older one of the organisation's: vaults go on carrying them, also by a former key."""
    text = unverified_text(raw)
    if text_hash(text) == text_hash(unverified_text(held.last.note)):
        return True
    return holder is None and read_document(text, HOLD, LegalHold).number < held.last.number


def own_desks(opened: OpenedCharter, reviewer: str) -> set[str]:
    """Return the ids of the desks where a charter names a reviewer."""
    return {desk.id for desk in opened.charter.desks if any(one.id == reviewer for one in desk.reviewers)}
