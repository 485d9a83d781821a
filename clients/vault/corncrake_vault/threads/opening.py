# SPDX-License-Identifier: AGPL-3.0-or-later
"""One file's sealed blocks, opened one at a time, each checked for its place.

Rules of this file: a block's bytes are given out only when its seal, its archive and its place are right. One opened block is in memory.

Source: crypto/spec/block.md §3 and §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.block import OpenedBlock, Place, check_place, data_room, read_block
from corncrake_crypto.encoding import decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.report import File, Report
from corncrake_crypto.unseal import unseal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corncrake_vault.store.database import Store


class Here(NamedTuple):
    """A block that is here: its id, its place, how many bytes of the file it holds."""

    id: str
    place: int
    length: int


class Opener:
    """Opens the blocks of one file, whoever sealed them.

    Attributes:
        file: its keys.
    """

    def __init__(self, file: File) -> None:
        """Use the keys of `file`; its identity is expanded when it is first needed."""
        self.file = file
        self._identity: Identity | None = None
        self._tag = ""

    def opened(self, index: int, sealed: bytes, blocks: int | None) -> OpenedBlock:
        """Open a sealed block that belongs at `index` of a file with so many blocks, None when that is not known.

        Raises:
            FileError, PeerError: it does not belong there, or is damaged; the failure word says how.
        """
        if self._identity is None:
            self._identity = Identity.from_text(self.file.identity)
            self._tag = file_tag(self._identity.recipient)
        plaintext = unseal(sealed, [self._identity])
        if len(plaintext) != self.file.class_:
            raise PeerError(Failure.BLOCK, "this block is of another class than its file")
        found = read_block(plaintext)
        check_place(found, Place(self._tag, index, blocks, self.file.class_, live=bool(self.file.live)))
        return found


class FileOnShelf:
    """One file of a message, as far as its blocks are here.

    Attributes:
        file: as the report says.
        message, place: where it stands.
        blocks: how many hold data; None for a recording without an end.
        size, sha256: as the report or the message that closed the recording says; None when neither does.
        live: it was sent while it was being recorded.
        ended: how the end of a recording is known: `closed`, `last`, or None.
        checked: what its hash was: `right`, `unsigned` or `other`; None before all of it had come.
    """

    def __init__(self, store: Store, message: int, place: int) -> None:
        """Look the file up.

        Raises:
            UsageError: `misuse`, when there is no such file.
        """
        row = store.row(
            "SELECT m.body, f.blocks, f.size, f.sha256, f.ended, f.checked FROM files f JOIN messages m ON m.number = f.message"
            " WHERE f.message = ? AND f.file = ?",
            (message, place),
        )
        if row is None:
            raise UsageError(Failure.MISUSE, "there is no such file")
        self.store = store
        self.message, self.place = message, place
        self.file: File = decode_canonical(bytes(row[0]), Report).files[place]
        self.blocks: int | None = row[1]
        self.size: int | None = row[2]
        self.sha256: str | None = row[3]
        self.ended: str | None = row[4]
        self.checked: str | None = row[5]
        self.live = bool(self.file.live)
        self._opener = Opener(self.file)

    @property
    def room(self) -> int:
        """Bytes of the file that a full block holds."""
        return data_room(self.file.class_)

    def opened(self, index: int, sealed: bytes) -> OpenedBlock:
        """Open a sealed block that belongs at `index`.

        Raises:
            FileError, PeerError: it does not belong there, or is damaged; the failure word says how.
        """
        return self._opener.opened(index, sealed, self.blocks)

    def data(self, here: Here) -> bytes:
        """Return the data of a block that is here.

        Raises:
            FileError, PeerError: it is not what its reporter sealed, or its file is gone.
        """
        data = self.opened(here.place, self.store.blocks.read(here.id)).data
        if len(data) != here.length:
            raise FileError(Failure.BLOCK, "this block is another than the one that was imported")
        return data

    def here(self) -> Iterator[Here]:
        """Yield the blocks with data that are here, in order."""
        rows = self.store.each(
            "SELECT id, place, length FROM blocks WHERE message = ? AND file = ? AND state = 'here' AND mark <> 'fill' ORDER BY place",
            (self.message, self.place),
        )
        for block, place, length in rows:
            yield Here(str(block), int(place), int(length))

    def missing(self) -> list[tuple[int, int]]:
        """Return the runs of blocks that are not here, `[first, after the last)`; of a recording without an end up to the last that came."""
        runs: list[tuple[int, int]] = []
        next_place = 0
        for here in self.here():
            if here.place > next_place:
                runs.append((next_place, here.place))
            next_place = here.place + 1
        if self.blocks is not None and next_place < self.blocks:
            runs.append((next_place, self.blocks))
        return runs


def number_in_thread(store: Store, message: int, place: int) -> tuple[int, int]:
    """Return the thread of a file, and its number there, from 1: the one name of a file in every command. It never changes.

    Raises:
        UsageError: `misuse`, when there is no such file.
    """
    row = store.row(
        "SELECT m.thread, (SELECT count(*) FROM files f JOIN messages o ON o.number = f.message WHERE o.thread = m.thread"
        " AND (f.message, f.file) <= (?, ?)) FROM messages m JOIN files g ON g.message = m.number WHERE m.number = ? AND g.file = ?",
        (message, place, message, place),
    )
    if row is None:
        raise UsageError(Failure.MISUSE, "there is no such file")
    return int(row[0]), int(row[1])


def file_text(store: Store, message: int, place: int) -> str:
    """Return how a file is called in a sentence: `file 3 of thread 1`."""
    thread, number = number_in_thread(store, message, place)
    return f"file {number} of thread {thread}"


def runs_text(runs: list[tuple[int, int]], most: int = 8) -> str:
    """Return runs of blocks as people count them: `3, 7-9`; the first `most` of them."""
    shown = ", ".join(str(first + 1) if end == first + 1 else f"{first + 1}-{end}" for first, end in runs[:most])
    return shown + (" …" if len(runs) > most else "")


def check_block(shelf: FileOnShelf, index: int, sealed: bytes) -> tuple[int, str, int | None]:
    """Check that a sealed block is the one that belongs at `index` of a file; return how many bytes of it it holds, its mark, and its `of`.

    Raises:
        FileError, PeerError: it is not; the failure word says why.
    """
    block, data = shelf.opened(index, sealed)
    if block.fill:
        return 0, "fill", None
    return len(data), "last" if block.last else "", index + 1 if block.last else None
