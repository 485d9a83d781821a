# SPDX-License-Identifier: AGPL-3.0-or-later
"""Age files that others made: X25519 keys and passphrases, for reading only.

Rules of this file: nothing of Corncrake is sealed this way, and nothing else than the `age` command may load it. The work
factor of a passphrase is limited, for a file chooses it and its reader pays.

Source: C2SP age.md, "The X25519 recipient type" and "The scrypt recipient type"; RFC 7748 §6.1; RFC 7914.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from corncrake_crypto.encoding import bech32_decode, unb64std_nopad
from corncrake_crypto.errors import Failure, FileError

if TYPE_CHECKING:
    from corncrake_crypto.age_format import Header, Stanza

HRP: Final = "AGE-SECRET-KEY-"
MAX_WORK_FACTOR: Final = 20
"""Base-two logarithm; 20 takes 1 GiB of memory. The age command makes files of 18."""

_X25519_INFO: Final = b"age-encryption.org/v1/X25519"
_SCRYPT_SALT: Final = b"age-encryption.org/v1/scrypt"
_WORK_FACTOR: Final = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_KEY_LENGTH: Final = 32
_SALT_LENGTH: Final = 16
_WRAPPED_LENGTH: Final = 32


def _refused(detail: str) -> FileError:
    return FileError(Failure.HEADER, detail)


def _argument(text: str, length: int) -> bytes:
    try:
        return unb64std_nopad(text, length)
    except FileError as error:
        raise _refused("an argument of a stanza is not canonical base64 of its length") from error


def _check_form(stanza: Stanza, arguments: int) -> None:
    if len(stanza.args) != arguments or len(stanza.body) != _WRAPPED_LENGTH:
        raise _refused(f"an {stanza.type} stanza has another form")


def _opened(wrap_key: bytes, body: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(wrap_key).decrypt(bytes(12), body, None)
    except InvalidTag:
        return None


class X25519Identity:
    """An `AGE-SECRET-KEY-1…` identity."""

    __slots__ = ("_key", "_public")

    def __init__(self, text: str) -> None:
        """Take the upper-case text; raises FileError `encoding` when it is not one."""
        hrp, secret = bech32_decode(text)
        if hrp != HRP or len(secret) != _KEY_LENGTH:
            raise FileError(Failure.ENCODING, f"an X25519 identity begins with {HRP}1 and has {_KEY_LENGTH} bytes")
        self._key = X25519PrivateKey.from_private_bytes(secret)
        self._public = self._key.public_key().public_bytes_raw()

    def _unwrap(self, stanza: Stanza) -> bytes | None:
        _check_form(stanza, 1)
        share = _argument(stanza.args[0], _KEY_LENGTH)
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError as error:
            raise _refused("an X25519 share is a point of small order") from error
        key = HKDF(hashes.SHA256(), _KEY_LENGTH, salt=share + self._public, info=_X25519_INFO).derive(shared)
        return _opened(key, stanza.body)

    def file_key(self, header: Header) -> bytes | None:
        """Return the file key from the first X25519 stanza that opens, or None; raises FileError `header`."""
        for stanza in header.stanzas:
            if stanza.type == "X25519" and (file_key := self._unwrap(stanza)) is not None:
                return file_key
        return None

    def __repr__(self) -> str:
        """Return a form that hides the secret."""
        return "X25519Identity(…)"


class Passphrase:
    """A passphrase; opens a file whose only stanza is an scrypt stanza."""

    __slots__ = ("_passphrase",)

    def __init__(self, passphrase: bytes) -> None:
        """Take the passphrase in UTF-8, without a final newline."""
        self._passphrase = passphrase

    def file_key(self, header: Header) -> bytes | None:
        """Return the file key, or None when there is no scrypt stanza or it does not open; raises FileError `header`."""
        stanza = next((stanza for stanza in header.stanzas if stanza.type == "scrypt"), None)
        if stanza is None:
            return None
        if len(header.stanzas) != 1:
            raise _refused("an scrypt stanza stands alone")
        _check_form(stanza, 2)
        salt = _argument(stanza.args[0], _SALT_LENGTH)
        if _WORK_FACTOR.fullmatch(stanza.args[1]) is None or int(stanza.args[1]) > MAX_WORK_FACTOR:
            raise _refused(f"the work factor is not a number up to {MAX_WORK_FACTOR}")
        scrypt = Scrypt(salt=_SCRYPT_SALT + salt, length=_KEY_LENGTH, n=1 << int(stanza.args[1]), r=8, p=1)
        return _opened(scrypt.derive(self._passphrase), stanza.body)

    def __repr__(self) -> str:
        """Return a form that hides the passphrase."""
        return "Passphrase(…)"
