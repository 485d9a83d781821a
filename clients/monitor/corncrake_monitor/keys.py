# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness's key: it cosigns heads, and signs nothing else.

Rules of this file: the key file is 0600 and never overwritten. Its seed is not printed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import Failure, FileError, StoreError, UsageError
from corncrake_crypto.fields import Bytes32, LogOrigin, Wire
from corncrake_crypto.note import NoteKey
from corncrake_crypto.signatures import SigningKey
from corncrake_monitor.files import write_new

if TYPE_CHECKING:
    from pathlib import Path

_KEY_FILE_MAX: Final = 1_024
_NAME: Final = re.compile(r"[!-*,-~]{1,255}")


class _KeyFile(Wire, frozen=True, kw_only=True):
    name: LogOrigin
    seed: Bytes32

    def __repr__(self) -> str:
        return f"_KeyFile({self.name!r})"


class WitnessKey(NamedTuple):
    """A witness: its name and its key."""

    name: str
    key: SigningKey

    @property
    def public(self) -> NoteKey:
        """Name and public key, as charters name them."""
        return NoteKey(self.name, self.key.public)


def make_key(path: Path, name: str) -> WitnessKey:
    """Make a key and write it to `path` (0600).

    Raises:
        UsageError: `misuse`, when the name has not its form.
        StoreError: `store`, when the file is there already or cannot be written.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(Failure.MISUSE, "a witness's name is printable ASCII without spaces and plus, such as watch.example.org/one")
    key = SigningKey.generate()
    write_new(path, canonical(_KeyFile(name=name, seed=b64url(key.seed))))
    return WitnessKey(name, key)


def read_key(path: Path) -> WitnessKey:
    """Return the key in a file that `make_key` wrote.

    Raises:
        StoreError: `store`, when it cannot be read, can be read by others, or is damaged.
    """
    try:
        with path.open("rb") as file:
            if path.stat().st_mode & 0o077:
                raise StoreError(Failure.STORE, f"{path.name} must be readable by its owner only: chmod 600")
            value = decode_canonical(file.read(_KEY_FILE_MAX), _KeyFile)
        return WitnessKey(value.name, SigningKey.from_seed(unb64url(value.seed, 32)))
    except (OSError, FileError) as error:
        raise StoreError(Failure.STORE, f"{path.name} is no witness's key; 'keygen' makes one") from error
