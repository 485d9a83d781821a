# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may be let in from one charter to the next: beside the vectors, what combinations do."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.charter import Charter, OpenedCharter, Reviewer, open_charter, sign_charter
from corncrake_crypto.charter_change import additions, check_change, countersign, countersigners, emergency_since, lacking
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import TODAY, SimulatedOrganisation

ORG = SimulatedOrganisation()
KEYS = {name: SigningKey.generate() for name in ("ana", "bo", "cy", "dee", "eve")}


def charter(readers: set[str], **changes: Any) -> Charter:
    reviewers = tuple(Reviewer(id=name, identity=b64url(KEYS[name].public)) for name in sorted(readers))
    return ORG.charter(desks=(ORG.desk(reviewers=reviewers, min=1, voices=(reviewers[0].id,)),), **changes)


def opened(value: Charter) -> tuple[bytes, OpenedCharter]:
    raw = sign_charter(value, ORG.key)
    return raw, open_charter(raw, root=ORG.root, origin=None, today=TODAY)


READERS = st.sets(st.sampled_from(sorted(KEYS)), min_size=1)


@given(before=READERS, after=READERS, signing=st.sets(st.sampled_from(sorted(KEYS))))
def test_a_change_passes_exactly_when_nobody_is_let_in_or_half_of_those_before_agree(before: set[str], after: set[str], signing: set[str]) -> None:
    _, first = opened(charter(before))
    raw, then = opened(charter(after, sequence=2))
    for name in sorted(signing):
        raw = countersign(raw, name, KEYS[name])
    may = after <= before or 2 * len(signing & before) >= len(before)
    if may:
        check_change(first, raw, then, None)
    else:
        with pytest.raises(PeerError) as refused:
            check_change(first, raw, then, None)
        assert refused.value.failure is Failure.SIGNATURE
    assert {name for name, _ in countersigners(raw, first.charter)} == signing & before
    assert bool(lacking(first.charter, raw, then.charter)) is not may


def test_an_addition_names_who_is_new_and_who_may_agree() -> None:
    (addition,) = additions(charter({"ana", "bo"}), charter({"ana", "cy"}))
    assert (addition.desk, addition.readers, addition.needed) == ("legal", ("cy",), 1)
    assert [one.id for one in addition.electors] == ["ana", "bo"]


def test_a_countersignature_changes_neither_text_nor_hash_and_stands_once() -> None:
    raw, then = opened(charter({"ana"}))
    once = countersign(raw, "ana", KEYS["ana"])
    assert countersign(once, "ana", KEYS["ana"]) == once
    assert open_charter(once, root=ORG.root, origin=None, today=TODAY).sha256 == then.sha256


def test_another_organisations_charter_follows_nothing() -> None:
    other = SimulatedOrganisation()
    raw = sign_charter(other.charter(sequence=2), other.key)
    then = open_charter(raw, root=other.root, origin=None, today=TODAY)
    with pytest.raises(PeerError) as refused:
        check_change(opened(charter({"ana"}))[1], raw, then, None)
    assert refused.value.failure is Failure.ROOT


DAY = TODAY - timedelta(days=9)


def chain(*links: tuple[int, set[str], bool]) -> list[bytes]:
    """Notes of charters: the sequence of each, who reads, and whether it says that it is an emergency; each issued a day after the one before."""
    return [
        opened(charter(readers, sequence=sequence, issued=DAY + timedelta(days=place), emergency=told or None))[0]
        for place, (sequence, readers, told) in enumerate(links)
    ]


def test_an_emergency_is_told_from_the_newest_charter_that_let_somebody_in_and_not_from_one_that_repeats_it() -> None:
    one, two, three = {"ana"}, {"ana", "bo"}, {"ana", "bo", "cy"}
    notes = chain((1, one, False), (2, two, True), (3, two, True), (4, two, True))
    assert emergency_since(notes, over_gaps=False) == DAY + timedelta(days=1)
    assert emergency_since(notes[1:], over_gaps=True) is None, "who came later does not know who was let in"
    again = chain((1, one, False), (2, two, True), (3, three, True), (4, three, True))
    assert emergency_since(again, over_gaps=False) == DAY + timedelta(days=2)
    assert emergency_since(chain((1, two, False), (2, one, True)), over_gaps=True) is None
    assert emergency_since([], over_gaps=True) is None


def test_what_is_compared_over_charters_that_are_not_here_counts_only_where_it_is_asked_for() -> None:
    notes = chain((1, {"ana"}, False), (3, {"ana", "bo"}, True))
    assert emergency_since(notes, over_gaps=True) == DAY + timedelta(days=1)
    assert emergency_since(notes, over_gaps=False) is None


def test_whom_half_have_countersigned_is_not_let_in_by_an_emergency_and_a_wrong_signature_is_none() -> None:
    first, second = chain((1, {"ana"}, False), (2, {"ana", "bo"}, True))
    assert emergency_since([first, countersign(second, "ana", KEYS["ana"])], over_gaps=True) is None
    line = countersign(chain((9, {"cy"}, False))[0], "ana", KEYS["ana"]).split(b"\n")[-2]
    assert emergency_since([first, second + line + b"\n"], over_gaps=True) == DAY + timedelta(days=1)


def test_a_line_that_a_carrier_adds_to_a_charter_takes_nobodys_consent_away() -> None:
    first, second = chain((1, {"ana", "bo", "cy"}, False), (2, {"ana", "bo", "cy", "eve"}, True))
    thief = countersign(chain((9, {"cy"}, False))[0], "cy", KEYS["cy"]).split(b"\n")[-2] + b"\n"
    for name in ("ana", "bo"):
        second = countersign(second, name, KEYS[name])
    for note in (second + thief, second.replace("\u2014 reviewer/ana".encode(), thief + "\u2014 reviewer/ana".encode())):
        assert emergency_since([first, note], over_gaps=True) is None


def test_a_countersignature_that_stands_twice_in_an_emergency_stops_nothing_that_follows() -> None:
    first, second = chain((1, {"ana", "bo", "cy"}, False), (2, {"ana", "bo", "cy", "eve"}, True))
    once = countersign(second, "ana", KEYS["ana"])
    twice = once + once.split(b"\n")[-2] + b"\n"
    before, then = (open_charter(note, root=ORG.root, origin=None, today=TODAY) for note in (first, twice))
    check_change(before, twice, then, None)
    assert emergency_since([first, twice], over_gaps=True) == DAY + timedelta(days=1)
