# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files out of their blocks: opened one by one, appended, and verified against the hash that the reporter signed.

Rules of this file: a file appears under its name only when its SHA-256 is right; until then it is a hidden temporary file,
which is removed when anything fails. Nothing is ever overwritten. Files are 0600. What is missing is named by number. A block that
is here and is not what its reporter sealed is forgotten and asked for again.

Source: crypto/spec/block.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from corncrake_crypto.block import Place, check_place, plan, read_block
from corncrake_crypto.encoding import decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError, StoreError
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.report import File, Report
from corncrake_crypto.unseal import unseal
from corncrake_vault.threads.blocks import note_bad
from corncrake_vault.threads.names import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault


@dataclass(slots=True)
class Saved:
    """What became of one file of a thread.

    Attributes:
        number: its place in the thread, from 1.
        name: the reporter's.
        path: where it lies now; None when it was not saved.
        sha256: hex, verified.
        failure: the failure word when it was not saved.
        detail: what to do then.
    """

    number: int
    name: str
    path: Path | None = None
    sha256: str | None = None
    failure: str | None = None
    detail: str | None = None


def save_files(vault: Vault, thread: int, folder: Path) -> list[Saved]:
    """Save every file of a thread into `folder`, which is made (0700) when it is not there.

    Raises:
        StoreError: `store`: the folder cannot be made or the disk is full; files that were saved before stay.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the folder cannot be made: {error.strerror}") from error
    saved: list[Saved] = []
    for message, body in vault.store.rows("SELECT number, body FROM messages WHERE thread = ? ORDER BY number", (thread,)):
        for place, file in enumerate(decode_canonical(bytes(body), Report).files):
            done = Saved(len(saved) + 1, file.name)
            try:
                done.path = _save_one(vault.store, int(message), place, file, folder / safe_name(done.number, file.name))
                done.sha256 = file.sha256
            except (FileError, PeerError) as error:
                done.failure, done.detail = error.failure.value, error.detail
            saved.append(done)
    return saved


def _save_one(store: Store, message: int, place: int, file: File, target: Path) -> Path:
    temporary = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            digest = hashlib.sha256()
            with os.fdopen(descriptor, "wb") as out:
                for piece in _pieces(store, message, place, file):
                    digest.update(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            if digest.hexdigest() != file.sha256:
                raise FileError(Failure.BLOCK, "the file has not the hash that the reporter signed; it was not saved")
            return _publish(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{target.name} cannot be written: {error.strerror}; it was not saved") from error


def _publish(temporary: Path, target: Path) -> Path:
    """Give the file its name, or the next free one: the name is reserved first, so that nothing is overwritten."""
    for attempt in range(1, 1_000):
        name = target if attempt == 1 else target.with_name(f"{target.stem}-{attempt}{target.suffix}")
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        return temporary.replace(name)
    raise StoreError(Failure.STORE, f"there are a thousand files called {target.name} already")


def _opened(file: File, identity: Identity, index: int, sealed: bytes) -> bytes:
    opened = read_block(unseal(sealed, [identity]))
    check_place(opened, Place(file_tag(identity.recipient), index, file.blocks, file.class_, live=bool(file.live)))
    return opened.data


def check_block(file: File, index: int, sealed: bytes) -> None:
    """Check that a sealed block is the one that belongs at `index` of a file.

    Raises:
        FileError, PeerError: it is not; the failure word says why.
    """
    _opened(file, Identity.from_text(file.identity), index, sealed)


def _pieces(store: Store, message: int, place: int, file: File) -> Iterator[bytes]:
    """Yield the data of a file block by block, each opened and in its place."""
    if file.size is None or file.sha256 is None:
        raise FileError(Failure.INCOMPLETE, "its recording was never closed; its length is not known")
    identity = Identity.from_text(file.identity)
    wanted = plan(file.size).data_blocks
    missing = [
        row[0] + 1
        for row in store.rows(
            "SELECT place FROM blocks WHERE message = ? AND file = ? AND place < ? AND sealed IS NULL ORDER BY place",
            (message, place, wanted),
        )
    ]
    if missing:
        shown = ", ".join(map(str, missing[:8])) + (" …" if len(missing) > 8 else "")  # noqa: PLR2004 - a line's worth
        raise FileError(Failure.INCOMPLETE, f"waiting for {len(missing)} of {wanted} blocks ({shown}): export, push, pull, import")
    count = 0
    for index, sealed in store.each(
        "SELECT place, sealed FROM blocks WHERE message = ? AND file = ? AND place < ? ORDER BY place", (message, place, wanted)
    ):
        try:
            data = _opened(file, identity, int(index), bytes(sealed))
        except (FileError, PeerError) as error:
            bad = _forget_bad(store, message, place, file)
            raise FileError(
                Failure.INCOMPLETE, f"{bad} of its blocks are not what its reporter sealed; they are asked for again: export, push, pull, import"
            ) from error
        count += 1
        yield data
    if count != wanted:
        raise FileError(Failure.INCOMPLETE, "this version cannot fetch blocks of this file's class")


def _forget_bad(store: Store, message: int, place: int, file: File) -> int:
    """Want anew each stored block of a file that is not what belongs there, and return how many these are."""
    bad: list[str] = []
    for block, index, sealed in store.each(
        "SELECT id, place, sealed FROM blocks WHERE message = ? AND file = ? AND sealed IS NOT NULL ORDER BY place", (message, place)
    ):
        try:
            check_block(file, int(index), bytes(sealed))
        except (FileError, PeerError):
            bad.append(str(block))
    with store.transaction():
        for block in bad:
            note_bad(store, block)
    return len(bad)
