# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server takes no charter that lets somebody in unseen, and gives out those that were in force, with their countersignatures."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from corncrake_crypto.charter import Reviewer
from corncrake_crypto.charter_change import countersign
from corncrake_crypto.encoding import b64url, day_text
from corncrake_crypto.signatures import SigningKey
from tests.server.conftest import MakeServer
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY


def with_a_third(server: RunningServer, **changes: Any) -> bytes:
    """The next charter, with a reviewer more."""
    keys = server.organisation.reviewers | {"cy": SigningKey.from_seed(bytes(32))}
    reviewers = tuple(Reviewer(id=name, identity=b64url(key.public)) for name, key in keys.items())
    return server.sign_charter(**{"sequence": 2, "desks": (server.organisation.desk(reviewers=reviewers),)} | changes)


def bring(server: RunningServer, charter: bytes) -> httpx.Response:
    return server.push("ana", 2, server.parcel("ana", 2, [("charter.note", charter)]))


def test_a_reviewer_whom_nobody_let_in_is_refused_and_the_charter_stays(fresh_server: RunningServer) -> None:
    before = fresh_server.get("/v1/charter").content
    answer = bring(fresh_server, with_a_third(fresh_server))
    assert (answer.status_code, answer.json()["failure"]) == (403, "signature")
    assert fresh_server.get("/v1/charter").content == before
    assert fresh_server.get("/v1/charters/2").status_code == 404


def test_a_reviewer_whom_half_of_the_desk_let_in_is_taken(fresh_server: RunningServer) -> None:
    first = fresh_server.get("/v1/charter").content
    charter = countersign(with_a_third(fresh_server), "bo", fresh_server.organisation.reviewers["bo"])
    assert bring(fresh_server, charter).status_code == 201
    assert fresh_server.get("/v1/charter").content == charter
    assert [fresh_server.get(f"/v1/charters/{number}").content for number in (1, 2)] == [first, charter]


def test_an_emergency_is_taken_and_must_be_told_again(fresh_server: RunningServer) -> None:
    assert bring(fresh_server, with_a_third(fresh_server, emergency=True, issued=TODAY)).status_code == 201
    following = with_a_third(fresh_server, sequence=3, issued=TODAY)
    answer = fresh_server.push("ana", 3, fresh_server.parcel("ana", 3, [("charter.note", following)]))
    assert (answer.status_code, answer.json()["failure"]) == (400, "charter")


@pytest.mark.parametrize("by_hand", [False, True])
def test_an_emergency_that_lets_somebody_in_is_taken_for_seven_days(fresh_server: RunningServer, by_hand: bool) -> None:
    before = fresh_server.get("/v1/charter").content
    old = with_a_third(fresh_server, emergency=True, issued=TODAY - timedelta(days=8))
    if by_hand:
        refused = fresh_server.bring(old)
        assert refused.returncode != 0
        assert "sign it anew" in refused.stderr
    else:
        answer = bring(fresh_server, old)
        assert (answer.status_code, answer.json()["failure"]) == (400, "charter")
    assert fresh_server.get("/v1/charter").content == before
    new = with_a_third(fresh_server, emergency=True, issued=TODAY - timedelta(days=7))
    assert fresh_server.bring(new).returncode == 0
    # What is here is not measured again.
    assert fresh_server.bring(new).returncode == 0


def test_an_emergency_must_be_told_again_also_when_a_charter_before_it_never_came(make_server: MakeServer) -> None:
    server = make_server()
    assert server.bring(with_a_third(server, sequence=3, emergency=True, issued=TODAY)).returncode == 0
    assert server.bring(with_a_third(server, sequence=4, issued=TODAY)).returncode != 0


def test_an_emergency_is_over_after_thirty_days_however_often_it_was_repeated(make_server: MakeServer) -> None:
    server = make_server()
    for sequence, days, told in ((2, 0, True), (3, 25, True), (5, 29, True), (6, 30, False)):
        day = TODAY + timedelta(days=days)
        server.environment["CORNCRAKE_TODAY"] = day_text(day)
        fields: dict[str, Any] = {"sequence": sequence, "issued": day, "expires": day + timedelta(days=90)}
        if days == 29:
            silent = server.bring(with_a_third(server, **fields))
            assert (silent.returncode != 0, "emergency" in silent.stderr) == (True, True)
        taken = server.bring(with_a_third(server, **fields, emergency=told or None))
        assert taken.returncode == 0, taken.stderr


def test_a_repeated_emergency_of_an_earlier_day_would_be_shown_to_nobody_and_is_refused(make_server: MakeServer) -> None:
    server = make_server()
    assert server.bring(with_a_third(server, emergency=True, issued=TODAY)).returncode == 0
    back = TODAY - timedelta(days=31)
    hiding = server.bring(with_a_third(server, sequence=3, emergency=True, issued=back, expires=back + timedelta(days=90)))
    assert hiding.returncode != 0
    assert "hide" in hiding.stderr


def test_no_charter_has_the_number_nought_or_one_that_is_too_large(fresh_server: RunningServer) -> None:
    for number in ("0", "3", str(1 << 60), "-1", "x"):
        assert fresh_server.get(f"/v1/charters/{number}").status_code == 404
