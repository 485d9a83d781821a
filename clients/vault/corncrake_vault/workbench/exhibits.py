# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files of one thread as the viewer shows them: what is known of each, and its bytes from anywhere.

Rules of this file: what is not here reads as zeros, so that a player or a painter goes on behind the gap; how much is not here is always said
beside it. Nothing is believed of a file but what this vault has found itself.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import FileError, PeerError
from corncrake_vault.evidence.content import EvidenceFile, FileRef, files_of, open_file
from corncrake_vault.evidence.custody import OTHER, RIGHT, UNSIGNED
from corncrake_vault.threads.opening import FileOnShelf, runs_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corncrake_vault.vault import Vault

OPEN_MAX: Final = 2
"""Files that are kept open, each with a few opened blocks."""
_FOUND: Final = {
    RIGHT: "whole and verified: it is what its reporter signed",
    OTHER: "all of it came, but it is not what its reporter signed: its hash is another",
    UNSIGNED: "whole, to its last block; nobody signed its hash",
}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file.

    Attributes:
        number: its place in the thread, from 1, as `save` numbers it.
        name, type: what its reporter calls it. Untrusted.
        size: bytes that can be read, gaps of a known length among them.
        state: whether it is whole, in words.
        good: it is whole, and what its reporter signed.
        cleaning, removed: what was done about what it says of its reporter, as the reporter's program says. Untrusted.
    """

    number: int
    name: str
    type: str
    size: int
    state: str
    good: bool
    cleaning: str | None
    removed: tuple[str, ...]


class Exhibits:
    """The files of a thread."""

    def __init__(self, vault: Vault, thread: int) -> None:
        """Look at nothing yet."""
        self.thread = thread
        self._vault = vault
        self._open: OrderedDict[int, EvidenceFile] = OrderedDict()

    def all(self) -> list[Exhibit]:
        """Return what is known of each file now."""
        return [self._describe(ref) for ref in files_of(self._vault, self.thread)]

    def one(self, number: int) -> Exhibit | None:
        """Return what is known of file `number` now, or None when there is none."""
        ref = self._ref(number)
        return None if ref is None else self._describe(ref)

    def read(self, number: int, start: int, end: int) -> bytes:
        """Return bytes of file `number`, which there is; zeros where it is not here or damaged."""
        file = self._opened(number)
        pieces: list[bytes] = []
        for first, last, here in _parts(file.missing, start, min(end, file.size)):
            try:
                pieces.append(file.read(first, last) if here else bytes(last - first))
            except (FileError, PeerError):
                pieces.append(bytes(last - first))
        return b"".join(pieces)

    def _ref(self, number: int) -> FileRef | None:
        return next((ref for ref in files_of(self._vault, self.thread) if ref.number == number), None)

    def _opened(self, number: int) -> EvidenceFile:
        file = self._open.pop(number, None)
        if file is None:
            ref = self._ref(number)
            if ref is None:
                raise IndexError(number)
            file = open_file(self._vault, ref.message, ref.place)
        self._open[number] = file
        if len(self._open) > OPEN_MAX:
            self._open.popitem(last=False)
        return file

    def _describe(self, ref: FileRef) -> Exhibit:
        shelf = FileOnShelf(self._vault.store, ref.message, ref.place)
        now, kept = open_file(self._vault, ref.message, ref.place), self._open.get(ref.number)
        if kept is not None and (kept.size, kept.missing) != (now.size, now.missing):
            del self._open[ref.number]  # more of it has come since
        removed = shelf.file.removed or ()
        return Exhibit(ref.number, ref.name, ref.type, now.size, _state(shelf), shelf.checked == RIGHT, shelf.file.cleaning, removed)


def _state(shelf: FileOnShelf) -> str:
    """Say whether a file is whole."""
    if shelf.checked is not None:
        return _FOUND[shelf.checked]
    said: list[str] = []
    if shelf.live and shelf.ended is None:
        said.append("ended without a closing mark: there may have been more")
    if runs := shelf.missing():
        count = sum(end - first for first, end in runs)
        said.append(f"1 part is missing: {runs_text(runs)}" if count == 1 else f"{count} parts are missing: {runs_text(runs)}")
    return "; ".join(said) or "all parts are here, and were not verified yet: the next import does it"


def _parts(missing: list[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the stretches of `[start, end)` in order, and of each whether it is here."""
    at = start
    for first, last in missing:
        if last <= at or first >= end:
            continue
        if first > at:
            yield at, first, True
        yield max(at, first), min(last, end), False
        at = min(last, end)
    if at < end:
        yield at, end, True
