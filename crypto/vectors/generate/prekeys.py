# SPDX-License-Identifier: Apache-2.0
"""Cases of prekeys.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import EPOCH, QUARTER, TODAY, Case, charter_note, desk, prekey, recipient, root_text

if TYPE_CHECKING:
    from collections.abc import Iterator

ANA, BO, SECOND = prekey("ana"), prekey("bo"), prekey("ana", number=2)
OTHER = prekey("ana", recipient=recipient("other"))


def chosen(what: str, failure: str | None, *notes: str, charter: str | None = None, today: str = TODAY) -> dict[str, Any]:
    """Return a case of `choose_recipients`, what must come out still missing."""
    base: dict[str, Any] = {
        "what": what,
        "do": "choose_recipients",
        "failure": failure,
        "charter_text": charter or charter_note(),
        "root": root_text(),
    }
    return base | {"desk": "legal", "epoch": EPOCH, "notes": list(notes), "today": today}


def good(what: str, *notes: str, expect: list[tuple[str, int, str]], left_out: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """Return a case in which these stanzas and recipients come out."""
    expected = {
        "stanzas": [{"reviewer": reviewer, "epoch": EPOCH, "number": number} for reviewer, number, _ in expect],
        "recipients": [recipient(label) for _, _, label in expect],
        "left_out": list(left_out),
    }
    return chosen(what, None, *notes, **fields) | {"expected": expected}


def good_cases() -> Iterator[Case]:
    """Whom to seal to."""
    both = [("ana", 1, "ana prekey"), ("bo", 1, "bo prekey")]
    yield "notes_64", good("as many notes as are looked at", *[ANA] * 63, BO, expect=both)
    one = charter_note(desks=[desk(min=1)])
    yield "both", good("in the order of ids", BO, ANA, expect=both)
    yield "same_twice", good("one note twice", ANA, ANA, BO, expect=both)
    turned = charter_note(desks=[desk(reviewers=desk()["reviewers"][::-1])])
    yield "charter_order", good("the order of ids, not that of the charter", ANA, BO, charter=turned, expect=both)
    newer = prekey("ana", number=2, recipient=recipient("newer"))
    yield "higher_number", good("the higher number holds", newer, BO, ANA, expect=[("ana", 2, "newer"), ("bo", 1, "bo prekey")])
    yield "higher_first", good("the higher number first", ANA, newer, ANA, BO, expect=[("ana", 2, "newer"), ("bo", 1, "bo prekey")])
    yield "one_left_out", good("one has none", ANA, charter=one, expect=both[:1], left_out=("bo",))
    stale = prekey("bo", not_after="2026-11-29")
    yield "stale", good("one is over", ANA, stale, charter=one, today="2026-11-30", expect=both[:1], left_out=("bo",))
    early = prekey("bo", not_before="2026-11-23")
    yield "early", good("one has not begun", ANA, early, charter=one, today="2026-11-22", expect=both[:1], left_out=("bo",))
    recovering = charter_note(desks=[desk(recovery=[QUARTER])])
    yield "recovery", good("the recovery key stands last", ANA, BO, charter=recovering, expect=[*both, ("recovery", 4, "recovery")])
    over = charter_note(desks=[desk(recovery=[QUARTER | {"not_after": "2026-11-24"}])])
    yield "recovery_over", good("the recovery key is over", ANA, BO, charter=over, expect=both, left_out=("recovery",))


def refused_cases() -> Iterator[Case]:
    """Each of the checks."""
    alone = charter_note(desks=[desk(reviewers=desk()["reviewers"][:1], min=1)])
    for name, what, failure, notes, charter in (
        ("too_few", "one of two that are needed", "too-few", [ANA], None),
        ("none", "no prekey", "too-few", [], None),
        ("equivocation", "two of one number", "equivocation", [ANA, prekey("ana", recipient=recipient("other")), BO], None),
        (
            "equivocation_below",
            "two of one number, the second behind a higher one",
            "equivocation",
            [ANA, SECOND, prekey("ana", recipient=recipient("other")), BO],
            None,
        ),
        ("one_recipient", "one recipient of two reviewers", "equivocation", [ANA, prekey("bo", recipient=recipient("ana prekey"))], None),
        ("foreign_signature", "signed by another", "signature", [ANA, prekey("bo", "thief")], None),
        ("signed_by_colleague", "signed by another reviewer", "signature", [ANA, prekey("bo", "ana")], None),
        ("unknown_reviewer", "somebody who is no reviewer", "desk", [ANA, prekey("eve")], None),
        ("no_reviewer_here", "a reviewer of another desk", "desk", [ANA, BO], alone),
        ("other_root", "another organisation", "root", [ANA, prekey("bo", root=root_text("log"))], None),
        ("last_epoch", "last week's", "epoch", [ANA, prekey("bo", epoch=45, not_before="2026-11-16", not_after="2026-11-22")], None),
        ("days_too_long", "days beyond the epoch", "epoch", [ANA, prekey("bo", not_after="2026-12-01")], None),
        ("days_too_early", "days before the epoch", "epoch", [ANA, prekey("bo", not_before="2026-11-21")], None),
        ("recipient_checksum", "a recipient with a wrong checksum", "encoding", [ANA, prekey("bo", recipient=recipient("x")[:-1] + "q")], None),
        ("recipient_x25519", "a recipient of another kind", "json", [ANA, prekey("bo", recipient="age1" + "q" * 58)], None),
    ):
        yield name, chosen(what, failure, *notes, charter=charter)
    yield "notes_65", chosen("one note more than are looked at", "size", *[ANA] * 64, BO)
    yield "unknown_desk", chosen("a desk that is not there", "desk", ANA, BO) | {"desk": "press"}
    ahead = prekey("bo", epoch=47, not_before="2026-11-29", not_after="2026-12-06")
    yield "next_epoch", chosen("next week's, on a day on which it is valid too", "epoch", ANA, ahead, today="2026-11-29")


def epoch_cases() -> Iterator[Case]:
    """Weeks."""
    days = {
        "zero": ("2026-01-05", 0),
        "first_sunday": ("2026-01-11", 0),
        "second_monday": ("2026-01-12", 1),
        "today": (TODAY, EPOCH),
        "far": ("2100-01-01", 3860),
    }
    for name, (day, epoch) in days.items():
        yield f"epoch_{name}", {"what": "the epoch of a day", "do": "epoch_of", "failure": None, "day": day, "expected": epoch}
    yield "epoch_before", {"what": "before the first", "do": "epoch_of", "failure": "epoch", "day": "2026-01-04"}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from good_cases()
    yield from refused_cases()
    yield from epoch_cases()
