# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derivatives: what was made here out of an original. Each names its parent by hash, the tool, and its version.

Rules of this file: an original has to be whole, so that its hash is known. A derivative is kept as a reporter's file is: in blocks, sealed to an
identity of its own that stands only in the encrypted database. What could not be made is remembered, so that a hostile file costs its time once.

Source: crypto/spec/block.md §3.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from corncrake_crypto.block import MAX_FILE_SIZE, Block, block_ids, data_room, write_block
from corncrake_crypto.encoding import b64url, canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.file_identity import FileIdentity
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS
from corncrake_crypto.report import File
from corncrake_crypto.seal import seal
from corncrake_vault.evidence.confined import Kind, Limits, Made, derive
from corncrake_vault.evidence.content import EvidenceFile, Span, open_file
from corncrake_vault.evidence.custody import custody_of
from corncrake_vault.threads.opening import Here, Opener

if TYPE_CHECKING:
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

LARGE: Final = 14 << 20
"""Bytes of an original from which on its cleaned copy is kept in large blocks."""
_CLEANING: Final = 600
"""Seconds of processor time for a cleaned copy."""
_COLUMNS: Final = "number, kind, page, tool, version, parent_sha256, day, body, pages, failure"


class Derivative(NamedTuple):
    """What was made out of a file.

    Attributes:
        number: its row.
        kind, page: what it is.
        tool, version: what made it.
        parent_sha256: of the original.
        day: on which it was made.
        file: keys, type, length and hash of it; None when it could not be made.
        pages: of the original, when it is a PDF.
        failure: why it could not be made.
    """

    number: int
    kind: str
    page: int
    tool: str
    version: str
    parent_sha256: str
    day: str
    file: File | None
    pages: int | None
    failure: str | None

    @property
    def type(self) -> str:
        """One of `confined.MEDIA`."""
        return self.file.type if self.file else ""

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return (self.file.sha256 if self.file else None) or ""

    @property
    def size(self) -> int:
        """Bytes."""
        return (self.file.size if self.file else None) or 0

    def open(self, vault: Vault) -> EvidenceFile:
        """Return it to read from.

        Raises:
            FileError: its failure, when it could not be made.
        """
        if self.file is None:
            raise FileError(Failure(self.failure or Failure.KIND), "nothing could be made of this file; the original is untouched")
        opener, blocks, room = Opener(self.file), self.file.blocks, data_room(self.file.class_)
        rows = vault.store.rows("SELECT id, place FROM derived_blocks WHERE derivative = ? ORDER BY place", (self.number,))
        spans = [Span(place * room, min(room, self.size - place * room), Here(block, place, 0)) for block, place in rows]

        def opened(here: Here) -> bytes:
            return opener.opened(here.place, vault.store.blocks.read(here.id), blocks).data

        made = EvidenceFile(spans, self.size, [], opened)
        made.type = self.type
        return made


def find_derivative(store: Store, message: int, place: int, kind: str, page: int = 0) -> Derivative | None:
    """Return a derivative that was made before, also one that could not be made; None when nobody tried with this version."""
    rows = store.rows(f"SELECT {_COLUMNS} FROM derivatives WHERE message = ? AND file = ? AND kind = ? AND page = ?", (message, place, kind, page))  # noqa: S608 - a constant
    found = [_derivative(row) for row in rows]
    return next((one for one in found if one.failure is None or one.version == version("corncrake-vault")), None)


def derivatives_of(store: Store, message: int, place: int) -> list[Derivative]:
    """Return all that was made out of a file."""
    rows = store.rows(f"SELECT {_COLUMNS} FROM derivatives WHERE message = ? AND file = ? AND failure IS NULL ORDER BY number", (message, place))  # noqa: S608 - a constant
    return [_derivative(row) for row in rows]


def _derivative(row: tuple[Any, ...]) -> Derivative:
    number, kind, page, tool, made_by, parent, day, body, pages, failure = row
    file = None if body is None else decode_canonical(bytes(body), File)
    return Derivative(number, kind, page, tool, made_by, parent, day, file, pages, failure)


def keep_derivative(vault: Vault, message: int, place: int, kind: Kind, page: int = 0) -> Derivative:
    """Return a derivative: the one that was made before, else a new one, kept sealed.

    Raises:
        FileError: `incomplete`: the original is not whole; `kind`, `size`, `range`: as `derive`, now or before.
        StoreError: `store`: the disk refuses; nothing was kept.
        UsageError: `misuse`, when there is no such file.
    """
    found = find_derivative(vault.store, message, place, kind, page)
    if found is None:
        found = _made(vault, message, place, kind, page)
    if found.failure is not None:
        raise FileError(Failure(found.failure), "nothing could be made of this file; the original is untouched")
    return found


def _made(vault: Vault, message: int, place: int, kind: Kind, page: int) -> Derivative:
    source = open_file(vault, message, place)
    custody = custody_of(vault.store, message, place)
    if custody is None or source.missing:
        raise FileError(Failure.INCOMPLETE, "not all of this file is here: export, push, pull, import")
    where = (message, place, kind, page)
    limits = Limits(seconds=_CLEANING, output=source.size + source.size // 8 + (64 << 20)) if kind == "cleaned" else Limits()
    try:
        with vault.store.transaction():
            shelf = _Shelf(vault.store, LARGE_BLOCK_CLASS if kind == "cleaned" and source.size > LARGE else BLOCK_CLASS)
            made = derive(source, kind, shelf.take, page=page, limits=limits)
            _note(vault, where, custody["sha256"], made, shelf.finish(made))
    except FileError as error:
        if error.failure not in {Failure.KIND, Failure.SIZE}:
            raise
        with vault.store.transaction():
            _note_failure(vault, where, custody["sha256"], error.failure)
    kept = find_derivative(vault.store, *where)
    if kept is None:
        raise AssertionError("it was noted a moment ago")
    return kept


def _note(vault: Vault, where: tuple[int, int, str, int], parent: str, made: Made, kept: tuple[File, list[str]]) -> None:
    file, blocks = kept
    likeness = None if made.likeness is None else f"{made.likeness:016x}"
    vault.store.run("DELETE FROM derivatives WHERE message = ? AND file = ? AND kind = ? AND page = ?", where)
    number = vault.store.insert(
        "INSERT INTO derivatives (message, file, kind, page, tool, version, parent_sha256, day, body, pages, likeness)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*where, made.tool, made.version, parent, vault.today.isoformat(), canonical(file), made.pages, likeness),
    )
    for place, block in enumerate(blocks):
        vault.store.run("INSERT INTO derived_blocks VALUES (?, ?, ?)", (block, number, place))


def _note_failure(vault: Vault, where: tuple[int, int, str, int], parent: str, failure: Failure) -> None:
    vault.store.run("DELETE FROM derivatives WHERE message = ? AND file = ? AND kind = ? AND page = ?", where)
    vault.store.run(
        "INSERT INTO derivatives (message, file, kind, page, tool, version, parent_sha256, day, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*where, "corncrake-vault", version("corncrake-vault"), parent, vault.today.isoformat(), failure.value),
    )


class _Shelf:
    """Seals what is made, block by block, as it comes; inside a transaction."""

    def __init__(self, store: Store, block_class: int) -> None:
        self._store = store
        self._class = block_class
        self._secret = FileIdentity.generate()
        self._ids = block_ids(self._secret.block_key)
        self._waiting = bytearray()
        self._blocks: list[str] = []

    def take(self, piece: bytes) -> None:
        """Take the next bytes; a full block is sealed once more follows."""
        self._waiting += piece
        room = data_room(self._class)
        while len(self._waiting) > room:
            self._seal(bytes(self._waiting[:room]), last=False)
            del self._waiting[:room]

    def _seal(self, data: bytes, *, last: bool) -> None:
        index = len(self._blocks)
        said = Block(v=1, file=self._secret.tag, index=index, last=last or None, of=index + 1 if last else None)
        block = next(self._ids)
        self._store.blocks.put(block, seal(write_block(said, data, self._class), [self._secret.recipient]))
        self._blocks.append(block)

    def finish(self, made: Made) -> tuple[File, list[str]]:
        """Seal the last block, and return the keys and the ids."""
        self._seal(bytes(self._waiting), last=True)
        if made.size > MAX_FILE_SIZE:
            raise FileError(Failure.SIZE, "this is larger than any file")
        file = File(
            identity=self._secret.identity.text,
            block_key=b64url(self._secret.block_key),
            class_=self._class,
            blocks=len(self._blocks),
            sha256=made.sha256,
            name="",
            type=made.type,
            size=made.size,
        )
        return file, self._blocks
