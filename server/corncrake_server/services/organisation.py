# SPDX-License-Identifier: AGPL-3.0-or-later
"""The charter that the server acts on, and the prekeys that go with it.

Rules of this file: a charter was verified before it was stored, so it is read here and not verified again; what it says about
who may do what holds also after it has expired, or no courier could bring the next one. What is read is kept for a second:
other processes may have changed it since.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.charter import KIND, Charter, OpenedCharter
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.prekeys import epoch_of
from corncrake_server.refusals import NotHere

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from corncrake_server.clock import Clock
    from corncrake_server.ports.documents import Documents, PrekeyNote

_KEPT_SECONDS: Final = 1.0
_EPOCHS_AROUND: Final = 26
_MOST_EPOCHS: Final = 64
"""More than anybody can ask for at one time, so that nobody can make others wait for this week's to be read again."""


class _Kept(NamedTuple):
    until: float
    opened: OpenedCharter
    note: bytes


class Organisation:
    """The newest charter and its prekeys."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        """Keep where documents come from."""
        self._documents = documents
        self._clock = clock
        self._kept: _Kept | None = None
        self._hashes: tuple[str, ...] = ()
        self._asking = asyncio.Lock()
        self._prekeys: dict[int, tuple[float, Sequence[PrekeyNote]]] = {}

    def forget(self) -> None:
        """Read again at the next question: something was just changed."""
        self._kept = None
        self._prekeys.clear()

    async def _newest(self) -> _Kept | None:
        if self._kept is None or self._clock.monotonic() >= self._kept.until:
            # One asks and the others wait: not every request of that moment goes to the database.
            async with self._asking:
                if self._kept is None or self._clock.monotonic() >= self._kept.until:
                    self._kept = await self._read()
        return self._kept

    async def _read(self) -> _Kept | None:
        stored = await self._documents.charter()
        if stored is None:
            return None
        text = unverified_text(stored.note)
        opened = OpenedCharter(read_document(text, KIND, Charter), text, stored.sha256)
        if stored.sha256 not in self._hashes:
            self._hashes = (stored.sha256, *self._hashes[:1])
        return _Kept(self._clock.monotonic() + _KEPT_SECONDS, opened, stored.note)

    def newest_hashes(self) -> tuple[str, ...]:
        """Return the hashes, hex, of the newest charter and, if this process has seen it, of the one before it; none before the first question."""
        return self._hashes

    async def note(self) -> bytes:
        """Return the newest charter's note.

        Raises:
            NotHere: there is no charter yet.
        """
        newest = await self._newest()
        if newest is None:
            raise NotHere("this server has no charter yet", Failure.CHARTER)
        return newest.note

    async def charter(self) -> OpenedCharter:
        """Return the newest charter.

        Raises:
            NotHere: there is none yet.
        """
        await self.note()
        newest = await self._newest()
        if newest is None:
            raise NotHere("this server has no charter yet", Failure.CHARTER)
        return newest.opened

    async def charter_or_none(self) -> OpenedCharter | None:
        """Return the newest charter, None before the first."""
        newest = await self._newest()
        return None if newest is None else newest.opened

    async def prekeys(self, epoch: int) -> Sequence[PrekeyNote]:
        """Return the prekeys of all reviewers for an epoch; none, without asking, for one that is half a year away."""
        if abs(epoch - epoch_of(self._clock.today())) > _EPOCHS_AROUND:
            return ()
        until, notes = self._prekeys.get(epoch, (0.0, ()))
        if self._clock.monotonic() < until:
            return notes
        async with self._asking:
            until, notes = self._prekeys.get(epoch, (0.0, ()))
            if self._clock.monotonic() < until:
                return notes
            if len(self._prekeys) >= _MOST_EPOCHS:
                self._prekeys.clear()
            notes = await self._documents.prekeys(epoch)
            self._prekeys[epoch] = (self._clock.monotonic() + _KEPT_SECONDS, notes)
            return notes

    async def desk_prekeys(self, desk: str, epoch: int) -> Sequence[PrekeyNote]:
        """Return the prekeys of a desk's reviewers for an epoch.

        Raises:
            PeerError: `desk`.
        """
        reviewers = {reviewer.id for reviewer in (await self.charter()).desk(desk).reviewers}
        return [note for note in await self.prekeys(epoch) if note.reviewer in reviewers]

    async def desks_without_prekeys(self, epochs: Iterable[int]) -> Mapping[str, int]:
        """Return the desks that have too few prekeys to be reported to in some of `epochs`, and the first of these.

        Raises:
            NotHere: there is no charter yet.
        """
        found: dict[str, int] = {}
        desks = (await self.charter()).charter.desks
        for epoch in sorted(epochs):
            ready = {prekey.reviewer for prekey in await self.prekeys(epoch)}
            short = [desk.id for desk in desks if len(ready & {reviewer.id for reviewer in desk.reviewers}) < desk.min]
            found = dict.fromkeys(short, epoch) | found
        return found

    async def running_out(self, epochs: Iterable[int]) -> Mapping[tuple[str, str], int]:
        """Return desk and id of each reviewer who has no prekey in some of `epochs`, and the first of these; a desk may do without some.

        Raises:
            NotHere: there is no charter yet.
        """
        found: dict[tuple[str, str], int] = {}
        desks = (await self.charter()).charter.desks
        for epoch in sorted(epochs):
            ready = {prekey.reviewer for prekey in await self.prekeys(epoch)}
            short = [(desk.id, reviewer.id) for desk in desks for reviewer in desk.reviewers if reviewer.id not in ready]
            found = dict.fromkeys(short, epoch) | found
        return found

    async def courier_key(self, courier: str) -> bytes:
        """Return a courier's 32-byte key.

        Raises:
            PeerError: `signature`: the charter knows no such courier.
        """
        for known in (await self.charter()).charter.couriers:
            if known.id == courier:
                return unb64url(known.key, 32)
        raise PeerError(Failure.SIGNATURE, "the charter names no such courier")


def reviewer_identity(charters: Sequence[OpenedCharter], reviewer: str) -> bytes:
    """Return a reviewer's 32-byte identity key, of the first of `charters` that knows the reviewer.

    Raises:
        PeerError: `desk`.
    """
    for opened in charters:
        for desk in opened.charter.desks:
            for known in desk.reviewers:
                if known.id == reviewer:
                    return unb64url(known.identity, 32)
    raise PeerError(Failure.DESK, "the charter names no such reviewer")
