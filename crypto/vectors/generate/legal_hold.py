# SPDX-License-Identifier: Apache-2.0
"""Cases of legal_hold.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import Case, document, public, root_text

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS: dict[str, Any] = {"root": root_text(), "number": 3, "desks": ["legal"], "reports": ["ab" * 32, "cd" * 32]}


def of_ana(signer: str = "ana", **changes: Any) -> str:
    """Return a hold of ana's as a note."""
    return document("legal-hold", FIELDS | {"holder": "ana"} | changes, ("reviewer/ana", signer))


def of_all(signer: str = "organisation", **changes: Any) -> str:
    """Return a hold of the organisation as a note."""
    return document("legal-hold", FIELDS | changes, ("organisation", signer))


OVERRULED = [{"reviewer": "ana", "number": 3}]


def cases() -> Iterator[Case]:
    """All of them."""
    unheld: dict[str, Any] = {"desks": [], "reports": []}
    listed: tuple[tuple[str, str, str | None, str | None, str, tuple[list[str], list[str], list[str]] | None], ...] = (
        ("good", "a reviewer holds a desk and two reports", None, "ana", of_ana(), (["legal"], ["ab" * 32, "cd" * 32], [])),
        ("lifted", "a reviewer holds nothing any more", None, "ana", of_ana(number=4, **unheld), ([], [], [])),
        ("organisation", "the organisation holds", None, None, of_all(), (["legal"], ["ab" * 32, "cd" * 32], [])),
        ("overruled", "the organisation overrules a reviewer", None, None, of_all(overruled=OVERRULED, **unheld), ([], [], ["ana 3"])),
        ("foreign_signature", "signed by another", "signature", "ana", of_ana("thief"), None),
        ("organisation_by_reviewer", "the organisation's, signed by a reviewer under its own name", "signature", None, of_ana(), None),
        ("other_root", "another organisation", "root", "ana", of_ana(root=root_text("log")), None),
        ("other_holder", "another reviewer's, under this name", "desk", "ana", of_ana(holder="bo"), None),
        ("no_holder", "the organisation's, under a reviewer's name", "desk", "ana", document("legal-hold", FIELDS, ("reviewer/ana", "ana")), None),
        ("overruled_by_reviewer", "a reviewer overrules another", "json", "ana", of_ana(overruled=OVERRULED), None),
        ("overruled_by_nobody", "an empty list, which is left out", "json", None, of_all(overruled=[]), None),
        ("overruled_twice", "one reviewer overruled twice", "json", None, of_all(overruled=OVERRULED * 2), None),
        ("desk_twice", "a desk twice", "json", "ana", of_ana(desks=["legal", "legal"]), None),
        ("report_twice", "a report twice", "json", "ana", of_ana(reports=["ab" * 32] * 2), None),
        ("id_upper", "an id in upper case", "json", "ana", of_ana(reports=["AB" * 32]), None),
        ("other_kind", "another document", "kind", "ana", document("edition", {}, ("reviewer/ana", "ana")), None),
    )
    for name, what, failure, holder, signed, expected in listed:
        base: dict[str, Any] = {"what": what, "do": "open_legal_hold", "failure": failure, "note_text": signed, "root": root_text()}
        base |= {"holder": holder, "key_hex": public(holder or "organisation").hex()}
        names = ("expected_desks", "expected_reports", "expected_overruled")
        yield name, base | (dict(zip(names, expected, strict=True)) if expected else {})
