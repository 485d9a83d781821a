# SPDX-License-Identifier: AGPL-3.0-or-later
"""Witnesses are asked to cosign the newest head: after each publication, and again until they have.

Rules of this file: nothing waits for a witness, and nothing fails by one: a head is signed, stored and served before anybody is asked. Each is asked
by itself, bounded in time; what goes wrong is said on standard error, once for each head, and tried again. Only a cosignature that
verifies by the charter's key is kept.

Source: C2SP tlog-witness.md; crypto/spec/cosignature.md §4.
"""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from corncrake_crypto.cosignature import add_cosignatures, witness_keys, write_asked
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, StoreError, UsageError
from corncrake_crypto.tiles import consistency_proof
from corncrake_server.refusals import NotHere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corncrake_crypto.note import NoteKey
    from corncrake_server.clock import Clock
    from corncrake_server.ports.log import Log, StoredHead, WitnessCalls
    from corncrake_server.services.organisation import Organisation
    from corncrake_server.services.publication import Publication

LOOK_SECONDS: Final = 5.0
"""Until the newest head is looked at again: another process, or an operator's command, may have signed it."""
AGAIN_SECONDS: Final = 300.0
"""Until a witness that has not cosigned a head is asked for the same one again."""
_DONE: Final = 200
_OTHER_SIZE: Final = 409
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,15})\n")
_NAMED: Final = re.compile(r"([!-*,-<>-~]{1,255})=((?:https?://|unix:/)[!-~]{1,1000})")


def read_witnesses(text: str) -> Mapping[str, str]:
    """Return addresses of witnesses by their names, from the setting `NAME=ADDRESS,NAME=ADDRESS`.

    Raises:
        UsageError: `misuse`.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _NAMED.fullmatch(part)
        if match is None or match[1] in found:
            raise UsageError(Failure.MISUSE, "witnesses are NAME=ADDRESS, with commas between; an address is https://… or unix:/path")
        found[match[1]] = match[2].rstrip("/")
    return found


class Cosigning:
    """Asks the witnesses that are named in the settings and in the charter."""

    def __init__(  # noqa: PLR0913 - the parts, each another
        self, log: Log, organisation: Organisation, publication: Publication, calls: WitnessCalls, *, addresses: Mapping[str, str], clock: Clock
    ) -> None:
        """Keep the parts."""
        self._log = log
        self._organisation = organisation
        self._publication = publication
        self._calls = calls
        self._addresses = addresses
        self._clock = clock
        self._known: dict[str, int] = {}
        self._asked: dict[tuple[str, int], float] = {}

    async def run(self) -> None:
        """Ask whoever is missing, for ever: when a head was signed, and now and then."""
        while True:
            self._publication.signed.clear()
            try:
                await self.step()
            except CorncrakeError as error:
                sys.stderr.write(f"witnesses were not asked: {error}\n")
            except Exception as error:  # noqa: BLE001 - the next head must be asked for, whatever nobody foresaw in this one
                sys.stderr.write(f"witnesses were not asked: unforeseen {type(error).__name__}\n")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._publication.signed.wait(), LOOK_SECONDS)

    async def step(self) -> None:
        """Ask, all at once, those witnesses that have not cosigned the newest head.

        Raises:
            StoreError: `store`: the database does not answer.
        """
        head = await self._log.head()
        if head is None:
            return
        try:
            named = witness_keys((await self._organisation.charter()).charter.witnesses)
        except NotHere:
            return
        have = await self._log.cosignatures(head.size)
        missing = [one for one in named if one.name in self._addresses and one.name not in have and self._is_time(one.name, head.size)]
        await asyncio.gather(*(self._ask_one(head, witness) for witness in missing))

    def _is_time(self, witness: str, size: int) -> bool:
        """Say whether a witness was not asked for this head a moment ago."""
        return self._clock.monotonic() >= self._asked.get((witness, size), 0.0)

    async def _ask_one(self, head: StoredHead, witness: NoteKey) -> None:
        try:
            line = await self._cosignature(head, witness)
            await self._log.keep_cosignature(head, witness.name, line)
        except CorncrakeError as error:
            place = (witness.name, head.size)
            if place not in self._asked:
                sys.stderr.write(f"witness {witness.name} has not cosigned the head of {head.size} leaves, and is asked again: {error}\n")
            self._asked = {key: at for key, at in self._asked.items() if key[1] == head.size} | {place: self._clock.monotonic() + AGAIN_SECONDS}

    async def _cosignature(self, head: StoredHead, witness: NoteKey) -> bytes:
        """Return the verified signature line of one witness.

        Raises:
            PeerError: it refuses, or what it answers is no cosignature of its own.   FileError: nor signature lines.   StoreError.
        """
        # What was known of a former log may be larger; a witness then says itself what it has of this one.
        note, old = head.note or b"", min(self._known.get(witness.name, 0), head.size)
        status, body = await self._calls.ask(self._addresses[witness.name], await self._request(head, old))
        if status == _OTHER_SIZE and (told := _SIZE.fullmatch(body)) is not None:
            old = int(told[1])
            if old > head.size:
                raise PeerError(Failure.SHRUNKEN, f"it has cosigned a log of {old} leaves: was this server restored from an old copy?")
            status, body = await self._calls.ask(self._addresses[witness.name], await self._request(head, old))
        if status != _DONE:
            raise PeerError(Failure.WITHHELD, f"it answered {status}")
        line = add_cosignatures(note, body, witness)[len(note) :]
        self._known[witness.name] = head.size
        return line

    async def _request(self, head: StoredHead, old: int) -> bytes:
        """Return the body that asks for a head, with the proof from the tree of `old` leaves."""
        tiles: dict[str, bytes] = {}
        while True:
            try:
                path = consistency_proof(old, head.size, tiles.__getitem__)
            except KeyError as lacking:
                # The proof says by itself which tiles it needs: a few, however long the log is.
                name = str(lacking.args[0])
                tile = await self._log.tile(name)
                if tile is None:
                    raise StoreError(Failure.STORE, f"the database lacks {name}") from lacking
                tiles[name] = tile
            else:
                return write_asked(old, path, head.note or b"")
