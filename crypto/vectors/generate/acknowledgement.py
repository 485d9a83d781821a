# SPDX-License-Identifier: Apache-2.0
"""Cases of acknowledgement.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import Case, canonical, document, note, public, root_text, url

if TYPE_CHECKING:
    from collections.abc import Iterator


LOG: dict[str, Any] = {"origin": "report.example.org/log/1", "size": 64, "root": url(bytes(range(32)))}


def acknowledgement(signer: str = "ana", **changes: Any) -> str:
    """Return an acknowledgement of version 1 as a note."""
    fields: dict[str, Any] = {"root": root_text(), "reviewer": "ana", "number": 2, "reports": ["ab" * 32, "cd" * 32]}
    return document("acknowledgement", fields | {"log": LOG} | changes, ("reviewer/ana", signer))


def second(signer: str = "ana", version: int = 2, name: str = "ana", **changes: Any) -> str:
    """Return an acknowledgement of version 2 as a note."""
    fields: dict[str, Any] = {"root": root_text(), "reviewer": "ana", "number": 2, "reports": ["ab" * 32, "cd" * 32], "aside": ["ef" * 32]}
    return note(f"corncrake.org/acknowledgement/v{version}\n{canonical(fields | {'log': LOG} | changes)}\n", (f"reviewer/{name}", signer))


def without_aside() -> str:
    """Return one of version 2 that lacks a field."""
    fields: dict[str, Any] = {"root": root_text(), "reviewer": "ana", "number": 2, "reports": [], "log": LOG}
    return note(f"corncrake.org/acknowledgement/v2\n{canonical(fields)}\n", ("reviewer/ana", "ana"))


def ids(count: int, salt: int = 0) -> list[str]:
    """Return this many report ids."""
    return [f"{salt:032x}{at:032x}" for at in range(count)]


def cases() -> Iterator[Case]:
    """All of them."""
    for name, what, failure, signed in (
        ("good", "an acknowledgement of two reports", None, acknowledgement()),
        ("empty", "of none", None, acknowledgement(reports=[])),
        ("foreign_signature", "signed by another", "signature", acknowledgement("thief")),
        ("other_root", "another organisation", "root", acknowledgement(root=root_text("log"))),
        ("other_reviewer", "another reviewer's, under this name", "desk", acknowledgement(reviewer="bo")),
        ("other_kind", "another document", "kind", document("edition", {}, ("reviewer/ana", "ana"))),
        ("log_without_origin", "a log head that does not say of which log", "json", acknowledgement(log={"size": 64, "root": url(bytes(32))})),
        ("id_upper", "an id in upper case", "json", acknowledgement(reports=["AB" * 32])),
        ("second", "version 2: two opened, one kept aside", None, second()),
        ("second_empty", "version 2, of none", None, second(reports=[], aside=[])),
        ("second_without_aside", "version 2 says what it keeps aside", "json", without_aside()),
        ("first_with_aside", "version 1 knows no aside", "json", second(version=1)),
        ("third", "a version that nobody knows", "kind", second(version=3)),
        ("twice", "a report both opened and kept aside", "json", second(aside=["cd" * 32])),
        ("too_many", "10,001 reports in both lists together", "json", second(reports=ids(5_000), aside=ids(5_001, 1))),
        ("second_foreign_signature", "version 2, signed by another", "signature", second("thief")),
        ("second_other_reviewer", "version 2, another reviewer's, under this name", "desk", second(reviewer="bo")),
        ("second_other_root", "version 2, another organisation", "root", second(root=root_text("log"))),
    ):
        base: dict[str, Any] = {"what": what, "do": "open_acknowledgement", "failure": failure, "note_text": signed, "root": root_text()}
        reports = [] if "empty" in name else ["ab" * 32, "cd" * 32]
        aside = ["ef" * 32] if name == "second" else []
        expected = {} if failure else {"expected": reports, "expected_aside": aside}
        yield name, base | {"reviewer": "ana", "identity_hex": public("ana").hex()} | expected
