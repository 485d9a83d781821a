# SPDX-License-Identifier: Apache-2.0
"""Cases of receipt.md, signed by another library."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from organisation import Case, canonical, document, note, public

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = "report.example.org/log/1"
FIELDS: dict[str, Any] = {"id": "ab" * 32, "desk": "safety", "log": LOG, "day": "2026-11-25", "salt": "cd" * 32}
OPENING = {key: value for key, value in FIELDS.items() if key != "log"} | {"index": 7, "kind": "report"}
DUMMY = {"index": 8, "kind": "dummy", "day": "2026-11-25", "salt": "ef" * 32}


def receipt(signer: str = "log", name: str = LOG, /, **changed: Any) -> str:
    """Return a receipt as a note."""
    return document("receipt", FIELDS | changed, (name, signer))


def receipts() -> Iterator[Case]:
    """Receipts that open or do not."""
    spaced = canonical(FIELDS).replace(":", ": ")
    for name, what, failure, raw in (
        ("good", "a receipt", None, receipt()),
        ("foreign_signature", "signed by another key", "signature", receipt("thief")),
        ("other_name", "signed under another name", "signature", receipt("log", "other.example/log/1")),
        ("changed", "a changed day", "signature", receipt().replace("11-25", "11-26")),
        ("other_kind", "another document", "kind", document("edition", FIELDS, (LOG, "log"))),
        ("other_log", "a receipt of another log under the same key", "origin", receipt(log="report.example.org/log/2")),
        ("other_desk", "a receipt for another desk", "desk", receipt(desk="press")),
        ("other_report", "a receipt for another report", "altered", receipt(id="ac" * 32)),
        ("id_upper", "an id in upper case", "json", receipt(id="AB" * 32)),
        ("id_short", "an id of 63 characters", "json", receipt(id="a" * 63)),
        ("no_such_day", "a day that no calendar has", "json", receipt(day="2026-02-30")),
        ("unknown_field", "a field that nobody knows", "json", receipt(more=1)),
        ("not_canonical", "spaces in the JSON", "not-canonical", note(f"corncrake.org/receipt/v1\n{spaced}\n", (LOG, "log"))),
        ("two_days_ahead", "a receipt of a day two days ahead", None, receipt(day="2026-11-27")),
        ("three_days_ahead", "a receipt of a day three days ahead", "not-yet-valid", receipt(day="2026-11-28")),
        ("long_ago", "a receipt of a day long past, for the same bytes again", None, receipt(day="2026-01-05")),
        ("two_objects", "a line more", "json", note(f"corncrake.org/receipt/v1\n{canonical(FIELDS)}\n{{}}\n", (LOG, "log"))),
    ):
        case: dict[str, Any] = {
            "what": what,
            "do": "open_receipt",
            "failure": failure,
            "note_text": raw,
            "origin": LOG,
            "key_hex": public("log").hex(),
            "report": FIELDS["id"],
            "desk": "safety",
            "today": "2026-11-25",
        }
        days = {"two_days_ahead": "2026-11-27", "long_ago": "2026-01-05"}
        yield f"receipt_{name}", case if failure else case | {"expected": FIELDS | {"day": days.get(name, FIELDS["day"])}}


def openings() -> Iterator[Case]:
    """What opens commitments."""
    commitment = hashlib.sha256(f"corncrake.org/leaf/v1\nreport\nsafety\n2026-11-25\n{'ab' * 32}\n{'cd' * 32}\n".encode()).hexdigest()
    dummy = hashlib.sha256(f"corncrake.org/leaf/v1\ndummy\n2026-11-25\n{'ef' * 32}\n".encode()).hexdigest()
    for name, what, failure, opening in (
        ("report", "of a report", None, OPENING),
        ("dummy", "of a dummy", None, DUMMY),
        ("dummy_with_desk", "a dummy that names a desk", "json", DUMMY | {"desk": "safety"}),
        ("dummy_with_id", "a dummy that names a report", "json", DUMMY | {"id": "ab" * 32}),
        ("report_without_id", "a report without its id", "json", {k: v for k, v in OPENING.items() if k != "id"}),
        ("report_without_desk", "a report without its desk", "json", {k: v for k, v in OPENING.items() if k != "desk"}),
        ("other_kind", "another kind", "json", DUMMY | {"kind": "charter"}),
    ):
        case = {"what": what, "do": "read_openings", "failure": failure, "openings_text": canonical({"openings": [opening]})}
        yield f"opening_{name}", case if failure else case | {"expected_commitment_hex": commitment if name == "report" else dummy}


def cases() -> Iterator[Case]:
    """Yield all cases."""
    yield from receipts()
    yield from openings()
    yield (
        "report_id",
        {
            "what": "a report's id",
            "do": "report_id",
            "failure": None,
            "sealed_text": "age-encryption.org/v1\n",
            "expected": hashlib.sha256(b"age-encryption.org/v1\n").hexdigest(),
        },
    )
