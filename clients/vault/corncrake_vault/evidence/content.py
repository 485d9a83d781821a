# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file as bytes that can be asked for anywhere, without being written anywhere: only the blocks that are needed are opened.

Rules of this file: what is given out was opened and checked for its place. Four opened blocks are kept, whatever the file's length. Name and type
are the reporter's words: shown, never believed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import decode_canonical
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.report import Report
from corncrake_vault.threads.opening import FileOnShelf, Here

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_vault.vault import Vault

CACHED: Final = 4
"""Opened blocks that are kept."""
READ_MAX: Final = 8 << 20
"""Bytes that one call of `read` gives."""


class FileRef(NamedTuple):
    """Where a file of a thread stands, and what its reporter calls it.

    Attributes:
        message, place: for `open_file`.
        number: in its thread, from 1, as `save` counts.
        name, type: the reporter's words.
        live: it was sent while it was being recorded.
    """

    message: int
    place: int
    number: int
    name: str
    type: str
    live: bool


class Span(NamedTuple):
    """Bytes of a file that are here: from `start` on, `length` of them, in block `here`."""

    start: int
    length: int
    here: Here


class EvidenceFile:
    """A file to read from.

    Attributes:
        name, type: the reporter's words.
        size: bytes that can be asked for: of the whole file, or, of a recording, of what came.
        missing: bytes `[start, end)` that are not here; in a recording, whose lost blocks have no known length, `(at, at)` for each cut.
    """

    def __init__(self, spans: list[Span], size: int, missing: list[tuple[int, int]], opened: Callable[[Here], bytes]) -> None:
        """Use `spans`, in order; `opened` gives the data of a block or raises."""
        self.name = ""
        self.type = ""
        self.size = size
        self.missing = missing
        self._spans = spans
        self._starts = [span.start for span in spans]
        self._opened = opened
        self._cache: OrderedDict[int, bytes] = OrderedDict()

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes `start` ≤ i < `end`, fewer only at the end of the file.

        Raises:
            UsageError: `misuse`: the range is not one, or longer than `READ_MAX`.
            FileError: `incomplete`: a part of it is missing.
            FileError, PeerError: a block is damaged; the failure word says how.
        """
        end = min(end, self.size)
        if start < 0 or end - start > READ_MAX:
            raise UsageError(Failure.MISUSE, f"at most {READ_MAX} bytes of a file are read at once")
        pieces: list[bytes] = []
        at = start
        while at < end:
            number = bisect_right(self._starts, at) - 1
            span = self._spans[number] if number >= 0 else None
            if span is None or at >= span.start + span.length:
                raise FileError(Failure.INCOMPLETE, "a part of this file is not here yet: export, push, pull, import")
            piece = self._data(number)[at - span.start : end - span.start]
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces)

    def _data(self, number: int) -> bytes:
        if number in self._cache:
            self._cache.move_to_end(number)
            return self._cache[number]
        while len(self._cache) >= CACHED:
            self._cache.popitem(last=False)
        data = self._opened(self._spans[number].here)
        self._cache[number] = data
        return data


def files_of(vault: Vault, thread: int) -> list[FileRef]:
    """Return the files of a thread, as `show` and `save` list them."""
    found: list[FileRef] = []
    for message, body in vault.store.rows("SELECT number, body FROM messages WHERE thread = ? ORDER BY number", (thread,)):
        for place, file in enumerate(decode_canonical(bytes(body), Report).files):
            found.append(FileRef(int(message), place, len(found) + 1, file.name, file.type, bool(file.live)))
    return found


def open_file(vault: Vault, message: int, place: int) -> EvidenceFile:
    """Return a file of a report to read from.

    Raises:
        UsageError: `misuse`, when there is none.
    """
    shelf = FileOnShelf(vault.store, message, place)
    spans, missing, size = (_joined if shelf.live else _in_places)(shelf)
    file = EvidenceFile(spans, size, missing, shelf.data)
    file.name, file.type = shelf.file.name, shelf.file.type
    return file


def _in_places(shelf: FileOnShelf) -> tuple[list[Span], list[tuple[int, int]], int]:
    size = shelf.size or 0
    spans = [Span(here.place * shelf.room, here.length, here) for here in shelf.here() if here.length]
    missing = [(first * shelf.room, min(end * shelf.room, size)) for first, end in shelf.missing()]
    return spans, missing, size


def _joined(shelf: FileOnShelf) -> tuple[list[Span], list[tuple[int, int]], int]:
    """Return a recording: what came, one after the other, and where something is missing."""
    cuts = dict.fromkeys(first for first, _ in shelf.missing())
    spans: list[Span] = []
    missing: list[tuple[int, int]] = []
    size, following = 0, 0
    for here in shelf.here():
        if following in cuts and here.place != following:
            missing.append((size, size))
        if here.length:
            spans.append(Span(size, here.length, here))
        size += here.length
        following = here.place + 1
    if following in cuts:
        missing.append((size, size))
    return spans, missing, size
