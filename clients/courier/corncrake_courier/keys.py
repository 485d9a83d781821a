# SPDX-License-Identifier: AGPL-3.0-or-later
"""The courier's key: it signs requests, and opens nothing.

Rules of this file: the key file is 0600 and never overwritten. It is no secret of a report; whoever has it can fetch ciphertext.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import Failure, FileError, StoreError, UsageError
from corncrake_crypto.signatures import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE_MAX: Final = 1_024
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    seed: str


class CourierKey(NamedTuple):
    """A courier: its id in the charter, and its key."""

    id: str
    key: SigningKey


def _not_written(path: Path, error: OSError) -> StoreError:
    return StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}; nothing was overwritten")


def make_key(path: Path, courier: str) -> CourierKey:
    """Make a key and write it to `path` (0600).

    Raises:
        UsageError: `misuse`, when the id has not its form.
        StoreError: `store`, when the file is there already or cannot be written.
    """
    if _ID.fullmatch(courier) is None:
        raise UsageError(Failure.MISUSE, "a courier's id is a-z, 0-9 and dashes, a letter first, at most 32")
    key = SigningKey.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(canonical(_KeyFile(id=courier, seed=b64url(key.seed))))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # Half a key would stand where the next try is to write. This file is ours: it was not there before.
        with suppress(OSError):
            path.unlink()
        raise _not_written(path, error) from error
    return CourierKey(courier, key)


def read_key(path: Path) -> CourierKey:
    """Return the key in a file that `make_key` wrote.

    Raises:
        StoreError: `store`, when it cannot be read or is damaged.
    """
    try:
        with path.open("rb") as file:
            value = decode_canonical(file.read(KEY_FILE_MAX), _KeyFile)
        return CourierKey(value.id, SigningKey.from_seed(unb64url(value.seed, 32)))
    except (OSError, FileError) as error:
        raise StoreError(Failure.STORE, f"{path.name} is no courier's key; 'keygen' makes one") from error
