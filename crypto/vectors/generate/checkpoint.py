# SPDX-License-Identifier: Apache-2.0
"""Cases of checkpoint.md, signed by another library, and the example of C2SP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from organisation import Case, note, public
from receipt import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = bytes(range(32))
ROOT_TEXT = base64.b64encode(ROOT).decode()
TEXT = f"{LOG}\n128\n{ROOT_TEXT}\nday 2026-11-25\n"
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def texts() -> Iterator[tuple[str, str, str | None, str]]:
    """Texts that the log's key has signed."""
    yield "good", "a head", None, TEXT
    yield "more_lines", "a line after the day means nothing", None, TEXT + "anything at all\n"
    yield "other_origin", "the head of another log", "origin", TEXT.replace(LOG, "other.example/log/1")
    yield "no_day", "no day", "note", TEXT.replace("day 2026-11-25\n", "")
    yield "day_later", "the day is not the first extension", "note", TEXT.replace("day", "x\nday")
    yield "no_such_day", "a day that no calendar has", "note", TEXT.replace("11-25", "02-30")
    yield "size_zeros", "a size with leading zeros", "note", TEXT.replace("128", "0128")
    yield "size_negative", "a size below zero", "note", TEXT.replace("128", "-128")
    yield "size_plus", "a size with a sign", "note", TEXT.replace("128", "+128")
    yield "size_huge", "a size of 2^53", "note", TEXT.replace("128", str(2**53))
    yield "size_foreign_digits", "a size in other digits", "note", TEXT.replace("128", "\u0661\u0662\u0668")
    yield "root_cut", "a root of 31 bytes", "note", TEXT.replace(ROOT_TEXT, base64.b64encode(ROOT[:31]).decode())
    yield "root_unpadded", "a root without padding", "note", TEXT.replace(ROOT_TEXT, ROOT_TEXT.rstrip("="))
    yield "root_bits_left", "bits beyond the root that are not zero", "note", TEXT.replace("Hh8=", "Hh9=")
    yield "empty_line", "an empty line", "note", TEXT.replace("day", "\nday")
    yield "two_lines", "origin and size alone", "note", f"{LOG}\n128\n"


def case(what: str, failure: str | None, raw: str) -> dict[str, Any]:
    """Return a case of `open_checkpoint`."""
    found = {"what": what, "do": "open_checkpoint", "failure": failure, "note_text": raw, "origin": LOG, "key_hex": public("log").hex()}
    return found if failure else found | {"expected_size": 128, "expected_root_hex": ROOT.hex(), "expected_day": "2026-11-25"}


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for name, what, failure, text in texts():
        yield name, case(what, failure, note(text, (LOG, "log")))
    yield "foreign_signature", case("signed by another key", "signature", note(TEXT, (LOG, "thief")))
    yield "other_name", case("signed under another name", "signature", note(TEXT, ("other.example/log/1", "log")))
    yield "changed", case("a changed size", "signature", note(TEXT, (LOG, "log")).replace("128", "129"))
    yield (
        "c2sp_example",
        {
            "what": "the example of tlog-checkpoint.md, which has no day",
            "do": "parse_checkpoint_text",
            "failure": None,
            "text": EXAMPLE,
            "expected_origin": "example.com/behind-the-sofa",
            "expected_size": 20852163,
            "expected_root_hex": base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").hex(),
        },
    )
