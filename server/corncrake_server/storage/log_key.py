# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys of the server's logs and, beside each, the last head it signed: two files of mode 0600 for a log, outside the database and its backups.

Rules of this file: the head is noted, and on the disk, before its signature exists. So a database that was restored from a
backup can be told from the one that the key has signed for. Which log is in force the charter says; a key is found by the number of its log.
"""

from __future__ import annotations

import re
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import log_name
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.fields import Bytes32, Hash, LogOrigin, Natural, Wire
from corncrake_crypto.signatures import SigningKey
from corncrake_server.storage.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_crypto.charter import Log
    from corncrake_server.ports.log import LogKey

_NAME: Final = re.compile(r"log(?:-([1-9][0-9]{0,3}))?\.(key|head)")
_PROBE: Final = "log.probe."
_NONE: Final = "there is no log key here: run `corncrake-server init`, or, if there was one, begin the next log, as docs/backup.md says"
_LIMIT: Final = 4_096


class _StoredKey(Wire, frozen=True, kw_only=True):
    origin: LogOrigin
    seed: Bytes32

    def __repr__(self) -> str:
        return f"_StoredKey({self.origin!r})"


class _StoredHead(Wire, frozen=True, kw_only=True):
    size: Natural
    root: Hash


def _file(number: int, kind: str) -> str:
    """Return the name of a log's file: `log.key`, `log.head` for the first one, `log-2.key` … for later ones."""
    return f"log.{kind}" if number == 1 else f"log-{number}.{kind}"


def log_numbers(folder: Path, kind: str = "key") -> list[int]:
    """Return the numbers of the logs whose keys, or with `head` whose notes, lie in a folder, in order.

    Raises:
        StoreError: `store`: it cannot be looked into.
    """
    try:
        names = [_NAME.fullmatch(path.name) for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(Failure.STORE, f"the log key cannot be read: {error.strerror}") from error
    return sorted(int(name[1] or 1) for name in names if name is not None and name[2] == kind)


def has_signed(folder: Path, number: int) -> bool:
    """Say whether the log of this number has a note of a head; its key is not read, and where there is no note it has signed nothing here."""
    try:
        return decode_canonical((folder / _file(number, "head")).read_bytes()[:_LIMIT], _StoredHead).size > 0
    except (OSError, CorncrakeError):
        return False


class LogKeyFiles:
    """`ports.log.LogKey` in a folder."""

    def __init__(self, folder: Path, number: int = 1) -> None:
        """Read the key of the log of this number.

        Raises:
            StoreError: `store`: there is no key, it can be read by others, or it is damaged.
        """
        path = folder / _file(number, "key")
        self._head = folder / _file(number, "head")
        try:
            is_open = bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
            stored = decode_canonical(path.read_bytes()[:_LIMIT], _StoredKey)
        except FileNotFoundError as error:
            raise StoreError(Failure.STORE, _NONE) from error
        except OSError as error:
            raise StoreError(Failure.STORE, f"the log key cannot be read: {error.strerror}") from error
        except CorncrakeError as error:
            said = f"{path.name} is damaged: bring back your copy of it, or move it away and begin the next log, as docs/backup.md says"
            raise StoreError(Failure.STORE, said) from error
        if is_open:
            raise StoreError(Failure.STORE, "the log key must be readable by its owner only (mode 0600)")
        self.origin: Final = stored.origin
        self.key: Final = SigningKey.from_seed(unb64url(stored.seed, 32))

    @staticmethod
    def create(folder: Path, origin: str) -> None:
        """Make a key for the log of this origin line.

        Raises:
            StoreError: `store`: there is one already, or was one that has signed.
        """
        number = log_name(origin).number
        if (folder / _file(number, "key")).exists():
            raise StoreError(Failure.STORE, "there is a log key here already, and it was not changed: `corncrake-server check` shows it")
        if has_signed(folder, number):
            # Its note must outlive it: the key may come back.
            said = "a log key that was here has signed: bring back your copy of it, or begin the next log, as docs/backup.md says"
            raise StoreError(Failure.STORE, said)
        seed = b64url(SigningKey.generate().seed)
        # The note first: a key without one signs nothing.
        write_private(folder / _file(number, "head"), canonical(_StoredHead(size=0, root="0" * 64)))
        write_private(folder / _file(number, "key"), canonical(_StoredKey(origin=origin, seed=seed)))

    def noted_head(self) -> tuple[int, bytes]:
        """Return size and root of the last head noted; size 0 before the first.

        Raises:
            StoreError: `store`: the note is missing or damaged, so that nobody can tell what was signed.
        """
        try:
            stored = decode_canonical(self._head.read_bytes()[:_LIMIT], _StoredHead)
        except (OSError, CorncrakeError) as error:
            raise StoreError(Failure.STORE, "the note of the last signed head, beside the log key, cannot be read") from error
        return stored.size, bytes.fromhex(stored.root)

    def note_head(self, size: int, root: bytes) -> None:
        """Note a head that is about to be signed; on the disk when this returns.

        Raises:
            StoreError: `store`: it could not be noted.
        """
        write_private(self._head, canonical(_StoredHead(size=size, root=root.hex())))


class LogKeyFolder:
    """`ports.log.LogKeys`: the keys of all logs that this server ever had or is to have."""

    def __init__(self, folder: Path) -> None:
        """Look whether there are any.

        Raises:
            StoreError: `store`: there is none.
        """
        self._folder = folder
        self._read: dict[int, LogKeyFiles] = {}
        # None is read yet: a former one may be damaged, and nobody needs it.
        if not self.numbers():
            raise StoreError(Failure.STORE, _NONE)

    def check_writable(self) -> None:
        """Check that a head could be noted here, by writing another file: whoever asks may not be the one who signs.

        Raises:
            StoreError: `store`.
        """
        probe = self._folder / f"{_PROBE}{secrets.token_hex(8)}"
        try:
            write_private(probe, b"")
        except StoreError as error:
            raise StoreError(Failure.STORE, f"nothing can be published, since the log key's folder cannot be written to: {error.detail}") from error
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """Return the numbers of the logs whose keys are here, in order."""
        return log_numbers(self._folder)

    def numbered(self, number: int) -> LogKeyFiles:
        """Return the key of the log of a number.

        Raises:
            StoreError: as `LogKeyFiles`.
        """
        if number not in self._read:
            self._read[number] = LogKeyFiles(self._folder, number)
        return self._read[number]

    def first(self) -> LogKeyFiles:
        """Return the key of the oldest log that is here: the only one there is before the first charter.

        Raises:
            StoreError: as `LogKeyFiles`.
        """
        return self.numbered(next(iter(self.numbers()), 1))

    def has(self, log: Log) -> bool:
        """Say whether the key of the log that a charter names is here.

        Raises:
            StoreError: as `LogKeyFiles`.
        """
        try:
            number = log_name(log.origin).number
        except CorncrakeError:
            return False
        if number not in self.numbers():
            return False
        found = self.numbered(number)
        return (found.origin, b64url(found.key.public)) == (log.origin, log.key)

    def of(self, log: Log) -> LogKeyFiles:
        """Return the key of the log that a charter names.

        Raises:
            StoreError: `store`: it is not here, or as `LogKeyFiles`.
        """
        known = self._read.get(log_name(log.origin).number)
        if known is not None and (known.origin, b64url(known.key.public)) == (log.origin, log.key):
            return known
        if not self.has(log):
            raise StoreError(
                Failure.STORE, f"the key of {log.origin}, which the charter names, is not on this host: bring it here, with its .head file"
            )
        return self.numbered(log_name(log.origin).number)

    def signed_after(self, log: LogKey) -> int | None:
        """Return the number of a log after this one that has signed a head, None when none here has."""
        # By the notes: a key may have been lost, or moved away.
        there = log_numbers(self._folder, "head")
        return next((number for number in there if number > log_name(log.origin).number and has_signed(self._folder, number)), None)
