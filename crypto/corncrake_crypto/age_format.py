# SPDX-License-Identifier: Apache-2.0
"""The header of an age v1 file, and the exact shape that a sealed object has on the wire.

Rules of this file: bytes in, values out, one encoding per header. It knows where the wrapped file keys stand but cannot open
them, so that a server may load it: `check_sealed_shape` is all that a server does with a report. A header is at most
`HEADER_MAX` bytes and has at most `MAX_STANZAS` stanzas: what it makes a reader keep is bounded.

Source: crypto/spec/age_format.md; C2SP age.md.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from corncrake_crypto.encoding import b64std_nopad, unb64std_nopad
from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.padding import STANZA_LENGTH, plaintext_class_of
from corncrake_crypto.recipients import is_small_order

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION_LINE: Final = b"age-encryption.org/v1\n"
HEADER_MAX: Final = 1_048_576
MAX_STANZAS: Final = 1_024
FILE_KEY_LENGTH: Final = 16
MAC_LENGTH: Final = 32
WRAPPED_LENGTH: Final = 32
HYBRID: Final = "mlkem768x25519"
HYBRID_INFO: Final = b"age-encryption.org/mlkem768x25519"
ENCAPSULATED_LENGTH: Final = 1_120
_MLKEM_CIPHERTEXT: Final = ENCAPSULATED_LENGTH - 32

_COLUMNS: Final = 64
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_END: Final = re.compile(rb"--- ([A-Za-z0-9+/]{43})")
_READ: Final = 65_536
# The last character before the end of a value carries two or four bits that must be zero.
_HYBRID_STANZA: Final = re.compile(rb"-> mlkem768x25519 ([A-Za-z0-9+/]{1493}[AQgw])\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n")
_LAST_LINE: Final = re.compile(rb"--- [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\n")


class BinaryReader(Protocol):
    """Whatever gives bytes in order: a file, a pipe, a `BytesIO`."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Stanza:
    """One wrapped file key: a type, its arguments, and a body of raw bytes."""

    type: str
    args: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header.

    Attributes:
        stanzas: at least one.
        hybrid: for each stanza, if it is a hybrid one, the 1,120 bytes of its encapsulated key and the 32 of its wrapped
            file key, its form checked.
        mac: 32 bytes, not verified yet.
        covered: the bytes that the MAC is over: from the start to the three dashes.
    """

    stanzas: tuple[Stanza, ...]
    hybrid: tuple[bytes | None, ...]
    mac: bytes
    covered: bytes


def _refused(detail: str) -> FileError:
    return FileError(Failure.HEADER, detail)


def _base64(line: bytes, length: int | None = None) -> bytes:
    try:
        return unb64std_nopad(line.decode("ascii"), length)
    except (FileError, UnicodeDecodeError) as error:
        raise _refused("base64 in the header is not canonical or of the wrong length") from error


def _parse_stanza(lines: Sequence[bytes], at: int) -> tuple[Stanza, int]:
    """Return the stanza that begins at line `at`, and the number of the line after it."""
    first = lines[at]
    words = first[3:].split(b" ")
    if not first.startswith(b"-> ") or first.translate(None, _PRINTABLE) or not all(words):
        raise _refused("a stanza does not begin with its arguments")
    kind, *args = (word.decode("ascii") for word in words)
    body: list[bytes] = []
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if len(line) > _COLUMNS:
            raise _refused("a line of a stanza is longer than 64 columns")
        body.append(line)
        if len(line) < _COLUMNS:
            return Stanza(kind, tuple(args), _base64(b"".join(body))), number + 1
    raise _refused("a stanza has no last line shorter than 64 columns")


def _check_share(encapsulated: bytes) -> None:
    if is_small_order(encapsulated[_MLKEM_CIPHERTEXT:]):
        raise _refused("the X25519 half of a share is a point of small order")


def _hybrid_parts(stanza: Stanza) -> bytes | None:
    """Return encapsulated key and wrapped file key, None for another type; refuse a hybrid stanza of another form."""
    if stanza.type != HYBRID:
        return None
    if len(stanza.args) != 1:
        raise _refused("a hybrid stanza has one argument")
    encapsulated = _base64(stanza.args[0].encode("ascii"), ENCAPSULATED_LENGTH)
    if len(stanza.body) != WRAPPED_LENGTH:
        raise _refused("a wrapped file key has 32 bytes")
    _check_share(encapsulated)
    return encapsulated + stanza.body


def parse_header(raw: bytes) -> tuple[Header, int]:
    """Return the header that `raw` begins with, and its length in bytes.

    Args:
        raw: the start of an age file, at least up to the end of its header; what follows is not looked at.

    Raises:
        FileError: `header`.

    Source: crypto/spec/age_format.md §1; C2SP age.md.
    """
    if not raw.startswith(VERSION_LINE):
        raise _refused("this is not an age v1 file")
    dashes = raw.find(b"\n---", len(VERSION_LINE) - 1, HEADER_MAX) + 1
    end = raw.find(b"\n", dashes, HEADER_MAX)
    if not dashes or end < 0:
        raise _refused(f"the header has no end within {HEADER_MAX} bytes")
    mac = _END.fullmatch(raw, dashes, end)
    if mac is None:
        raise _refused("the last line of the header is wrong")
    lines = raw[len(VERSION_LINE) : dashes].split(b"\n")[:-1]
    stanzas: list[Stanza] = []
    at = 0
    while at < len(lines):
        stanza, at = _parse_stanza(lines, at)
        stanzas.append(stanza)
        if len(stanzas) > MAX_STANZAS:
            raise _refused(f"the header has more than {MAX_STANZAS} stanzas")
    if not stanzas:
        raise _refused("the header has no stanza")
    hybrid = tuple(map(_hybrid_parts, stanzas))
    return Header(tuple(stanzas), hybrid, _base64(mac[1], MAC_LENGTH), raw[: dashes + 3]), end + 1


def read_header(source: BinaryReader) -> tuple[Header, bytes]:
    """Return the header read from `source`, and the bytes read beyond it, which belong to the payload.

    Raises:
        FileError: `header`.

    Source: crypto/spec/age_format.md §1.
    """
    raw = bytearray()
    while True:
        piece = source.read(_READ)
        searched = max(0, len(raw) - 4)
        raw += piece
        if not VERSION_LINE.startswith(bytes(raw[: len(VERSION_LINE)])):
            raise _refused("this is not an age v1 file")
        dashes = raw.find(b"\n---", searched)
        if not piece or len(raw) > HEADER_MAX or (dashes >= 0 and raw.find(b"\n", dashes + 1) >= 0):
            break
    whole = bytes(raw)
    header, length = parse_header(whole)
    return header, whole[length:]


def _written_stanza(stanza: Stanza) -> bytes:
    text = b64std_nopad(stanza.body)
    lines = [text[i : i + _COLUMNS] for i in range(0, len(text) + 1, _COLUMNS)]
    return "\n".join([" ".join(("->", stanza.type, *stanza.args)), *lines, ""]).encode("ascii")


def encode_header(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """Return the header that holds `stanzas`, with its MAC by the 16-byte `file_key`.

    Source: crypto/spec/age_format.md §1.
    """
    covered = b"".join((VERSION_LINE, *map(_written_stanza, stanzas), b"---"))
    return covered + b" " + b64std_nopad(header_mac(covered, file_key)).encode("ascii") + b"\n"


def header_mac(covered: bytes, file_key: bytes) -> bytes:
    """Return the 32-byte MAC over the header up to its three dashes.

    Source: crypto/spec/age_format.md §2.
    """
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"header").derive(file_key)
    return hmac.digest(key, covered, "sha256")


def check_mac(header: Header, file_key: bytes) -> None:
    """Check that whoever wrote the header knew the file key.

    Raises:
        FileError: `hmac`.

    Source: crypto/spec/age_format.md §2.
    """
    if not hmac.compare_digest(header.mac, header_mac(header.covered, file_key)):
        raise FileError(Failure.HMAC, "the header was altered")


def check_sealed_header(raw: bytes, recipients: int) -> None:
    """Check that `raw` begins with the header that an object sealed to `recipients` has; nothing is opened.

    Args:
        raw: at least the first `HEADER_FRAME + STANZA_LENGTH * recipients` bytes of the object; what follows is not looked at.
        recipients: how many stanzas it must have, 1 to 16.

    Raises:
        FileError: `header`, when it is not exactly `recipients` hybrid stanzas.

    Source: crypto/spec/age_format.md §4.
    """
    if not raw.startswith(VERSION_LINE):
        raise _refused("this is not an age v1 file")
    at = len(VERSION_LINE)
    for _ in range(recipients):
        stanza = _HYBRID_STANZA.match(raw, at)
        if stanza is None:
            raise _refused(f"the header has not exactly {recipients} hybrid stanzas")
        _check_share(_base64(stanza[1], ENCAPSULATED_LENGTH))
        at += STANZA_LENGTH
    if _LAST_LINE.match(raw, at) is None:
        raise _refused(f"the header has not exactly {recipients} hybrid stanzas")


def check_sealed_shape(raw: bytes, recipients: int, classes: Sequence[int]) -> int:
    """Check that `raw` has the one shape of an object sealed to `recipients`; nothing is opened.

    Args:
        raw: the whole body of a request.
        recipients: how many stanzas it must have, 1 to 16.
        classes: plaintext lengths of which it must have one.

    Returns:
        The class: the length of the plaintext in bytes.

    Raises:
        FileError: `size`, when the length fits no class; `header`, when the header is not exactly `recipients` hybrid stanzas.

    Source: crypto/spec/age_format.md §4.
    """
    size = plaintext_class_of(len(raw), recipients, classes)
    check_sealed_header(raw, recipients)
    return size
