# SPDX-License-Identifier: Apache-2.0
"""Cases of age_format.md: headers written by hand. Nothing is opened, so the bytes in them mean nothing.

The public age suite has more of the same kind; these are the ones in which the shape of a sealed object matters.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION, SHARE, BODY, MAC = b"age-encryption.org/v1\n", bytes(range(1, 225)) * 5, bytes(range(32)), bytes(range(32, 64))


def raw64(data: bytes) -> bytes:
    """Return base64 without padding."""
    return base64.b64encode(data).rstrip(b"=")


def stanza(share: bytes = SHARE, body: bytes = BODY, kind: bytes = b"mlkem768x25519", more: bytes = b"") -> bytes:
    """Return a stanza with a short body."""
    return b"-> " + kind + b" " + raw64(share) + more + b"\n" + raw64(body) + b"\n"


P = 2**255 - 19
SMALL_ORDER = [number.to_bytes(32, "little") for number in (0, 1, P - 1, P, P + 1)] + [
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]
"""The list of RFC 7748's implementers, in the bytes that it is known by."""

END = b"--- " + raw64(MAC) + b"\n"
PAYLOAD = bytes(16) + b"\xaa" * (512 + 16)
GOOD = VERSION + stanza() * 2 + END + PAYLOAD
GREASE = b"-> x-grease a b\n" + raw64(bytes(48)) + b"\n\n"


def header_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Headers alone."""
    hybrid = {"type": "mlkem768x25519", "args": [raw64(SHARE).decode()], "body_base64": b64(BODY)}
    grease = {"type": "x-grease", "args": ["a", "b"], "body_base64": b64(bytes(48))}
    for name, what, raw, stanzas in (
        ("header", "two hybrid stanzas, then a payload", GOOD, [hybrid, hybrid]),
        ("header_grease", "a body of exactly 64 columns ends in an empty line", VERSION + GREASE + END, [grease]),
    ):
        yield (
            name,
            {
                "what": what,
                "do": "parse_header",
                "failure": None,
                "file_base64": b64(raw),
                "expected": {"stanzas": stanzas, "mac_hex": MAC.hex(), "length": raw.index(END) + len(END)},
            },
        )
    bad = {
        "empty": (b"", "nothing"),
        "version": (GOOD.replace(b"v1", b"v2", 1), "another version"),
        "crlf": (GOOD.replace(b"v1\n", b"v1\r\n", 1), "another end of line"),
        "no_stanza": (VERSION + END, "no stanza"),
        "no_mac": (VERSION + stanza(), "no MAC"),
        "mac_not_canonical": (VERSION + stanza() + END[:-2] + b"9\n", "bits of the MAC beyond its value"),
        "mac_space": (VERSION + stanza() + END[:-1] + b" \n", "a space after the MAC"),
        "armored": (b"-----BEGIN AGE ENCRYPTED FILE-----\n" + base64.b64encode(GOOD), "armor never crosses the wire"),
        "two_spaces": (VERSION + stanza().replace(b"-> ", b"->  ") + END, "two spaces"),
        "two_arguments": (VERSION + stanza(more=b" x") + END, "a hybrid stanza with two arguments"),
        "no_argument": (VERSION + b"-> mlkem768x25519\n" + raw64(BODY) + b"\n" + END, "a hybrid stanza without its share"),
        "share_1119": (VERSION + stanza(share=SHARE[1:]) + END, "a share of 1,119 bytes"),
        "share_not_canonical": (VERSION + stanza().replace(raw64(SHARE), raw64(SHARE)[:-1] + b"B") + END, "a second spelling"),
        "share_padded": (VERSION + stanza().replace(raw64(SHARE), raw64(SHARE) + b"==") + END, "padding"),
        "body_31": (VERSION + stanza(body=BODY[1:]) + END, "a body of 31 bytes"),
        "body_48": (VERSION + stanza(body=bytes(48)) + b"\n" + END, "a body of 48 bytes"),
    }
    for at, point in enumerate(SMALL_ORDER):
        bad[f"small_order_{at}"] = (VERSION + stanza(share=SHARE[:1088] + point) + END, "the X25519 half of the share is of small order")
    top = SMALL_ORDER[5][:31] + bytes([SMALL_ORDER[5][31] | 0x80])
    bad["small_order_top_bit"] = (VERSION + stanza(share=SHARE[:1088] + top) + END, "a point of small order, with the top bit, which does not count")
    for name, (raw, what) in bad.items():
        yield f"header_{name}", {"what": what, "do": "parse_header", "failure": "header", "file_base64": b64(raw)}


def shape_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Whole objects, as a server looks at them."""
    asked = {"recipients": 2, "classes": [512]}
    yield (
        "shape",
        {
            "what": "two recipients, a class of 512 bytes",
            "do": "check_sealed_shape",
            "failure": None,
            "file_base64": b64(GOOD),
            **asked,
            "expected": 512,
        },
    )
    yield "shape_longer", {"what": "one byte more", "do": "check_sealed_shape", "failure": "size", "file_base64": b64(GOOD + b"x"), **asked}
    yield (
        "shape_recipients",
        {
            "what": "one recipient less than there must be",
            "do": "check_sealed_shape",
            "failure": "size",
            "file_base64": b64(VERSION + stanza() + END + PAYLOAD),
            **asked,
        },
    )
    other = stanza(share=bytes(1120), kind=b"mlkem768x25518")
    low = stanza(share=SHARE[:1088] + bytes(32))
    long_body = stanza()[:-1] + b"AA\n"
    bad = {
        "other_type": (VERSION + stanza() + other + END + PAYLOAD, "a stanza of another type and the same length"),
        "small_order": (VERSION + stanza() + low + END + PAYLOAD, "a point of small order"),
        "moved": (VERSION + stanza() + long_body + END + PAYLOAD[:-2], "a body two characters longer, a payload two shorter"),
        "not_age": (b"x" * len(GOOD), "the right length and nothing else"),
        "share_not_canonical": (GOOD.replace(raw64(SHARE), raw64(SHARE)[:-1] + b"B", 1), "a second spelling of a share"),
        "body_not_canonical": (GOOD.replace(raw64(BODY), raw64(BODY)[:-1] + b"9", 1), "a second spelling of a body"),
        "mac_not_canonical": (GOOD.replace(raw64(MAC), raw64(MAC)[:-1] + b"9", 1), "a second spelling of the MAC"),
    }
    for name, (raw, what) in bad.items():
        yield f"shape_{name}", {"what": what, "do": "check_sealed_shape", "failure": "header", "file_base64": b64(raw), **asked}


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    yield from header_cases()
    yield from shape_cases()
