# SPDX-License-Identifier: Apache-2.0
"""Cases of charter_change.md, signed by another library."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from charter import after, succession
from organisation import QUARTER, Case, charter, desk, document, key, key_id, public, recipient, root_text, url

if TYPE_CHECKING:
    from collections.abc import Iterator

NEXT: dict[str, Any] = {"sequence": 4, "issued": "2026-11-20", "expires": "2027-02-18"}


def reviewer(name: str, label: str | None = None) -> dict[str, str]:
    """Return a reviewer as a charter has it."""
    return {"id": name, "identity": url(public(label or name))}


def before(**changes: Any) -> str:
    """Return the charter before."""
    return document("charter", charter(**changes), ("organisation", "organisation"))


def following(*countersigners: tuple[str, str], **changes: Any) -> str:
    """Return the next charter, countersigned under names by labels."""
    names = [(f"reviewer/{name}", label) for name, label in countersigners]
    return document("charter", charter(**NEXT | changes), ("organisation", "organisation"), *names)


def succeeded(old: str, new: str) -> str:
    """Return the next charter, signed by a second key."""
    organisation = {"key": url(public(new)), "names": {"en": "The Organisation"}}
    return document("charter", charter(**NEXT, successions=[succession(1, old, new)], organisation=organisation), ("organisation", new))


def log(origin: str, label: str) -> dict[str, str]:
    """Return a log as a charter has it."""
    return {"origin": origin, "key": url(public(label))}


def forged(signed: str) -> str:
    """Return a note with one more line: ana's name and key id, a thief's signature."""
    text = signed.rpartition("\n\n")[0] + "\n"
    raw = key_id("reviewer/ana", public("ana")) + key("thief").sign(text.encode())
    return f"{signed}\u2014 reviewer/ana {base64.b64encode(raw).decode()}\n"


ANA, BO = ("ana", "ana"), ("bo", "bo")
THREE = [desk(reviewers=[reviewer("ana"), reviewer("bo"), reviewer("cy")])]
FOUR = [desk(reviewers=[reviewer("ana"), reviewer("bo"), reviewer("cy"), reviewer("eve")])]
PRESS = [desk(), desk(id="press", reviewers=[reviewer("eve")], voices=["eve"], min=1)]
NEW_KEY = [desk(reviewers=[reviewer("ana", "ana again"), reviewer("bo")])]
LATER = QUARTER | {"number": 5, "quarter": "2027-Q1", "recipient": recipient("later")}


def cases() -> Iterator[Case]:
    """All of them."""
    old, three, emergency = before(), before(desks=THREE), before(emergency=True)
    for name, what, failure, first, then, *since in (
        ("same", "nothing new but the days", None, old, following()),
        ("again", "the same charter again", None, old, old),
        ("removed", "a reviewer less needs nobody", None, three, following()),
        ("added_by_half", "a third reviewer, countersigned by one of two", None, old, following(BO, desks=THREE)),
        ("added_by_two_of_three", "a fourth reviewer, countersigned by two of three", None, three, following(ANA, BO, desks=FOUR)),
        ("new_key", "another key for a known reviewer, countersigned by the other", None, old, following(BO, desks=NEW_KEY)),
        ("recovery", "a recovery key, countersigned", None, old, following(ANA, desks=[desk(recovery=[QUARTER])])),
        (
            "recovery_kept",
            "a recovery key that stood there",
            None,
            before(desks=[desk(recovery=[QUARTER])]),
            following(desks=[desk(recovery=[QUARTER])]),
        ),
        ("new_desk", "a new desk, countersigned by half of all reviewers", None, old, following(ANA, desks=PRESS)),
        ("emergency", "a third reviewer, and it says that it is an emergency", None, old, following(emergency=True, desks=THREE)),
        ("emergency_repeated", "within 30 days of an emergency", None, emergency, following(emergency=True), "2026-11-01"),
        ("emergency_over", "30 days after an emergency", None, emergency, following(issued="2026-12-01", expires="2027-02-18"), "2026-11-01"),
        ("emergency_over_repeated", "30 days after an emergency, and 19 after it was repeated", None, emergency, following(), "2026-10-21"),
        ("emergency_of_nobody", "after an emergency that is not known to have let somebody in", None, emergency, following()),
        ("emergency_told_no_more", "the one before did not tell it any more", None, old, following(), "2026-11-01"),
        ("successor", "a second key takes over", None, old, succeeded("organisation", "second")),
        ("next_log", "a second log", None, old, following(log=log("report.example.org/log/2", "log 2"))),
        ("log_with_other_key", "the same log with another key", "charter", old, following(log=log("report.example.org/log/1", "log 2"))),
        ("next_log_with_same_key", "a second log with the key of the first", "charter", old, following(log=log("report.example.org/log/2", "log"))),
        ("log_of_lower_number", "the first log after the second", "charter", before(log=log("report.example.org/log/2", "log 2")), following()),
        ("log_of_other_host", "another host's log", "charter", old, following(log=log("elsewhere.example.org/log/2", "log 2"))),
        ("log_of_other_form", "a log without a number", "charter", old, following(log=log("report.example.org/log", "log 2"))),
        ("other_root", "another organisation", "root", old, following(root=root_text("log"))),
        ("rollback", "an older one", "rollback", before(sequence=9), following()),
        ("same_sequence", "another of the same sequence", "equivocation", old, following(sequence=3)),
        (
            "two_successors",
            "another successor of the first key",
            "equivocation",
            after("third", succession(1, "organisation", "third")),
            succeeded("organisation", "second"),
        ),
        (
            "old_key_again",
            "the first key signs again after its successor",
            "equivocation",
            after("second", succession(1, "organisation", "second")),
            following(),
        ),
        ("added", "a third reviewer, countersigned by nobody", "signature", old, following(desks=THREE)),
        ("added_by_one_of_three", "a fourth reviewer, countersigned by one of three", "signature", three, following(ANA, desks=FOUR)),
        ("added_by_itself", "a third reviewer, countersigned by the new one only", "signature", old, following(("cy", "cy"), desks=THREE)),
        ("new_key_by_itself", "another key, countersigned with that key only", "signature", old, following(("ana", "ana again"), desks=NEW_KEY)),
        ("countersignature_wrong", "ana's name over a thief's signature with ana's key id", "signature", old, forged(following(desks=THREE))),
        ("recovery_added", "a recovery key, countersigned by nobody", "signature", old, following(desks=[desk(recovery=[QUARTER])])),
        (
            "recovery_next",
            "the next quarter's key, countersigned by nobody",
            "signature",
            before(desks=[desk(recovery=[QUARTER])]),
            following(desks=[desk(recovery=[QUARTER, LATER])]),
        ),
        ("new_desk_by_none", "a new desk, countersigned by nobody", "signature", old, following(desks=PRESS)),
        ("emergency_hidden", "within 30 days of an emergency, and it is not told", "charter", emergency, following(), "2026-11-01"),
        ("emergency_hidden_last_day", "29 days after an emergency, and it is not told", "charter", emergency, following(), "2026-10-22"),
        ("emergency_backdated", "repeated by a charter of a day before it", "charter", emergency, following(emergency=True), "2026-11-21"),
    ):
        yield (
            name,
            {
                "what": what,
                "do": "check_change",
                "failure": failure,
                "root": root_text(),
                "today": "2026-12-01",
                "since": since[0] if since else None,
                "previous_text": first,
                "note_text": then,
            },
        )
    by_emergency, agreed = following(emergency=True, desks=THREE), following(BO, emergency=True, desks=THREE)
    for name, what, failure, today, then in (
        ("receipt_7_days", "an emergency that lets somebody in, 7 days after it was issued", None, "2026-11-27", by_emergency),
        ("receipt_8_days", "the same a day later", "charter", "2026-11-28", by_emergency),
        ("receipt_repeated", "an emergency that lets nobody in, long after it was issued", None, "2026-12-31", following(emergency=True)),
        ("receipt_agreed", "one that half of the electors have countersigned", None, "2026-12-31", agreed),
        ("receipt_agreed_and_forged", "the same with a thief's line under another elector's name", None, "2026-12-31", forged(agreed)),
        (
            "receipt_agreed_twice",
            "one that the same elector has countersigned twice",
            None,
            "2026-12-31",
            following(BO, BO, emergency=True, desks=THREE),
        ),
        ("receipt_forged", "one that nobody has countersigned, with a thief's line", "charter", "2026-12-31", forged(by_emergency)),
        ("receipt_no_emergency", "no emergency, long after it was issued", None, "2026-12-31", following(BO, desks=THREE)),
    ):
        case = {"what": what, "do": "check_receipt", "failure": failure, "root": root_text(), "today": today, "previous_text": old, "note_text": then}
        yield name, case
