# SPDX-License-Identifier: AGPL-3.0-or-later
"""A voice that has seen more of the log than a parcel brings is told, remembered, and compared when the log reaches so far."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import Log, Reviewer, sign_charter
from corncrake_crypto.encoding import b64url
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.merkle import leaf_hash, tree_root
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import leaf_entry

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said
    from tests.simulators.server import SimulatedServer

FALSE = b64url(bytes(32))


def grow(desk: Desk, server: SimulatedServer) -> int:
    """Publish a report; return the size of the tree."""
    server.take(desk.reporter().report())
    server.publish()
    return len(server.entries)


def seen(desk: Desk, number: int, size: int, root: str | None = None, *, signer: SigningKey | None = None) -> bytes:
    """Bo's edition that names the first leaves of the server's log, or another root."""
    org, server = desk.organisation, desk.server
    root = root or b64url(tree_root([leaf_hash(entry) for entry in server.entries[:size]]))
    ref = CharterRef(sequence=1, sha256=text_hash(unverified_text(server.charter)))
    log = LogHead(origin=server.origin, size=size, root=root)
    return org.head(reviewer="bo", signer=signer or org.reviewers["bo"], number=number, charter=ref, log=log)


def as_it_is(server: SimulatedServer) -> SimulatedServer:
    """A copy that does not grow with the server."""
    twin = copy.copy(server)
    twin.entries, twin.openings, twin.reports = list(server.entries), list(server.openings), dict(server.reports)
    return twin


def told(said: Said) -> list[str]:
    """The words of what is told of bo, and of nobody else."""
    return [fault["failure"] for fault in said.data["faults"] if fault["detail"].startswith("bo ")]


@pytest.fixture
def ahead(desk: Desk) -> int:
    """The size of the log that bo has seen the other side of; one parcel that brings less is here."""
    size = grow(desk, desk.server) + 64
    desk.server.heads = [seen(desk, 7, size, FALSE)]
    assert told(desk.bring(desk.server.parcel())) == ["withheld"]
    return size


def test_a_voice_with_a_longer_other_log_is_caught_when_this_log_is_as_long(desk: Desk, ahead: int) -> None:
    # The server does not show that edition again.
    desk.server.heads = []
    assert told(desk.run("status")) == ["withheld"]
    assert grow(desk, desk.server) == ahead
    said = desk.bring(desk.server.parcel())
    assert (said.code, told(said)) == (1, ["fork"])
    grow(desk, desk.server)
    assert told(desk.bring(desk.server.parcel())) == ["fork"]
    assert told(desk.run("status")) == ["fork"]


def test_an_older_edition_shown_again_takes_nothing_back(desk: Desk, ahead: int) -> None:
    desk.server.heads = [seen(desk, 6, len(desk.server.entries))]
    assert told(desk.bring(desk.server.parcel())) == ["withheld"]
    assert grow(desk, desk.server) == ahead
    assert told(desk.bring(desk.server.parcel())) == ["fork"]


def test_a_later_edition_that_fits_ends_it(desk: Desk, ahead: int) -> None:
    desk.server.heads = [seen(desk, 8, len(desk.server.entries))]
    assert told(desk.bring(desk.server.parcel())) == []
    assert grow(desk, desk.server) == ahead
    assert told(desk.bring(desk.server.parcel())) == []


def test_a_log_that_was_only_late_is_nothing_when_it_has_come(desk: Desk) -> None:
    grow(desk, desk.server)
    slow = as_it_is(desk.server)
    size = grow(desk, desk.server)
    slow.heads = desk.server.heads = [seen(desk, 7, size)]
    said = desk.bring(slow.parcel())
    assert (told(said), str(size) in said.data["faults"][0]["detail"]) == (["withheld"], True)
    desk.server.number = slow.number
    assert told(desk.bring(desk.server.parcel())) == []
    assert told(desk.run("status")) == []


def test_a_parcel_that_is_not_the_newest_tells_nothing_and_is_remembered(desk: Desk) -> None:
    grow(desk, desk.server)
    desk.server.number = 1
    assert told(desk.bring(desk.server.parcel())) == []
    size = len(desk.server.entries) + 64
    desk.server.heads = [seen(desk, 7, size, FALSE)]
    assert told(desk.bring(desk.server.parcel(number=1))) == []
    desk.server.heads = []
    assert grow(desk, desk.server) == size
    assert told(desk.bring(desk.server.parcel())) == ["fork"]


def test_what_a_former_key_has_signed_is_forgotten(desk: Desk, ahead: int) -> None:
    org, key = desk.organisation, SigningKey.generate()
    named = org.desk(reviewers=(org.desk().reviewers[0], Reviewer(id="bo", identity=b64url(key.public))))
    desk.server.charter = sign_charter(org.charter(sequence=2, desks=(named,), emergency=True), org.key)
    desk.server.heads = []
    assert told(desk.bring(desk.server.parcel())) == []
    assert grow(desk, desk.server) == ahead
    assert told(desk.bring(desk.server.parcel())) == []


def test_what_was_seen_of_one_log_is_not_asked_of_the_next(desk: Desk, ahead: int) -> None:
    org, server = desk.organisation, desk.server
    org.log_key, server.origin = SigningKey.generate(), "report.example.org/log/2"
    server.charter = sign_charter(org.charter(sequence=2, log=Log(origin=server.origin, key=b64url(org.log_key.public))), org.key)
    server.entries, server.openings, server.reports, server.heads = [leaf_entry("charter", unverified_text(server.charter))], [], {}, []
    grow(desk, server)
    assert told(desk.bring(server.parcel())) == []
    assert grow(desk, server) == ahead
    assert told(desk.bring(server.parcel())) == []
