# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom a report is sealed to."""

from datetime import date, timedelta
from typing import Any

import pytest

from corncrake_crypto.charter import Recovery
from corncrake_crypto.errors import Failure
from corncrake_crypto.identities import Identity
from corncrake_crypto.note import sign_note, write_document
from corncrake_crypto.prekeys import EPOCH_ZERO, choose_recipients, epoch_days, epoch_of, open_prekey
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import EPOCH, TODAY, SimulatedOrganisation
from tests.simulators.refusal import refused


def chosen(org: SimulatedOrganisation, *notes: bytes, **changes: Any) -> Any:
    return choose_recipients(org.charter(**changes), "legal", EPOCH, notes, TODAY)


def test_an_epoch_is_one_week_from_monday_to_sunday() -> None:
    assert EPOCH_ZERO.isoweekday() == 1
    assert epoch_of(date(2026, 1, 11)) == 0
    assert epoch_of(date(2026, 1, 12)) == 1
    first, last = epoch_days(EPOCH)
    assert first <= TODAY <= last
    assert (last - first).days == 6


def test_a_day_before_the_first_epoch_is_refused() -> None:
    with refused(Failure.EPOCH):
        epoch_of(date(2026, 1, 4))


@pytest.mark.parametrize("epoch", [-1, 2**53 - 1])
def test_an_epoch_outside_the_calendar_is_refused(epoch: int) -> None:
    with refused(Failure.EPOCH):
        epoch_days(epoch)


def test_reviewers_stand_in_the_order_of_their_ids(org: SimulatedOrganisation) -> None:
    found = chosen(org, org.prekey("bo"), org.prekey("ana"))
    assert [stanza.reviewer for stanza in found.stanzas] == ["ana", "bo"]
    assert found.recipients == (org.identities["ana"].recipient, org.identities["bo"].recipient)
    assert found.left_out == ()


def test_the_desk_recovery_key_stands_last(org: SimulatedOrganisation) -> None:
    key = Identity.generate().recipient
    quarter = Recovery(number=3, quarter="2026-Q4", recipient=key.text, not_before=date(2026, 10, 1), not_after=date(2026, 12, 31))
    found = chosen(org, org.prekey("ana"), org.prekey("bo"), desks=(org.desk(recovery=(quarter,)),))
    assert [stanza.reviewer for stanza in found.stanzas] == ["ana", "bo", "recovery"]
    assert (found.stanzas[2].number, found.recipients[2]) == (3, key)


def test_a_missing_prekey_is_refused_under_the_desk_minimum_and_named_above_it(org: SimulatedOrganisation) -> None:
    with refused(Failure.TOO_FEW):
        chosen(org, org.prekey("ana"))
    assert chosen(org, org.prekey("ana"), desks=(org.desk(min=1),)).left_out == ("bo",)


def test_a_prekey_that_is_not_valid_today_is_left_out(org: SimulatedOrganisation) -> None:
    notes = [org.prekey("ana"), org.prekey("bo")]
    charter = org.charter(desks=(org.desk(min=1),))
    with refused(Failure.TOO_FEW):
        choose_recipients(charter, "legal", EPOCH, notes, epoch_days(EPOCH)[1] + timedelta(days=1))


def test_of_two_prekeys_the_higher_number_holds_whatever_their_order(org: SimulatedOrganisation) -> None:
    newer = Identity.generate().recipient
    notes = [org.prekey("ana"), org.prekey("ana", number=2, recipient=newer.text), org.prekey("bo")]
    for order in (notes, notes[::-1]):
        found = chosen(org, *order)
        assert found.recipients[0] == newer
        assert found.stanzas[0].number == 2


def test_two_prekeys_of_one_number_are_equivocation(org: SimulatedOrganisation) -> None:
    other = org.prekey("ana", recipient=Identity.generate().recipient.text)
    with refused(Failure.EQUIVOCATION):
        chosen(org, org.prekey("ana"), other, org.prekey("bo"))


def test_the_same_prekey_twice_is_no_harm(org: SimulatedOrganisation) -> None:
    assert len(chosen(org, org.prekey("ana"), org.prekey("ana"), org.prekey("bo")).stanzas) == 2


def test_one_recipient_of_two_reviewers_is_equivocation(org: SimulatedOrganisation) -> None:
    with refused(Failure.EQUIVOCATION):
        chosen(org, org.prekey("ana"), org.prekey("bo", recipient=org.identities["ana"].recipient.text))


def test_a_prekey_of_another_epoch_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.EPOCH):
        chosen(org, org.prekey("ana"), org.prekey("bo", epoch=EPOCH - 1))


def test_a_prekey_whose_days_are_not_those_of_its_epoch_is_refused_by_its_signer(org: SimulatedOrganisation) -> None:
    with refused(Failure.EPOCH):
        org.prekey("ana", not_after=TODAY + timedelta(days=90))


def test_a_prekey_of_somebody_who_is_no_reviewer_of_the_desk_is_refused(org: SimulatedOrganisation) -> None:
    identities = org.desk().reviewers[:1]
    with refused(Failure.DESK):
        chosen(org, org.prekey("ana"), org.prekey("bo"), desks=(org.desk(reviewers=identities, min=1),))


def test_a_prekey_with_a_foreign_signature_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.SIGNATURE):
        chosen(org, org.prekey("ana"), org.prekey("bo", signer=SigningKey.generate()))


def test_a_prekey_of_another_organisation_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ROOT):
        chosen(org, org.prekey("ana"), org.prekey("bo", root="a" * 52))


def test_the_order_of_ids_holds_whatever_order_the_charter_has(org: SimulatedOrganisation) -> None:
    reversed_desk = org.desk(reviewers=org.desk().reviewers[::-1])
    assert reversed_desk.reviewers[0].id == "bo"
    found = chosen(org, org.prekey("ana"), org.prekey("bo"), desks=(reversed_desk,))
    assert [stanza.reviewer for stanza in found.stanzas] == ["ana", "bo"]


def test_a_prekey_in_another_reviewers_name_is_refused(org: SimulatedOrganisation) -> None:
    prekey = open_prekey(org.prekey("bo"), root=org.root, reviewer="bo", identity=org.reviewers["bo"].public)
    raw = sign_note(write_document("prekeys", prekey), [("reviewer/ana", org.reviewers["ana"])])
    with refused(Failure.DESK):
        open_prekey(raw, root=org.root, reviewer="ana", identity=org.reviewers["ana"].public)
