# SPDX-License-Identifier: Apache-2.0
"""Cases of armor.md, by the standard library and by hand. The bytes inside are no age file: armor does not look at them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN, END = "-----BEGIN AGE ENCRYPTED FILE-----\n", "-----END AGE ENCRYPTED FILE-----\n"


def armored(data: bytes) -> str:
    """Return data as armor."""
    text = base64.b64encode(data).decode()
    return BEGIN + "".join(text[i : i + 64] + "\n" for i in range(0, len(text), 64)) + END


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    short, line, long = bytes(range(20)), bytes(range(48)), bytes(range(100))
    for name, data in {"short": short, "one_full_line": line, "three_lines": long, "empty": b"", "padding_in_full_line": bytes(47)}.items():
        yield (
            name,
            {
                "what": f"{len(data)} bytes",
                "do": "encode",
                "failure": None,
                "text": armored(data),
                "expected_base64": b64(data),
            },
        )
    good = {
        "crlf": (armored(long).replace("\n", "\r\n"), "lines end in CR LF"),
        "no_final_newline": (armored(long)[:-1], "no newline at the end"),
        "blank_around": ("\n \t\n" + armored(long) + "\n\r\n", "blank lines before and after"),
    }
    for name, (text, what) in good.items():
        yield name, {"what": what, "do": "decode", "failure": None, "text": text, "expected_base64": b64(long)}
    text = armored(long)
    first = text.split("\n")[1]
    bad = {
        "nothing": ("", "nothing"),
        "no_begin": (text.replace(BEGIN, ""), "the first mark is missing"),
        "no_end": (text.replace(END, ""), "the last mark is missing"),
        "lower_case": (text.replace("BEGIN", "begin"), "a mark in lower case"),
        "other_label": (text.replace("AGE ENCRYPTED FILE", "PGP MESSAGE"), "another label"),
        "before": ("x\n" + text, "something before"),
        "after": (text + "x\n", "something after"),
        "second": (text + text, "a second one after"),
        "headers": (text.replace(BEGIN, BEGIN + "A: b\n\n"), "headers"),
        "blank_inside": (text.replace(first, first + "\n"), "a blank line inside"),
        "space_at_end_of_line": (text.replace(first, first + " "), "a space at the end of a line"),
        "line_short": (text.replace(first, first[:60] + "\n" + first[60:]), "a short line before the last"),
        "line_long": (text.replace(first + "\n", first), "a line of more than 64 columns"),
        "no_padding": (armored(short).replace("=", ""), "the padding is missing"),
        "not_canonical": (armored(short).replace("M=", "N="), "bits beyond the value"),
        "padding_inside": (text.replace(first, first[:-1] + "="), "padding before the last line"),
        "blank_too_long": ("\n" * 1025 + text, "more than 1,024 bytes of blank lines"),
    }
    for name, (wrong, what) in bad.items():
        yield name, {"what": what, "do": "decode", "failure": "armor", "text": wrong}
