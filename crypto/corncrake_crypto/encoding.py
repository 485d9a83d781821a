# SPDX-License-Identifier: Apache-2.0
"""How values become text and bytes: base64, hex, base32, Bech32, days, canonical JSON.

Rules of this file: one encoding per value. Every decoder accepts exactly what its encoder makes and refuses all else, with
`FileError`: `encoding` for text forms, `json` and `not-canonical` for JSON. Lengths are bounded by the caller, who knows what
is being read.

Source: crypto/spec/encoding.md; RFC 4648; RFC 8785; BIP 173.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import date
from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from corncrake_crypto.errors import Failure, FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ROOT_LENGTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 16
_LARGE: Final = 65_536

_KEY: Final = re.compile(r"[a-z0-9_]{1,32}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]*")
# Unicode category Cc without the newline; surrogates never stand in a sequence of scalar values.
_FORBIDDEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def _encoding(detail: str) -> FileError:
    return FileError(Failure.ENCODING, detail)


# -- base64, hex, base32 ---------------------------------------------------------------------------------------------------


def _decoded(text: str, encode: Callable[[bytes], str], decode: Callable[[str], bytes], length: int | None) -> bytes:
    """Decode, then encode again and compare: that is what makes every form canonical, whatever the library lets pass."""
    try:
        data = decode(text)
    except (ValueError, binascii.Error) as error:
        raise _encoding("text is outside its alphabet or cut") from error
    if encode(data) != text:
        raise _encoding("text is not the one encoding of its value")
    if length is not None and len(data) != length:
        raise _encoding(f"{length} bytes expected, {len(data)} found")
    return data


def b64url(data: bytes) -> str:
    """Return `data` as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str, length: int | None = None) -> bytes:
    """Return the bytes of unpadded, canonical base64url; exactly `length` of them when it is given.

    Raises:
        FileError: `encoding`.

    Source: crypto/spec/encoding.md §1.
    """
    return _decoded(text, b64url, lambda t: base64.urlsafe_b64decode(t + "=" * (-len(t) % 4)), length)


def b64std_nopad(data: bytes) -> str:
    """Return `data` as standard base64 without padding, as age headers have it."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")


def unb64std_nopad(text: str, length: int | None = None) -> bytes:
    """Return the bytes of unpadded, canonical standard base64.

    Raises:
        FileError: `encoding`.

    Source: crypto/spec/encoding.md §1; C2SP age.md.
    """
    try:
        data = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError as error:
        raise _encoding("text is outside its alphabet or cut") from error
    # Every age header is read here: only the last group can have a second spelling, so only that one is written again.
    tail = len(data) % 3
    if len(text) != (len(data) * 4 + 2) // 3 or (tail and b64std_nopad(data[-tail:]) != text[-tail - 1 :]):
        raise _encoding("text is not the one encoding of its value")
    if length is not None and len(data) != length:
        raise _encoding(f"{length} bytes expected, {len(data)} found")
    return data


def b64std(data: bytes) -> str:
    """Return `data` as standard base64 with padding, as signed notes have it."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def unb64std(text: str, length: int | None = None) -> bytes:
    """Return the bytes of padded, canonical standard base64.

    Raises:
        FileError: `encoding`.

    Source: crypto/spec/encoding.md §1; C2SP signed-note.md.
    """
    return _decoded(text, b64std, binascii.a2b_base64, length)


def unhex(text: str, length: int) -> bytes:
    """Return the `length` bytes of lower-case hex; its inverse is `bytes.hex`.

    Raises:
        FileError: `encoding`.

    Source: crypto/spec/encoding.md §1.
    """
    if len(text) != 2 * length or _HEX.fullmatch(text) is None:
        raise _encoding(f"{2 * length} lower-case hexadecimal characters expected")
    return bytes.fromhex(text)


def root_text(root: bytes) -> str:
    """Return the 32 bytes of a root as 52 characters of lower-case base32 without padding, as links have it."""
    if len(root) != ROOT_LENGTH:
        raise UsageError(Failure.MISUSE, f"a root has {ROOT_LENGTH} bytes")
    return base64.b32encode(root).rstrip(b"=").decode("ascii").lower()


def parse_root(text: str) -> bytes:
    """Return the 32 bytes of a root from its 52 characters.

    Raises:
        FileError: `encoding`.

    Source: crypto/spec/encoding.md §1.
    """
    if len(text) != 52 or not text.isascii() or text != text.lower():  # noqa: PLR2004 - the length of 32 bytes in base32
        raise _encoding("a root has 52 lower-case characters")
    return _decoded(text, root_text, lambda t: base64.b32decode(t.upper() + "===="), ROOT_LENGTH)


# -- Bech32 ----------------------------------------------------------------------------------------------------------------

_BASE32: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BECH32: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_TO_BECH32: Final = bytes.maketrans(_BASE32, _BECH32)
_FROM_BECH32: Final = bytes.maketrans(_BECH32, _BASE32)
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH: Final = 6
_BECH32_FORM: Final = re.compile(r"([!-~]+)1([qpzry9x8gf2tvdw0s3jn54khce6mua7l]{6,})")


def _fold_table() -> tuple[int, ...]:
    """For each value of the top five bits of the state, what is folded back: one look-up instead of five conditions."""
    table: list[int] = []
    for top in range(32):
        folded = 0
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                folded ^= generator
        table.append(folded)
    return tuple(table)


_FOLD: Final = _fold_table()
_VALUE: Final = {character: value for value, character in enumerate(_BECH32)}


def _polymod(hrp: str, tail: bytes) -> int:
    """Return the checksum state after the lower-case human-readable part and the characters of `tail`."""
    name = hrp.encode("ascii")
    state = 1
    for value in (*(c >> 5 for c in name), 0, *(c & 31 for c in name), *(_VALUE[c] for c in tail)):
        state = (state & 0x1FFFFFF) << 5 ^ value ^ _FOLD[state >> 25]
    return state


def bech32_encode(hrp: str, data: bytes) -> str:
    """Return `data` as Bech32 with the human-readable part `hrp`, all of it in the case of `hrp`, of any length.

    Source: crypto/spec/encoding.md §2; BIP 173; C2SP age.md.
    """
    tail = base64.b32encode(data).rstrip(b"=").translate(_TO_BECH32)
    state = _polymod(hrp.lower(), tail + b"q" * _CHECKSUM_LENGTH) ^ 1
    checksum = bytes(_BECH32[state >> 5 * (5 - i) & 31] for i in range(_CHECKSUM_LENGTH))
    text = f"{hrp.lower()}1{(tail + checksum).decode('ascii')}"
    return text.upper() if hrp.isupper() else text


def bech32_decode(text: str) -> tuple[str, bytes]:
    """Return the human-readable part, in the case it had, and the bytes of a Bech32 text of any length.

    Raises:
        FileError: `encoding`: mixed case, foreign characters, wrong checksum, or bits left over that are not zero.

    Source: crypto/spec/encoding.md §2; BIP 173; C2SP age.md.
    """
    lower = text.lower()
    if text not in (lower, text.upper()) or not text.isascii():
        raise _encoding("Bech32 is all upper case or all lower case")
    match = _BECH32_FORM.fullmatch(lower)
    if match is None:
        raise _encoding("this is not Bech32")
    hrp, tail = match[1], match[2].encode("ascii")
    if _polymod(hrp, tail) != 1:
        raise _encoding("the Bech32 checksum is wrong")
    symbols = tail[:-_CHECKSUM_LENGTH].translate(_FROM_BECH32)
    padded = symbols + b"=" * (-len(symbols) % 8)
    try:
        data = base64.b32decode(padded)
    except binascii.Error as error:
        raise _encoding("the Bech32 data are cut") from error
    if base64.b32encode(data) != padded:
        raise _encoding("the last Bech32 bits are not zero")
    return text[: len(hrp)], data


# -- days and strings ------------------------------------------------------------------------------------------------------


def day_text(day: date) -> str:
    """Return a day as `YYYY-MM-DD`."""
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"


def parse_day(text: str) -> date:
    """Return the day of a `YYYY-MM-DD` text.

    Raises:
        FileError: `encoding`.

    Source: crypto/spec/encoding.md §3.
    """
    if _DAY.fullmatch(text) is None:
        raise _encoding("a day is YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _encoding("there is no such day") from error


def repair_text(text: str) -> str:
    """Return what a person typed as a string that canonical JSON allows.

    CR LF becomes a newline, other control characters are dropped, and each lone surrogate becomes U+FFFD: an emoji that some
    device cut in two must never cost a report.

    Source: crypto/spec/encoding.md §4.
    """
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text.replace("\r\n", "\n")))


# -- canonical JSON --------------------------------------------------------------------------------------------------------


def _json(detail: str) -> FileError:
    return FileError(Failure.JSON, detail)


def _checked_string(value: str) -> str:
    if _FORBIDDEN.search(value) is not None:
        raise _json("a string holds a control character or a lone surrogate")
    return value


def _checked(value: object, depth: int) -> object:
    """Return `value` as what canonical JSON may hold, or raise: the rules of this profile, one case each."""
    if isinstance(value, str):
        return _checked_string(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        # 1.0 and 1e0 are the number 1 in another spelling: not a wrong value, but not the one encoding either.
        value = int(value)
    if isinstance(value, int):
        if not 0 <= value <= MAX_INTEGER:
            raise _json("an integer is outside 0 to 2^53 - 1")
        return value
    if isinstance(value, (dict, list, tuple)) and depth > MAX_DEPTH:
        raise _json(f"values are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return _checked_object(cast("dict[object, object]", value), depth)
    if isinstance(value, (list, tuple)):
        return [_checked(item, depth + 1) for item in cast("list[object]", value)]
    raise _json("a value is neither string, integer, boolean, array nor object")


def _checked_object(value: dict[object, object], depth: int) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, item in value.items():
        if not isinstance(key, str) or _KEY.fullmatch(key) is None:
            raise _json("a key is not one to 32 of a-z, 0-9 and _")
        result[key] = _checked(item, depth + 1)
    return result


def _written(value: object) -> bytes:
    # Keys are ASCII, so that Python's order of code points is RFC 8785's order of UTF-16 units; strings hold no control
    # character but the newline, so that json's escapes are RFC 8785's.
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def _without_none(value: object) -> object:
    """Leave out the fields of structs that are absent, whichever way the struct says so."""
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in cast("dict[object, object]", value).items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in cast("list[object]", value)]
    return value


def canonical(value: object) -> bytes:
    """Return the one JSON encoding of `value`: RFC 8785, restricted.

    Args:
        value: a msgspec Struct, whose absent optional fields (`None` or `UNSET`) are left out, or plain JSON values.

    Raises:
        FileError: `json`: floats, null, integers outside 0 to 2^53 - 1, keys outside `[a-z0-9_]{1,32}`, control characters
            but the newline, lone surrogates, more than 16 levels.

    Source: crypto/spec/encoding.md §4; RFC 8785.
    """
    if isinstance(value, msgspec.Struct):
        value = _without_none(msgspec.to_builtins(value))
    return _written(_checked(value, 1))


def decode_canonical(raw: bytes, kind: type[T]) -> T:
    """Return the value of `raw`, which must be its one encoding.

    Args:
        raw: UTF-8 JSON; the caller has bounded its length.
        kind: what it must be: a Struct with `forbid_unknown_fields=True`, or `dict`, `list`.

    Raises:
        FileError: `json`, when it is not JSON, holds what this profile excludes, or has not the shape of `kind`;
            `not-canonical`, when it is, but written otherwise.

    Source: crypto/spec/encoding.md §4; RFC 8785.
    """
    try:
        text = str(raw, "utf-8", "strict")
        if len(raw) > _LARGE:
            # An object of some bytes costs a hundred in memory. Of a large text the shape is read first, and what is not of it ends
            # the reading where it stands.
            msgspec.json.decode(text, type=kind)
        plain = _checked(msgspec.json.decode(text), 1)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise _json("this is not JSON") from error
    if _written(plain) != raw:
        raise FileError(Failure.NOT_CANONICAL, "this JSON is not the one encoding of its value")
    try:
        value = msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise _json("this JSON has not the shape of its kind") from error
    if isinstance(value, msgspec.Struct) and canonical(value) != raw:
        raise FileError(Failure.NOT_CANONICAL, "a field that may be absent is written with its default")
    return value
