# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-vault age`: keygen, encrypt and decrypt as the age command does, on standard input and output.

Rules of this file: it is the break-glass tool, so it needs no vault, no passphrase and no charter. The exit status is 0 or 1;
on 1, standard error has one line that begins with the failure class. What `decrypt` writes before it fails was verified chunk
by chunk, but is not the whole file.

Source: crypto/spec/age_format.md; C2SP age.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NoReturn

from corncrake_crypto.armor import ArmorReader, ArmorWriter
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, StoreError, UsageError
from corncrake_crypto.identities import HRP, Identity
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.seal import seal_stream
from corncrake_crypto.unseal import unseal_stream
from corncrake_vault.age.legacy import Passphrase, X25519Identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.age_format import BinaryReader
    from corncrake_crypto.unseal import Unwrapper

IDENTITY_FILE_MAX: Final = 1_048_576
_PEEK: Final = 4_096


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one of our errors, so that the exit status stays 0 or 1."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint."""
        raise UsageError(Failure.MISUSE, f"{message}; see corncrake-vault age --help")


def _arguments() -> argparse.ArgumentParser:
    parser = _Parser(prog="corncrake-vault age", description="Seal and open age files on standard input and output.")
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)
    verbs.add_parser("keygen", help="write a new identity to standard output, its recipient in a comment")
    encrypt = verbs.add_parser("encrypt", help="seal standard input to recipients")
    encrypt.add_argument("-r", "--recipient", action="append", required=True, help="an age1pq1… recipient; up to 16 times")
    encrypt.add_argument("-a", "--armor", action="store_true", help="write text instead of bytes")
    decrypt = verbs.add_parser("decrypt", help="open standard input")
    decrypt.add_argument("-i", "--identity", action="append", default=[], help="a file of identities, one a line")
    decrypt.add_argument("--passphrase-file", action="append", default=[], help="a file whose first line is a passphrase")
    return parser


def _read_small(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(IDENTITY_FILE_MAX + 1)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path}: {error.strerror}") from error
    if len(raw) > IDENTITY_FILE_MAX:
        raise UsageError(Failure.SIZE, f"{path}: more than {IDENTITY_FILE_MAX} bytes are no file of identities")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(Failure.ENCODING, f"{path}: this is not text") from error


def read_identities(path: str) -> list[Unwrapper]:
    """Return the identities of a file: one a line, blank lines and lines that begin with # passed over.

    Raises:
        FileError: `encoding`.   UsageError: `misuse`, when there is none.   StoreError: `store`, when it cannot be read.
    """
    lines = [line.strip() for line in _read_small(path).splitlines()]
    found: list[Unwrapper] = [
        Identity.from_text(line) if line.startswith(HRP) else X25519Identity(line) for line in lines if line and not line.startswith("#")
    ]
    if not found:
        raise UsageError(Failure.MISUSE, f"{path}: there is no identity in this file")
    return found


class _Peeked:
    """A source whose first bytes were looked at already."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.ahead = b""
        while len(self.ahead) < _PEEK and (piece := source.read(_PEEK - len(self.ahead))):
            self.ahead += piece

    def read(self, size: int, /) -> bytes:
        if self.ahead:
            piece, self.ahead = self.ahead[:size], self.ahead[size:]
            return piece
        return self._source.read(size)


def _binary(stdin: IO[bytes]) -> BinaryReader:
    """Return a reader of the binary file, whether `stdin` is that or armored."""
    peeked = _Peeked(stdin)
    looks_armored = not peeked.ahead.startswith(b"age-encryption.org/") and b"-----" in peeked.ahead
    return ArmorReader(peeked) if looks_armored else peeked


def _keygen(stdout: IO[bytes]) -> None:
    identity = Identity.generate()
    stdout.write(f"# recipient: {identity.recipient}\n{identity.text}\n".encode("ascii"))


def _encrypt(recipients: Sequence[str], stdin: IO[bytes], stdout: IO[bytes], *, armored: bool) -> None:
    parsed = [Recipient.from_text(text) for text in recipients]
    if not armored:
        seal_stream(stdin, stdout, parsed)
        return
    armor = ArmorWriter(stdout)
    seal_stream(stdin, armor, parsed)
    armor.close()


def _decrypt(identities: Sequence[Unwrapper], stdin: IO[bytes], stdout: IO[bytes]) -> None:
    for chunk in unseal_stream(_binary(stdin), identities, strict=False):
        stdout.write(chunk)


def run(argv: Sequence[str], stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes]) -> int:
    """Do what `argv` says, the words after `corncrake-vault age`.

    Args:
        argv: `keygen`, `encrypt -r RECIPIENT… [--armor]` or `decrypt -i FILE…`.
        stdin: bytes to seal or open.
        stdout: where the result goes.
        stderr: where the one line of a failure goes, UTF-8.

    Returns:
        The exit status, 0 or 1.
    """
    try:
        try:
            words = _arguments().parse_args(argv)
        except SystemExit:  # only --help gets here: complaints are raised
            return 0
        if words.verb == "keygen":
            _keygen(stdout)
        elif words.verb == "encrypt":
            _encrypt(words.recipient, stdin, stdout, armored=words.armor)
        else:
            identities = [identity for path in words.identity for identity in read_identities(path)]
            passphrases = [Passphrase(_read_small(path).split("\n")[0].encode()) for path in words.passphrase_file]
            if not identities and not passphrases:
                raise UsageError(Failure.MISUSE, "decrypt takes -i FILE")
            _decrypt([*identities, *passphrases], stdin, stdout)
        stdout.flush()
    except CorncrakeError as error:
        stderr.write(f"{error}\n".encode())
        return 1
    except OSError as error:
        stderr.write(f"{Failure.STORE}: {error.strerror}\n".encode())
        return 1
    return 0
