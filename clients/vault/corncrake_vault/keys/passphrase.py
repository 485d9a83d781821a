# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a passphrase to the key of the store.

Rules of this file: the store has a random key; a key file holds it, locked under a key that Argon2id makes of the passphrase.
The parameters stand in the key file, so that they can be raised later without losing an old store. A wrong passphrase is told
as such, and never what was wrong with it.

Source: RFC 9106 §4; argon2-cffi's profile RFC_9106_LOW_MEMORY.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from argon2.low_level import Type, hash_secret_raw
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import Failure, FileError, StoreError, UsageError
from corncrake_crypto.randomness import random_bytes
from corncrake_vault.store.folders import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE: Final = "key.json"
NEXT_KEY_FILE: Final = "key.next.json"
"""While a passphrase is changed: the key file that takes the other's place."""
KEY_FILE_MAX: Final = 4_096
STORE_KEY_LENGTH: Final = 32
SALT_LENGTH: Final = 16
MIN_PASSPHRASE: Final = 8
"""Characters. A floor against slips of the finger; the guide asks for six random words."""

# RFC 9106, second recommended option: three passes over 64 MiB, four lanes.
PASSES: Final = 3
MEMORY_KIB: Final = 65_536
LANES: Final = 4
MAX_MEMORY_KIB: Final = 4_194_304
MAX_PASSES: Final = 64


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What lies beside the store: how to stretch the passphrase, and the store's key locked under it."""

    v: int
    kdf: str
    salt: str
    passes: int
    memory_kib: int
    lanes: int
    locked: str


def _stretch(passphrase: str, salt: bytes, passes: int, memory_kib: int, lanes: int) -> bytes:
    return hash_secret_raw(
        # As its bytes came from a terminal or variable of another encoding.
        passphrase.encode(errors="surrogateescape"),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=lanes,
        hash_len=SecretBox.KEY_SIZE,
        type=Type.ID,
    )


def _not_written(error: OSError) -> StoreError:
    return StoreError(Failure.STORE, f"the key file cannot be written: {error.strerror}")


def create_key_file(folder: Path, passphrase: str, name: str = KEY_FILE) -> bytes:
    """Make a new store key, lock it under `passphrase` in a file of `folder` (0600, synced), and return it (32 bytes).

    Raises:
        UsageError: `misuse`, when the passphrase has fewer than `MIN_PASSPHRASE` characters.
        StoreError: `store`, when there is a key file already, or the disk refuses.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise UsageError(Failure.MISUSE, f"a passphrase has at least {MIN_PASSPHRASE} characters; six random words are good")
    salt, key = random_bytes(SALT_LENGTH), random_bytes(STORE_KEY_LENGTH)
    wrapping = _stretch(passphrase, salt, PASSES, MEMORY_KIB, LANES)
    locked = bytes(SecretBox(wrapping).encrypt(key, random_bytes(SecretBox.NONCE_SIZE)))
    value = KeyFile(v=1, kdf="argon2id", salt=b64url(salt), passes=PASSES, memory_kib=MEMORY_KIB, lanes=LANES, locked=b64url(locked))
    try:
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise StoreError(Failure.STORE, "there is a vault in this folder already; nothing was changed") from error
    except OSError as error:
        raise _not_written(error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(canonical(value))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)
    except OSError as error:
        # Half a key file opens nothing, and would stand where the next try is to write. This one is ours: it was not there before.
        with suppress(OSError):
            (folder / name).unlink()
        raise _not_written(error) from error
    return key


def take_place(folder: Path) -> None:
    """Put the next key file into the place of the old one.

    Raises:
        StoreError: `store`.
    """
    try:
        (folder / NEXT_KEY_FILE).replace(folder / KEY_FILE)
        sync_folder(folder)
    except OSError as error:
        raise StoreError(
            Failure.STORE, f"the key file cannot be written: {error.strerror}; the new passphrase opens the vault all the same"
        ) from error


def open_key_file(folder: Path, passphrase: str, name: str = KEY_FILE) -> bytes:
    """Return the 32-byte key of the store in `folder`.

    Raises:
        StoreError: `store`, when there is no key file, it is damaged, or the passphrase does not open it.
    """
    try:
        raw = (folder / name).read_bytes()[: KEY_FILE_MAX + 1]
        value = decode_canonical(raw, KeyFile)
        salt, locked = unb64url(value.salt, SALT_LENGTH), unb64url(value.locked)
    except FileNotFoundError as error:
        raise StoreError(Failure.STORE, "there is no vault in this folder; 'init' makes one") from error
    except (OSError, FileError) as error:
        raise StoreError(Failure.STORE, "the key file is damaged; if there is a copy of key.json, put it back") from error
    if value.kdf != "argon2id" or not (1 <= value.passes <= MAX_PASSES and value.memory_kib <= MAX_MEMORY_KIB):
        raise StoreError(Failure.STORE, "the key file asks for a stretching that this version does not do")
    wrapping = _stretch(passphrase, salt, value.passes, value.memory_kib, value.lanes)
    try:
        return SecretBox(wrapping).decrypt(locked)
    except CryptoError as error:
        raise StoreError(Failure.STORE, "this passphrase does not open the vault") from error
