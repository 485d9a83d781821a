# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log key and, beside it, the last head it signed: two files of mode 0600, outside the database and outside its backups.

Rules of this file: the head is noted, and on the disk, before its signature exists. So a database that was restored from a
backup can be told from the one that the key has signed for.
"""

from __future__ import annotations

import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.fields import Bytes32, Hash, LogOrigin, Natural, Wire
from corncrake_crypto.signatures import SigningKey
from corncrake_server.storage.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE: Final = "log.key"
HEAD_FILE: Final = "log.head"
_PROBE: Final = "log.probe."
_LIMIT: Final = 4_096


class _StoredKey(Wire, frozen=True, kw_only=True):
    origin: LogOrigin
    seed: Bytes32

    def __repr__(self) -> str:
        return f"_StoredKey({self.origin!r})"


class _StoredHead(Wire, frozen=True, kw_only=True):
    size: Natural
    root: Hash


class LogKeyFiles:
    """`ports.LogKey` in a folder."""

    def __init__(self, folder: Path) -> None:
        """Read the key.

        Raises:
            StoreError: `store`: there is no key, it can be read by others, or it is damaged.
        """
        path = folder / KEY_FILE
        self._head = folder / HEAD_FILE
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise StoreError(Failure.STORE, "the log key must be readable by its owner only (mode 0600)")
            stored = decode_canonical(path.read_bytes()[:_LIMIT], _StoredKey)
        except FileNotFoundError as error:
            raise StoreError(Failure.STORE, "there is no log key here: run `corncrake-server init`") from error
        except OSError as error:
            raise StoreError(Failure.STORE, f"the log key cannot be read: {error.strerror}") from error
        self.origin: Final = stored.origin
        self.key: Final = SigningKey.from_seed(unb64url(stored.seed, 32))

    @staticmethod
    def create(folder: Path, origin: str) -> None:
        """Make a key for the log of this origin line.

        Raises:
            StoreError: `store`: there is one already.
        """
        if (folder / KEY_FILE).exists():
            raise StoreError(Failure.STORE, "there is a log key here already")
        seed = b64url(SigningKey.generate().seed)
        write_private(folder / KEY_FILE, canonical(_StoredKey(origin=origin, seed=seed)))
        write_private(folder / HEAD_FILE, canonical(_StoredHead(size=0, root="0" * 64)))

    def check_writable(self) -> None:
        """Check that a head could be noted here, by writing another file: whoever asks may not be the one who signs.

        Raises:
            StoreError: `store`.
        """
        probe = self._head.with_name(f"{_PROBE}{secrets.token_hex(8)}")
        try:
            write_private(probe, b"")
        except StoreError as error:
            raise StoreError(Failure.STORE, f"nothing can be published, since the log key's folder cannot be written to: {error.detail}") from error
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)

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
