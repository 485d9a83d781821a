# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers send: an outbound parcel is applied whole or not at all.

Rules of this file: a parcel is first on the disk, then checked from end to end, then applied in one transaction, its tiles read
a second time from the same file, which nobody else can reach. One parcel at a time is checked and applied in a process; one
that is still coming keeps no other waiting. The same parcel again is
'already applied'; another one of the same number is `equivocation`, an older number `repeated`.

Source: crypto/spec/parcel.md.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from corncrake_crypto.archive import iter_archive
from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.encoding import MAX_INTEGER, b64url, unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import Prekey
from corncrake_crypto.tiles import leaf_entry
from corncrake_server.ports.documents import AcknowledgementNote, Changes, CharterNote, EditionTile
from corncrake_server.refusals import Conflict
from corncrake_server.services.charters import apply_changes, check_charter, check_forms, is_known
from corncrake_server.services.emergency import emergency_here
from corncrake_server.services.organisation import reviewer_identity
from corncrake_server.services.outbound import (
    FORM_NAME,
    TILE_NAME,
    own_desks,
    read_acknowledgement,
    read_contents,
    read_editions,
    read_holds,
    read_prekeys,
    read_wanted,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from corncrake_crypto.acknowledgement import Acknowledgement
    from corncrake_crypto.charter import OpenedCharter
    from corncrake_crypto.fields import LogHead
    from corncrake_server.clock import Clock
    from corncrake_server.ports.documents import Documents, HoldNote, PrekeyNote
    from corncrake_server.ports.log import Log, LogKeys
    from corncrake_server.ports.room import Spool
    from corncrake_server.services.organisation import Organisation
    from corncrake_server.services.outbound import Contents


class Inbox:
    """Applies parcels."""

    def __init__(self, organisation: Organisation, documents: Documents, spool: Spool, keys: LogKeys, tree: Log, clock: Clock) -> None:  # noqa: PLR0913, PLR0917 - its parts
        """Keep the parts."""
        self._organisation = organisation
        self._documents = documents
        self._spool = spool
        self._keys = keys
        self._tree = tree
        self._clock = clock
        self._one = asyncio.Lock()

    async def receive(self, reviewer: str, number: int, digest: bytes, length: int, pieces: AsyncIterator[bytes]) -> bool:
        """Take a parcel; True when it is applied now, False when it was before.

        Args:
            reviewer: whose it must be.
            number: which it must be.
            digest: SHA-256 that it must have, 32 bytes, as the courier signed it.
            length: bytes that will come.
            pieces: its bytes.

        Raises:
            FileError, PeerError: what is wrong with it; nothing was changed.   StoreError: it could not be stored.
        """
        with self._spool.open(length) as file:
            found = hashlib.sha256()
            async for piece in pieces:
                found.update(piece)
                await self._spool.write(file, piece)
            if found.digest() != digest:
                raise PeerError(Failure.ALTERED, "the parcel is not the one that the courier signed for")
            async with self._one:
                return await self._apply(reviewer, number, digest.hex(), file)

    async def _apply(self, reviewer: str, number: int, sha256: str, file: BinaryIO) -> bool:
        # Another process may have taken a charter since this one was asked.
        self._organisation.forget()
        here = await self._organisation.charter()
        identities = _identities(here)
        if reviewer not in identities or not 1 <= number <= MAX_INTEGER:
            raise PeerError(Failure.DESK, "the charter names no such reviewer, or no parcel has this number")
        last, there = await self._documents.last_parcel(reviewer, number)
        if there == sha256:
            return False
        if there is not None:
            raise Conflict(Failure.EQUIVOCATION, "another parcel of this number was applied before")
        if number <= last:
            raise Conflict(Failure.REPEATED, "a later parcel of this reviewer was applied already")
        file.seek(0)
        contents = await asyncio.to_thread(read_contents, file, identities)
        if (contents.parcel.from_id, contents.parcel.number) != (reviewer, number):
            raise PeerError(Failure.ALTERED, "the parcel is of another reviewer or number than its address says")
        if contents.parcel.root != here.charter.root:
            raise PeerError(Failure.ROOT, "the parcel is of another organisation")
        await apply_changes(self._documents, self._tree, await self._changes(contents, here, sha256, file))
        self._organisation.forget()
        return True

    async def _changes(self, contents: Contents, here: OpenedCharter, sha256: str, file: BinaryIO) -> Changes:
        """Return what a parcel changes, everything of it checked."""
        opened, note = here, contents.kept.get("charter.note")
        forms = [raw for name, raw in contents.kept.items() if FORM_NAME.fullmatch(name)]
        entries: list[bytes] = []
        if note is not None and is_known(note, here):
            # A vault sends along the charter that it has; another vault may have sent a newer one meanwhile.
            note, forms = None, []
        if note is not None:
            since = await emergency_here(here, self._documents)
            opened = check_charter(note, here, since, self._keys, self._clock.today())
            entries.append(leaf_entry(CHARTER, opened.text))
        new_forms = await check_forms(opened, forms, self._documents)
        reviewer = contents.parcel.from_id
        identity = reviewer_identity([opened], reviewer)
        prekeys, prekey_entries = read_prekeys(contents, opened, identity)
        new_prekeys = await self._new_prekeys(prekeys, opened)
        editions = read_editions(contents, opened, identity, self._clock.today())
        acknowledged = read_acknowledgement(contents, opened, identity)
        for seen in [*editions.logs, *([acknowledged[0].log] if acknowledged else [])]:
            await self._check_log(seen, opened)
        return Changes(
            parcel=(reviewer, contents.parcel.number, sha256),
            charter=CharterNote(opened.charter.sequence, opened.sha256, note) if note is not None else None,
            forms=new_forms,
            prekeys=new_prekeys,
            editions=editions.heads,
            tiles=_tiles(file, {head.desk: head.number for head in editions.heads}, reviewer),
            acknowledgement=await self._acknowledgement(acknowledged, identity),
            holds=await self._holds(contents, opened, identity),
            wanted=await asyncio.to_thread(read_wanted, contents),
            by=here.charter.sequence,
            entries=[
                *entries,
                *(entry for prekey, entry in zip(prekeys, prekey_entries, strict=True) if prekey in new_prekeys),
                *editions.entries,
            ],
        )

    async def _acknowledgement(self, said: tuple[Acknowledgement, bytes] | None, identity: bytes) -> AcknowledgementNote | None:
        if said is None:
            return None
        value, note = said
        head = await self._tree.head()
        return AcknowledgementNote(
            reviewer=value.reviewer,
            identity=b64url(identity),
            number=value.number,
            size=value.log.size,
            reports=value.reports,
            aside=value.aside,
            day=head.day if head else None,
            note=note,
        )

    async def _holds(self, contents: Contents, opened: OpenedCharter, identity: bytes) -> Sequence[HoldNote]:
        """Return the legal holds in a parcel.

        Raises:
            PeerError: `desk`: a reviewer adds a report of a desk where the charter does not name that reviewer.
        """
        reviewer = contents.parcel.from_id
        here = {holder: held for holder in (reviewer, "") if (held := await self._documents.held_by(holder)) is not None}
        holds = await asyncio.to_thread(read_holds, contents, opened, identity, here)
        if not await self._documents.desks_of(holds.added) <= own_desks(opened, reviewer):
            raise PeerError(Failure.DESK, "a reviewer adds reports of own desks to a hold, and no others: lift the others")
        return holds.notes

    async def _check_log(self, seen: LogHead, opened: OpenedCharter) -> None:
        """Check that a reviewer has seen a head that this server's log has signed.

        Raises:
            PeerError: `origin`, when it is one of another log; `fork`, when it is none of ours.
        """
        if seen.origin != opened.charter.log.origin:
            raise PeerError(
                Failure.ORIGIN,
                f"this export names the log {seen.origin}, and the charter another one: have that vault import a newer parcel, and export again",
            )
        if await self._tree.signed_root(seen.size) != unb64url(seen.root, 32):
            raise PeerError(Failure.FORK, "a reviewer names a state of the log that this server has not signed")

    async def _new_prekeys(self, prekeys: Sequence[PrekeyNote], opened: OpenedCharter) -> Sequence[PrekeyNote]:
        """Return those that are not here yet.

        Raises:
            Conflict: `equivocation`, another of the same number is here, or another reader has the same key; `rollback`, one of a higher
                number is.
        """
        new: list[PrekeyNote] = []
        recovery = {entry.recipient for desk in opened.charter.desks for entry in desk.recovery or ()}
        for prekey in prekeys:
            here = await self._documents.prekeys(prekey.epoch)
            # Clients refuse a desk where two have one key: whoever repeats another's would close it to everybody.
            if _recipient(prekey) in recovery | {_recipient(known) for known in here if known.reviewer != prekey.reviewer}:
                raise Conflict(Failure.EQUIVOCATION, "this prekey is the key of another reader")
            stored = [known for known in here if known.reviewer == prekey.reviewer]
            if not stored or stored[0].number < prekey.number:
                new.append(prekey)
            elif stored[0].number > prekey.number:
                raise Conflict(Failure.ROLLBACK, "a prekey of a higher number is here for this epoch")
            elif stored[0].sha256 != prekey.sha256:
                raise Conflict(Failure.EQUIVOCATION, "another prekey of this number is here for this epoch")
        return new


def _recipient(prekey: PrekeyNote) -> str:
    return read_document(unverified_text(prekey.note), PREKEYS, Prekey).recipient


def _identities(opened: OpenedCharter) -> Mapping[str, bytes]:
    return {reviewer.id: unb64url(reviewer.identity, 32) for desk in opened.charter.desks for reviewer in desk.reviewers}


def _tiles(file: BinaryIO, numbers: Mapping[str, int], reviewer: str) -> Iterator[EditionTile]:
    """Yield the tiles of a parcel that was checked, one at a time."""
    if not numbers:
        return
    file.seek(0)
    for name, _, reader in iter_archive(file):
        match = TILE_NAME.fullmatch(name)
        if match is not None:
            yield EditionTile(match[1], reviewer, numbers[match[1]], int(match[2]), reader.read())
