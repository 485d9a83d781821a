# SPDX-License-Identifier: AGPL-3.0-or-later
"""Editions, their heads and tiles; acknowledgements to a server."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from corncrake_crypto.acknowledgement import Acknowledgement, open_acknowledgement, sign_acknowledgement
from corncrake_crypto.edition import (
    MAX_BITS,
    SEALED_REPLY,
    SLOT,
    OpenedEdition,
    bucket,
    check_heads,
    find,
    newest_heads,
    open_edition,
    read_tile,
    reply_tag,
    tile_hash,
    write_tile,
)
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import Failure
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import TODAY, SimulatedOrganisation
from tests.simulators.refusal import refused


def opened(org: SimulatedOrganisation, raw: bytes, **changes: Any) -> OpenedEdition:
    arguments: dict[str, Any] = {"root": org.root, "desk": "legal", "reviewer": "ana", "identity": org.reviewers["ana"].public}
    return open_edition(raw, **arguments | changes)


def test_a_head_opens_for_its_desk_and_reviewer(org: SimulatedOrganisation) -> None:
    assert opened(org, org.head()).edition.number == 1


def test_a_head_of_another_desk_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.DESK):
        opened(org, org.head(), desk="press")


def test_a_head_of_another_organisation_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ROOT):
        opened(org, org.head(), root=bytes(32))


def test_a_head_with_a_foreign_signature_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.SIGNATURE):
        opened(org, org.head(signer=SigningKey.generate()))


@pytest.mark.parametrize("changes", [{"bits": 1}, {"slots": 24}, {"tiles": ("00" * 32,) * 2}])
def test_a_head_that_contradicts_itself_is_refused_by_its_signer(org: SimulatedOrganisation, changes: dict[str, Any]) -> None:
    with refused(Failure.EDITION):
        org.head(**changes)


def test_the_newest_head_of_a_voice_holds(org: SimulatedOrganisation) -> None:
    heads = newest_heads(org.opened(), "legal", [org.head(number=2), org.head(number=3), org.head()])
    assert [head.edition.number for head in heads] == [3]


def test_two_heads_of_one_number_are_equivocation(org: SimulatedOrganisation) -> None:
    with refused(Failure.EQUIVOCATION):
        newest_heads(org.opened(), "legal", [org.head(), org.head(day=TODAY - timedelta(days=1))])


def test_a_head_of_a_reviewer_who_is_no_voice_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.DESK):
        newest_heads(org.opened(), "legal", [org.head(reviewer="bo", signer=org.reviewers["bo"])])


def test_a_charter_older_than_one_that_a_head_names_is_refused(org: SimulatedOrganisation) -> None:
    head = org.opened_head(charter=CharterRef(sequence=2, sha256="00" * 32))
    with refused(Failure.ROLLBACK):
        check_heads(org.opened(), [head], TODAY)


def test_a_charter_that_differs_from_the_one_a_head_names_is_equivocation(org: SimulatedOrganisation) -> None:
    with refused(Failure.EQUIVOCATION):
        check_heads(org.opened(), [org.opened_head()], TODAY)


def test_a_slow_clock_does_not_keep_an_expired_charter_alive(org: SimulatedOrganisation) -> None:
    charter = org.opened(expires=TODAY)
    head = org.opened_head(charter=charter.ref, day=TODAY + timedelta(days=1))
    with refused(Failure.EXPIRED):
        check_heads(charter, [head], TODAY - timedelta(days=5))


def test_a_desk_is_quiet_when_no_head_is_newer_than_14_days(org: SimulatedOrganisation) -> None:
    charter = org.opened()
    heads = [org.opened_head(charter=charter.ref)]
    assert not check_heads(charter, heads, TODAY + timedelta(days=14)).quiet
    assert check_heads(charter, heads, TODAY + timedelta(days=15)) == (TODAY + timedelta(days=15), TODAY, True)
    assert check_heads(charter, [], TODAY) == (TODAY, None, True)


# -- tiles -----------------------------------------------------------------------------------------------------------------


def sealed(number: int) -> bytes:
    return bytes([number]) * SEALED_REPLY


def test_a_slot_is_found_by_its_tag_and_another_tag_finds_nothing(org: SimulatedOrganisation) -> None:
    tag = reply_tag(bytes(32), bytes(32), "legal", "ana", 1, 0)
    raw = org.tile((tag, sealed(1)))
    tile = read_tile(raw, 8, tile_hash(raw))
    assert find(tile, tag) == sealed(1)
    assert find(tile, reply_tag(bytes(32), bytes(32), "legal", "ana", 2, 0)) is None
    assert find(tile, b"\xff" * 16) is None


def test_every_tile_has_one_size(org: SimulatedOrganisation) -> None:
    assert len(org.tile()) == len(org.tile((bytes(16), sealed(1)))) == 8 * SLOT == 62_552


def test_a_tile_that_the_head_does_not_name_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.EDITION):
        read_tile(org.tile(), 8, "00" * 32)


def test_a_tile_with_another_number_of_slots_is_refused(org: SimulatedOrganisation) -> None:
    raw = org.tile()
    with refused(Failure.EDITION):
        read_tile(raw, 16, tile_hash(raw))


@pytest.mark.parametrize("order", [(1, 0), (0, 0)])
def test_a_tile_whose_tags_do_not_rise_is_refused(order: tuple[int, int]) -> None:
    raw = b"".join(bytes([number]) * 16 + sealed(0) for number in (*order, 2, 3, 4, 5, 6, 7))
    with refused(Failure.EDITION):
        read_tile(raw, 8, tile_hash(raw))


def test_a_tile_is_not_written_with_a_slot_missing_or_a_tag_twice() -> None:
    for tags in (range(7), (0, 0, *range(1, 7))):
        with refused(Failure.MISUSE):
            write_tile([(bytes([number]) * 16, sealed(0)) for number in tags], 8)


def test_buckets_split_in_two_when_a_bit_is_added() -> None:
    thread = bytes(range(32))
    assert bucket("legal", thread, 0) == 0
    for bits in range(MAX_BITS):
        assert bucket("legal", thread, bits + 1) >> 1 == bucket("legal", thread, bits)
    digest = hashlib.sha256(b"corncrake.org/v1/bucket\nlegal\n" + thread).digest()
    assert bucket("legal", thread, 10) == int.from_bytes(digest[:2], "big") >> 6


def test_tags_differ_by_everything_that_goes_in() -> None:
    tags = {
        reply_tag(key, thread, desk, reviewer, number, part)
        for key in (bytes(32), b"1" * 32)
        for thread in (bytes(32), b"2" * 32)
        for desk in ("legal", "press")
        for reviewer in ("ana", "bo")
        for number in (1, 2)
        for part in (0, 1)
    }
    assert len(tags) == 64


# -- acknowledgements ------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_opens_for_its_reviewer_only(org: SimulatedOrganisation) -> None:
    log = LogHead(origin="report.example.org/log/1", size=0, root=b64url(bytes(32)))
    value = Acknowledgement(root=root_text(org.root), reviewer="ana", number=1, reports=("ab" * 32,), aside=(), log=log)
    raw = sign_acknowledgement(value, org.reviewers["ana"])
    ana, bo = (org.reviewers[name].public for name in ("ana", "bo"))
    assert open_acknowledgement(raw, root=org.root, reviewer="ana", identity=ana) == value
    with refused(Failure.SIGNATURE):
        open_acknowledgement(raw, root=org.root, reviewer="bo", identity=bo)
    with refused(Failure.ROOT):
        open_acknowledgement(raw, root=bytes(32), reviewer="ana", identity=ana)
