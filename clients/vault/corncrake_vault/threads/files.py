# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files out of their blocks: opened one by one, appended, and verified against the hash that the reporter signed.

Rules of this file: a file appears under its name only when its SHA-256 is right; until then it is a hidden temporary file,
which is removed when anything fails. Nothing is ever overwritten. Files are 0600. What is missing is named by number. A block that
is here and is not what its reporter sealed is forgotten and asked for again. What has gaps is saved only when a person says so (`partial`),
under a name that says it, with a list of the gaps.

Source: crypto/spec/block.md; crypto/spec/report.md §5.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from corncrake_crypto.encoding import decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError, StoreError
from corncrake_crypto.report import Report
from corncrake_vault.threads.blocks import note_bad
from corncrake_vault.threads.names import safe_name
from corncrake_vault.threads.opening import FileOnShelf, Here, check_block, runs_text

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_vault.vault import Vault

NO_END: Final = "ended without a closing mark: more may have been recorded than came"
NO_HASH: Final = "the recording ends where its last block says; its reporter signed no hash of it"


@dataclass(slots=True)
class Saved:
    """What became of one file of a thread.

    Attributes:
        number: its place in the thread, from 1.
        name: the reporter's.
        path: where it lies now; None when it was not saved.
        sha256: hex, of what was saved; None when it has gaps.
        signed: the hash is the one that the reporter signed.
        note: what a person must know about it.
        gaps: bytes that are not there: `[start, end)`, filled with zeros; in a recording, whose lost blocks have no known length, `start` is
            where they are missing and `end` is the same.
        failure: the failure word when it was not saved.
        detail: what to do then.
    """

    number: int
    name: str
    path: Path | None = None
    sha256: str | None = None
    signed: bool = False
    note: str | None = None
    gaps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    failure: str | None = None
    detail: str | None = None


def save_files(vault: Vault, thread: int, folder: Path, *, partial: bool = False) -> list[Saved]:
    """Save every file of a thread into `folder`, which is made (0700) when it is not there.

    Args:
        vault: of which.
        thread: its number.
        folder: where to.
        partial: save also what is there of files that are not whole.

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
                _save_one(FileOnShelf(vault.store, int(message), place), folder, done, partial=partial)
            except (FileError, PeerError) as error:
                done.failure, done.detail = error.failure.value, error.detail
            saved.append(done)
    return saved


def _save_one(shelf: FileOnShelf, folder: Path, done: Saved, *, partial: bool) -> None:
    missing = shelf.missing()
    if missing and not partial:
        raise FileError(Failure.INCOMPLETE, _waiting(shelf, missing))
    target = folder / safe_name(done.number, done.name)
    if missing:
        target = target.with_name(f"{target.stem}-partial{target.suffix}")
    temporary = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as out:
                if missing:
                    done.gaps = _write_with_gaps(shelf, out)
                else:
                    done.sha256 = _write_whole(shelf, out)
                out.flush()
                os.fsync(out.fileno())
            done.signed = done.sha256 is not None and done.sha256 == shelf.sha256
            done.note = note_on(shelf)
            done.path = publish(temporary, target)
            if done.gaps:
                _write_list(done, done.path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{target.name} cannot be written: {error.strerror}; it was not saved") from error


def note_on(shelf: FileOnShelf) -> str | None:
    """Return what a person must know about the end of a recording; None for all that ended as it should."""
    if not shelf.live or shelf.ended == "closed":
        return None
    return NO_HASH if shelf.ended else NO_END


def _waiting(shelf: FileOnShelf, missing: list[tuple[int, int]]) -> str:
    count = sum(end - first for first, end in missing)
    known = shelf.blocks if shelf.blocks is not None else missing[-1][1]
    return f"waiting for {count} of {known} blocks ({runs_text(missing)}): export, push, pull, import; or save what is here with --partial"


def _write_whole(shelf: FileOnShelf, out: BinaryIO) -> str:
    """Write all data in order and return its hash, which is the signed one where one was signed."""
    digest = hashlib.sha256()
    size = 0
    try:
        for here in shelf.here():
            piece = shelf.data(here)
            digest.update(piece)
            out.write(piece)
            size += len(piece)
    except (FileError, PeerError) as error:
        raise _asked_again(shelf) from error
    if shelf.sha256 is not None and (digest.hexdigest(), size) != (shelf.sha256, shelf.size):
        raise FileError(Failure.BLOCK, "the file has not the hash or length that the reporter signed; it was not saved")
    if shelf.live and not size:
        raise FileError(Failure.INCOMPLETE, "nothing of this recording is here yet: export, push, pull, import")
    return digest.hexdigest()


def _write_with_gaps(shelf: FileOnShelf, out: BinaryIO) -> list[tuple[int, int]]:
    """Write what is here, and return the gaps: zeros in a file of fixed places; in a recording what is here, joined."""
    gaps: list[tuple[int, int]] = []
    at = 0
    for first, end, here in _runs(shelf):
        if here is None:
            gap = (at, at) if shelf.live else (first * shelf.room, min(end * shelf.room, shelf.size or 0))
            gaps.append(gap)
            at = gap[1]
            continue
        try:
            data = shelf.data(here)
        except (FileError, PeerError) as error:
            raise _asked_again(shelf) from error
        out.seek(at)
        out.write(data)
        at += len(data)
    if not shelf.live:
        out.truncate(shelf.size or 0)
    return gaps


def _runs(shelf: FileOnShelf) -> list[tuple[int, int, Here | None]]:
    """Return blocks that are here and runs that are not, in order."""
    found: list[tuple[int, int, Here | None]] = [(here.place, here.place + 1, here) for here in shelf.here()]
    return sorted(found + [(first, end, None) for first, end in shelf.missing()], key=lambda run: run[0])


def _write_list(done: Saved, path: Path) -> None:
    """Write beside a file which of its bytes are missing."""
    live = done.gaps[0][0] == done.gaps[0][1]
    said = (
        "Blocks of this recording are missing at these bytes; how long they were is not known. What came is joined:"
        if live
        else "These bytes of the file have not come, and are zeros in it (first, and first after):"
    )
    lines = [f"{start}" if live else f"{start} {end}" for start, end in done.gaps]
    text = "\n".join([said, *lines, ""])
    temporary = path.with_name(f".{path.name}.gaps.part")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w", encoding="ascii") as out:
        out.write(text)
    publish(temporary, path.with_name(f"{path.name}.gaps.txt"))


def publish(temporary: Path, target: Path) -> Path:
    """Give the file its name, or the next free one: the name is reserved first, so that nothing is overwritten."""
    for attempt in range(1, 1_000):
        name = target if attempt == 1 else target.with_name(f"{target.stem}-{attempt}{target.suffix}")
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        return temporary.replace(name)
    raise StoreError(Failure.STORE, f"there are a thousand files called {target.name} already")


def want_again(shelf: FileOnShelf) -> int:
    """Want anew each block of a file that is not what belongs there, and return how many these are."""
    bad: list[str] = []
    for here in shelf.here():
        try:
            check_block(shelf, here.place, shelf.store.blocks.read(here.id))
        except (FileError, PeerError):
            bad.append(here.id)
    with shelf.store.transaction():
        for block in bad:
            note_bad(shelf.store, block)
    return len(bad)


def _asked_again(shelf: FileOnShelf) -> FileError:
    count = want_again(shelf)
    return FileError(
        Failure.INCOMPLETE, f"{count} of its blocks are not what its reporter sealed; they are asked for again: export, push, pull, import"
    )
