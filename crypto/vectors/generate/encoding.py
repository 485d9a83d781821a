# SPDX-License-Identifier: Apache-2.0
"""Cases of encoding.md, written by hand and by the standard library."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator

Case = tuple[str, dict[str, Any]]

ROOT = bytes(range(32))
ROOT_TEXT = base64.b32encode(ROOT).decode().rstrip("=").lower()


def text_cases() -> Iterator[Case]:
    """Texts that stand for bytes."""
    good = {
        "b64url_empty": ("b64url", "", b""),
        "b64url_one_byte": ("b64url", "_w", b"\xff"),
        "b64url_both_signs": ("b64url", "-_-_", b"\xfb\xff\xbf"),
        "b64url_32_bytes": ("b64url", base64.urlsafe_b64encode(ROOT).decode().rstrip("="), ROOT),
        "hex_lower": ("hex", "00ff10", b"\x00\xff\x10"),
        "base64_nopad": ("base64_nopad", "/+8", b"\xff\xef"),
        "base64_padded": ("base64_padded", "/+8=", b"\xff\xef"),
        "root": ("root", ROOT_TEXT, ROOT),
    }
    for name, (form, text, data) in good.items():
        yield (
            name,
            {"what": f"{form} text", "do": "decode", "failure": None, "form": form, "text": text, "length": len(data), "expected_hex": data.hex()},
        )
    bad = {
        "b64url_padded": ("b64url", "_w==", 1, "padding is not written"),
        "b64url_standard_alphabet": ("b64url", "+/+/", 3, "the signs are - and _"),
        "b64url_bits_left": ("b64url", "_x", 1, "bits beyond the value are zero"),
        "b64url_one_character": ("b64url", "A", 0, "one character is no value"),
        "b64url_space": ("b64url", "_w ", 1, "no space"),
        "b64url_newline": ("b64url", "AAAA\n", 3, "no newline"),
        "b64url_other_length": ("b64url", "AAAA", 2, "another length than asked for"),
        "b64url_not_ascii": ("b64url", "\u0410\u0410\u0410\u0410", 3, "letters that only look right"),
        "hex_upper": ("hex", "FF", 1, "hex is lower case"),
        "hex_odd": ("hex", "fff", 1, "hex has two characters a byte"),
        "hex_prefix": ("hex", "0xff", 2, "no prefix"),
        "base64_nopad_padded": ("base64_nopad", "/+8=", 2, "padding is not written"),
        "base64_nopad_bits_left": ("base64_nopad", "/+9", 2, "bits beyond the value are zero"),
        "base64_nopad_url_alphabet": ("base64_nopad", "_-8", 2, "the signs are + and /"),
        "base64_padded_missing": ("base64_padded", "/+8", 2, "padding is written"),
        "base64_padded_bits_left": ("base64_padded", "/+9=", 2, "bits beyond the value are zero"),
        "base64_padded_twice": ("base64_padded", "/+8=/+8=", 4, "padding stands at the end only"),
        "root_upper": ("root", ROOT_TEXT.upper(), 32, "a root is lower case"),
        "root_short": ("root", ROOT_TEXT[:-1], 32, "a root has 52 characters"),
        "root_bits_left": ("root", ROOT_TEXT[:-1] + "b", 32, "bits beyond the value are zero"),
        "root_foreign_digit": ("root", "1" + ROOT_TEXT[1:], 32, "base32 has no 0, 1, 8, 9"),
    }
    for name, (form, text, length, what) in bad.items():
        yield name, {"what": what, "do": "decode", "failure": "encoding", "form": form, "text": text, "length": length}


def bech32_cases() -> Iterator[Case]:
    """Bech32; the texts are from BIP 173 and C2SP age.md."""
    secret = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    public = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    yield (
        "bech32_upper",
        {
            "what": "the secret key of C2SP age.md, upper case",
            "do": "bech32_decode",
            "failure": None,
            "text": secret,
            "expected_hrp": "AGE-SECRET-KEY-",
            "expected_hex": "42" * 32,
        },
    )
    yield "bech32_empty", {"what": "no data", "do": "bech32_decode", "failure": None, "text": "a12uel5l", "expected_hrp": "a", "expected_hex": ""}
    bad = {
        "bech32_mixed_case": (secret[:20] + secret[20:].lower(), "one case throughout"),
        "bech32_wrong_checksum": (public[:-1] + "q", "the checksum is wrong"),
        "bech32_m": ("a1lqfn3a", "a Bech32m checksum is not a Bech32 checksum"),
        "bech32_no_separator": ("pzry9x0s0muk", "there is no separator"),
        "bech32_no_hrp": ("1pzry9x0s0muk", "there is nothing before the separator"),
        "bech32_short_checksum": ("li1dgmt3", "the checksum has six characters"),
        "bech32_foreign_character": (public[:30] + "b" + public[31:], "b is not in the alphabet"),
    }
    for name, (text, what) in bad.items():
        yield name, {"what": what, "do": "bech32_decode", "failure": "encoding", "text": text}


def day_cases() -> Iterator[Case]:
    """Days."""
    yield "day", {"what": "a leap day", "do": "parse_day", "failure": None, "text": "2028-02-29", "expected": {"year": 2028, "month": 2, "day": 29}}
    bad = {
        "day_not_there": ("2026-02-29", "there is no such day"),
        "day_compact": ("20260105", "the lines are written"),
        "day_week": ("2026-W02-1", "days are not counted by week"),
        "day_short": ("2026-1-5", "zeros are written"),
        "day_with_time": ("2026-01-05T00:00", "no time"),
        "day_foreign_digits": ("\u0662\u0660\u0662\u0666-01-05", "digits are ASCII"),
        "day_year_zero": ("0000-01-01", "years begin with 1"),
    }
    for name, (text, what) in bad.items():
        yield name, {"what": what, "do": "parse_day", "failure": "encoding", "text": text}


def json_cases() -> Iterator[Case]:
    """Canonical JSON of any shape; `raw` is what was read."""
    good = {
        "json_empty_object": ("{}", "nothing"),
        "json_sorted": ('{"a":1,"a_":2,"b":[true,false,"x"],"b1":{"c":""}}', "keys in order, nested values"),
        "json_largest_integer": ('{"n":9007199254740991}', "2^53 - 1"),
        "json_escapes": ('{"s":"\\"\\\\\\n/"}', "quote, backslash and newline are escaped, the slash is not"),
        "json_unicode": ('{"s":"\u00f1 \U0001f426 \u2028"}', "everything else stands for itself in UTF-8"),
        "json_depth_16": ('{"a":' * 16 + "0" + "}" * 16, "sixteen levels"),
    }
    for name, (raw, what) in good.items():
        yield name, {"what": what, "do": "decode_canonical", "failure": None, "raw_text": raw}
    other = {
        "json_space": ('{"a": 1}', "a space"),
        "json_final_newline": ("{}\n", "a newline at the end"),
        "json_unsorted": ('{"b":1,"a":2}', "keys out of order"),
        "json_duplicate_key": ('{"a":1,"a":1}', "a key twice"),
        "json_float_spelling": ('{"n":1.0}', "an integer written as a fraction"),
        "json_exponent": ('{"n":1e1}', "an integer written with an exponent"),
        "json_minus_zero": ('{"n":-0}', "minus zero"),
        "json_escaped_letter": ('{"s":"\\u0041"}', "a letter that needs no escape"),
        "json_escaped_slash": ('{"s":"\\/"}', "a slash that needs no escape"),
        "json_newline_by_number": ('{"s":"\\u000a"}', "the newline in its long escape"),
        "json_upper_pair": ('{"s":"\\ud83d\\udc26"}', "an emoji as two escapes"),
    }
    for name, (raw, what) in other.items():
        yield name, {"what": what, "do": "decode_canonical", "failure": "not-canonical", "raw_text": raw}
    wrong = {
        "json_null": ('{"a":null}', "null"),
        "json_float": ('{"n":1.5}', "a fraction"),
        "json_negative": ('{"n":-1}', "a negative integer"),
        "json_too_large": ('{"n":9007199254740992}', "2^53"),
        "json_huge": ('{"n":1e400}', "beyond every number type"),
        "json_key_upper": ('{"A":1}', "a key in upper case"),
        "json_key_empty": ('{"":1}', "an empty key"),
        "json_key_long": ('{"' + "a" * 33 + '":1}', "a key of 33 characters"),
        "json_key_newline": ('{"a\\n":1}', "a key that ends in a newline"),
        "json_tab": ('{"s":"\\t"}', "a tab"),
        "json_raw_newline": ('{"s":"\n"}', "a newline that is not escaped"),
        "json_nul": ('{"s":"\\u0000"}', "a NUL"),
        "json_delete": ('{"s":"\x7f"}', "the control character U+007F"),
        "json_c1": ('{"s":"\x85"}', "the control character U+0085"),
        "json_lone_surrogate": ('{"s":"\\ud83d"}', "half an emoji"),
        "json_depth_17": ('{"a":' * 17 + "0" + "}" * 17, "seventeen levels"),
        "json_cut": ('{"a":1', "cut"),
        "json_nothing": ("", "nothing"),
        "json_two_values": ("{}{}", "two values"),
        "json_byte_order_mark": ("\ufeff{}", "a byte order mark"),
        "json_trailing_comma": ('{"a":1,}', "a comma too much"),
        "json_nan": ('{"n":NaN}', "NaN"),
        "json_single_quotes": ("{'a':1}", "other quotes"),
    }
    for name, (raw, what) in wrong.items():
        yield name, {"what": what, "do": "decode_canonical", "failure": "json", "raw_text": raw}
    yield "json_not_utf8", {"what": "a byte that is not UTF-8", "do": "decode_canonical", "failure": "json", "raw_base64": b64(b'{"s":"\xff"}')}
    yield (
        "json_utf8_surrogate",
        {"what": "a surrogate in UTF-8", "do": "decode_canonical", "failure": "json", "raw_base64": b64(b'{"s":"\xed\xa0\xbd"}')},
    )


def repair_cases() -> Iterator[Case]:
    """What a person typed; surrogates can only be written as numbers."""
    repaired = {
        "repair_nothing": ("a\u00f1\U0001f426\n", "a\u00f1\U0001f426\n", "nothing to repair"),
        "repair_line_ends": ("a\r\nb\nc\rd", "a\nb\ncd", "CR LF becomes a newline, a CR alone is dropped"),
        "repair_controls": ("a\tb\x00c\x7fd\x85e\x1b", "abcde", "control characters are dropped"),
    }
    for name, (text, expected, what) in repaired.items():
        yield name, {"what": what, "do": "repair_text", "failure": None, "units": units(text), "expected_text": expected}
    yield (
        "repair_half_emoji",
        {
            "what": "a cut emoji becomes U+FFFD, a whole one stays",
            "do": "repair_text",
            "failure": None,
            "units": [0xD83D, 0x61, 0xDC26, 0xD83D, 0xDC26],
            "expected_text": "\ufffda\ufffd\U0001f426",
        },
    )


def units(text: str) -> list[int]:
    """Return the UTF-16 code units of a text."""
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for group in (text_cases, bech32_cases, day_cases, json_cases, repair_cases):
        yield from group()
