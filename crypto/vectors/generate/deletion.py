# SPDX-License-Identifier: Apache-2.0
"""Cases of deletion.md: who must have a report, worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acknowledgement import LOG, second
from organisation import Case, canonical, charter, desk, public, root_text, url

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = "ab" * 32
POSITION = 40


def reader(name: str, *, at: str = "reports", size: int = 64) -> dict[str, Any]:
    """Return what makes one acknowledgement of `REPORT`: in which list, and how far its reviewer has seen the log."""
    return {"reviewer": name, "list": at, "size": size}


def note_of(said: dict[str, Any]) -> str:
    """Return the acknowledgement as a note."""
    lists: dict[str, Any] = {"reports": ["ee" * 32], "aside": ["dd" * 32]}
    if said["list"]:
        lists[said["list"]] = [REPORT]
    return second(said["reviewer"], name=said["reviewer"], reviewer=said["reviewer"], log=LOG | {"size": said["size"]}, **lists)


def legal(*names: str) -> list[dict[str, Any]]:
    """Return the desk, read by these."""
    return [desk(reviewers=[{"id": name, "identity": url(public(name))} for name in names], voices=[names[0]], min=1)]


def judged() -> Iterator[Case]:
    """Cases of `check_deletion`."""
    two, three, one = legal("ana", "bo"), legal("ana", "bo", "cy"), legal("ana")
    ana, bo, cy = reader("ana"), reader("bo"), reader("cy")
    for name, what, failure, desks, quorum, said, expected in (
        ("everybody", "all of two have it", None, two, None, [ana, bo], ["ana", "bo"]),
        ("everybody_of_three", "all of three have it", None, three, None, [cy, bo, ana], ["ana", "bo", "cy"]),
        ("quorum", "two of three, and that is the quorum", None, three, 2, [ana, cy], ["ana", "cy"]),
        ("aside", "one has opened it, one keeps it sealed: all of two have it", None, two, None, [ana, reader("bo", at="aside")], ["ana", "bo"]),
        ("rubbish", "nobody can open it, and all have it", None, two, None, [reader("ana", at="aside"), reader("bo", at="aside")], ["ana", "bo"]),
        ("quorum_of_more", "a quorum above the number of reviewers; all have it", None, two, 5, [ana, bo], ["ana", "bo"]),
        ("strangers", "a reviewer of another desk has it too", None, two, None, [ana, bo, cy], ["ana", "bo"]),
        ("alone", "one of two", "too-few", two, None, [ana], None),
        ("twice", "one of two, twice", "too-few", two, None, [ana, ana], None),
        ("two_of_three", "two of three, and no quorum", "too-few", three, None, [ana, bo], None),
        ("stranger", "one of two, and a reviewer who is not of this desk", "too-few", two, None, [ana, cy], None),
        ("quorum_aside", "a quorum counts who has opened it only", "too-few", three, 2, [ana, reader("bo", at="aside")], None),
        ("one_reviewer", "a desk of one deletes nothing", "too-few", one, None, [ana], None),
        ("not_seen", "one of two has not seen the commitment in the log", "too-few", two, None, [ana, reader("bo", size=40)], None),
        ("just_seen", "one of two has seen the log up to the commitment", None, two, None, [ana, reader("bo", size=41)], ["ana", "bo"]),
        ("unnamed", "one of two does not name it", "too-few", two, None, [ana, reader("bo", at="")], None),
        ("other_desk", "the charter has no such desk", "desk", [desk(id="press")], None, [ana, bo], None),
    ):
        value = charter(desks=desks, **({"quorum": quorum} if quorum else {}))
        case: dict[str, Any] = {"what": what, "do": "check_deletion", "failure": failure, "root": root_text(), "charter_text": canonical(value)}
        case |= {"desk": "legal", "report": REPORT, "position": POSITION, "notes": [[one["reviewer"], note_of(one)] for one in said]}
        case |= {"identities": {name: public(name).hex() for name in ("ana", "bo", "cy")}}
        yield name, case | ({"expected": expected} if expected else {})


def read() -> Iterator[Case]:
    """Cases of `read_deletions`."""
    named = [{"number": 4, "reviewer": "ana"}, {"number": 9, "reviewer": "bo"}]
    group: dict[str, Any] = {"acknowledgements": named, "charter": 3, "reports": [REPORT, "cd" * 32]}
    listed: tuple[tuple[str, str, str | None, list[dict[str, Any]]], ...] = (
        ("list", "two reports on the same grounds", None, [group]),
        ("list_empty", "nothing was deleted", None, []),
        ("list_by_one", "on the word of one", "json", [group | {"acknowledgements": named[:1]}]),
        ("list_of_none", "a group without reports", "json", [group | {"reports": []}]),
        ("list_unknown_field", "a field that nobody knows", "json", [group | {"day": "2026-11-25"}]),
        ("list_sequence_0", "charters count from 1", "json", [group | {"charter": 0}]),
    )
    for name, what, failure, groups in listed:
        case: dict[str, Any] = {"what": what, "do": "read_deletions", "failure": failure, "raw_text": canonical({"deletions": groups})}
        yield name, case | ({} if failure else {"expected": groups})


def cases() -> Iterator[Case]:
    """All of them."""
    yield from judged()
    yield from read()
