# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a client believes about an organisation, and what it refuses."""

from datetime import date, timedelta
from typing import Any

import pytest

from corncrake_crypto.charter import (
    ORGANISATION,
    Organisation,
    Reviewer,
    is_origin,
    open_charter,
    root_of,
    sign_charter,
    sign_succession,
    tells_emergency,
)
from corncrake_crypto.charter_change import check_change, check_receipt
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import Failure
from corncrake_crypto.fields import CharterRef
from corncrake_crypto.note import sign_note, write_document
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import ORIGIN, TODAY, SimulatedOrganisation
from tests.simulators.refusal import refused


def opened(org: SimulatedOrganisation, raw: bytes, **changes: Any) -> Any:
    arguments: dict[str, Any] = {"root": org.root, "origin": ORIGIN, "today": TODAY}
    return open_charter(raw, **arguments | changes)


def signed_anyway(org: SimulatedOrganisation, **changes: Any) -> bytes:
    """Sign what `sign_charter` would refuse to."""
    return sign_note(write_document("charter", org.charter(**changes)), [(ORGANISATION, org.key)])


def test_a_charter_opens_by_its_pin(org: SimulatedOrganisation) -> None:
    assert opened(org, sign_charter(org.charter(), org.key)).charter == org.charter()


def test_a_charter_of_another_root_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ROOT):
        opened(org, sign_charter(org.charter(), org.key), root=bytes(32))


def test_a_charter_that_claims_the_pin_with_another_key_is_refused(org: SimulatedOrganisation) -> None:
    thief = SigningKey.generate()
    charter = org.charter(organisation=Organisation(key=b64url(thief.public), names={"en": "The Organisation"}))
    with refused(Failure.ROOT):
        opened(org, sign_charter(charter, thief))


def test_a_charter_with_a_foreign_signature_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.SIGNATURE):
        opened(org, sign_charter(org.charter(), SigningKey.generate()))


def test_a_charter_for_another_address_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ORIGIN):
        opened(org, sign_charter(org.charter(origin="https://report.example.com"), org.key))


def test_an_expired_charter_is_refused_the_day_after_its_last(org: SimulatedOrganisation) -> None:
    raw = sign_charter(org.charter(), org.key)
    last = org.charter().expires
    assert opened(org, raw, today=last)
    with refused(Failure.EXPIRED):
        opened(org, raw, today=last + timedelta(days=1))


def test_a_charter_from_more_than_two_days_ahead_is_refused(org: SimulatedOrganisation) -> None:
    assert opened(org, sign_charter(org.charter(issued=TODAY + timedelta(days=2)), org.key))
    with refused(Failure.NOT_YET_VALID):
        opened(org, sign_charter(org.charter(issued=TODAY + timedelta(days=3)), org.key))


def test_a_charter_that_would_live_96_days_is_refused(org: SimulatedOrganisation) -> None:
    assert opened(org, sign_charter(org.charter(issued=TODAY, expires=TODAY + timedelta(days=95)), org.key))
    with refused(Failure.CHARTER):
        opened(org, sign_charter(org.charter(issued=TODAY, expires=TODAY + timedelta(days=96)), org.key))


def test_a_charter_with_a_lower_sequence_than_one_known_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ROLLBACK):
        opened(org, sign_charter(org.charter(), org.key), floor=CharterRef(sequence=2, sha256="00" * 32))


def test_two_charters_of_one_sequence_are_equivocation(org: SimulatedOrganisation) -> None:
    raw = sign_charter(org.charter(), org.key)
    assert opened(org, raw, floor=opened(org, raw).ref)
    with refused(Failure.EQUIVOCATION):
        opened(org, raw, floor=CharterRef(sequence=1, sha256="00" * 32))


# -- succession ------------------------------------------------------------------------------------------------------------


def successors(org: SimulatedOrganisation, *notes: bytes, key: SigningKey) -> bytes:
    organisation = Organisation(key=b64url(key.public), names={"en": "The Organisation"})
    return sign_charter(org.charter(successions=tuple(note.decode() for note in notes), organisation=organisation), key)


def test_a_charter_opens_through_two_successions(org: SimulatedOrganisation) -> None:
    second, third = SigningKey.generate(), SigningKey.generate()
    chain = sign_succession(org.root, 1, org.key, second), sign_succession(org.root, 2, second, third)
    assert opened(org, successors(org, *chain, key=third)).charter.sequence == 1


def test_a_succession_that_the_old_key_did_not_sign_is_refused(org: SimulatedOrganisation) -> None:
    thief = SigningKey.generate()
    note = sign_succession(org.root, 1, org.key, thief)
    text, _, signatures = note.decode().partition("\n\n")
    only_new = [line for line in signatures.splitlines() if line.startswith("\u2014 successor")]
    with refused(Failure.SUCCESSION):
        opened(org, successors(org, (text + "\n\n" + only_new[0] + "\n").encode(), key=thief))


def test_a_chain_with_a_missing_link_is_refused(org: SimulatedOrganisation) -> None:
    second, third, fourth = (SigningKey.generate() for _ in range(3))
    chain = sign_succession(org.root, 1, org.key, second), sign_succession(org.root, 2, third, fourth)
    with refused(Failure.SUCCESSION):
        opened(org, successors(org, *chain, key=fourth))


def test_a_chain_that_leads_to_another_key_is_refused(org: SimulatedOrganisation) -> None:
    second, third = SigningKey.generate(), SigningKey.generate()
    with refused(Failure.SUCCESSION):
        opened(org, successors(org, sign_succession(org.root, 1, org.key, second), key=third))


def test_a_succession_out_of_its_place_is_refused(org: SimulatedOrganisation) -> None:
    second = SigningKey.generate()
    with refused(Failure.SUCCESSION):
        opened(org, successors(org, sign_succession(org.root, 2, org.key, second), key=second))


def test_a_succession_of_another_organisation_is_refused(org: SimulatedOrganisation) -> None:
    second = SigningKey.generate()
    with refused(Failure.SUCCESSION):
        opened(org, successors(org, sign_succession(bytes(32), 1, org.key, second), key=second))


def test_a_chain_that_begins_with_another_key_is_refused(org: SimulatedOrganisation) -> None:
    stranger, second = SigningKey.generate(), SigningKey.generate()
    with refused(Failure.ROOT):
        opened(org, successors(org, sign_succession(org.root, 1, stranger, second), key=second))


# -- what fields say about each other --------------------------------------------------------------------------------------


def test_a_charter_that_contradicts_itself_is_refused_by_signer_and_reader(org: SimulatedOrganisation) -> None:
    ana, bo = org.desk().reviewers
    twin = Reviewer(id="bo", identity=ana.identity)
    contradictions: list[dict[str, Any]] = [
        {"desks": (org.desk(), org.desk())},
        {"desks": (org.desk(min=3),)},
        {"desks": (org.desk(voices=("eve",)),)},
        {"desks": (org.desk(voices=("ana", "ana")),)},
        {"desks": (org.desk(reviewers=(ana, ana)),)},
        {"desks": (org.desk(reviewers=(ana, twin)),)},
        {"desks": (org.desk(reviewers=(ana, Reviewer(id="recovery", identity=bo.identity))),)},
        {"desks": (org.desk(), org.desk(id="press", reviewers=(ana, Reviewer(id="bo", identity=b64url(bytes(32))))))},
        {"desks": (org.desk(), org.desk(id="press", reviewers=(ana, Reviewer(id="eve", identity=bo.identity))))},
        {"release_keys": (ana.identity, ana.identity)},
        {"origin": "http://report.example.org"},
    ]
    for changes in contradictions:
        with refused(Failure.CHARTER):
            sign_charter(org.charter(**changes), org.key)
        with refused(Failure.CHARTER):
            opened(org, signed_anyway(org, **changes), origin=None)


@pytest.mark.parametrize(
    "origin",
    ["https://a.example", "https://a.example:8443", "http://127.0.0.1:8080", "http://localhost", "http://" + "a" * 56 + ".onion"],
)
def test_an_address_that_a_server_may_have_is_taken(origin: str) -> None:
    assert is_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://A.example",
        "https://a.example/",
        "http://a.example",
        "ftp://a.example",
        "https://a..example",
        "https://a.example:0",
        "https://u@a.example",
        "https://",
    ],
)
def test_an_address_that_no_server_may_have_is_refused(origin: str) -> None:
    assert not is_origin(origin)


def test_a_desk_that_is_not_there_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.DESK):
        org.charter().desk("press")


def test_the_root_is_the_hash_of_the_first_key(org: SimulatedOrganisation) -> None:
    assert root_text(root_of(org.key.public)) == org.charter().root


def test_a_charter_of_the_calendars_last_day_is_read_by_its_own_day_as_monitors_do(org: SimulatedOrganisation) -> None:
    raw = sign_charter(org.charter(issued=date.max, expires=date.max, emergency=True), org.key)
    opened = open_charter(raw, root=org.root, origin=None, today=date.max)
    assert tells_emergency(opened.charter, date.max)
    following = sign_charter(org.charter(sequence=2, issued=date.max, expires=date.max, emergency=True), org.key)
    then = open_charter(following, root=org.root, origin=None, today=date.max)
    check_change(opened, following, then, date.max)
    check_receipt(opened, following, then, date.max)
