# SPDX-License-Identifier: Apache-2.0
"""Cases of acknowledgement.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import Case, document, public, root_text, url

if TYPE_CHECKING:
    from collections.abc import Iterator


def acknowledgement(signer: str = "ana", **changes: Any) -> str:
    """Return an acknowledgement as a note."""
    fields: dict[str, Any] = {"root": root_text(), "reviewer": "ana", "number": 2, "reports": ["ab" * 32, "cd" * 32]}
    fields |= {"log": {"origin": "report.example.org/log/1", "size": 64, "root": url(bytes(range(32)))}} | changes
    return document("acknowledgement", fields, ("reviewer/ana", signer))


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
    ):
        base: dict[str, Any] = {"what": what, "do": "open_acknowledgement", "failure": failure, "note_text": signed, "root": root_text()}
        expected = {} if failure else {"expected": ["ab" * 32, "cd" * 32] if name == "good" else []}
        yield name, base | {"reviewer": "ana", "identity_hex": public("ana").hex()} | expected
