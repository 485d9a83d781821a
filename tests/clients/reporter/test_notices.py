# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the program says of the organisation before a person writes: an emergency, and voices that somebody may be keeping back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import Recovery
from corncrake_crypto.encoding import b64url, day_text
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.identities import Identity
from corncrake_crypto.merkle import EMPTY_ROOT
from corncrake_crypto.note import text_hash, unverified_text, write_bundle
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.reporter.conftest import Answer, Middle, Ran, Run

TELL = ("--text", "It happened on the bridge.", "--json")


class Thief:
    """Has one voice's key, ana's, and the server: gives an old charter, and the heads that suit."""

    def __init__(self, middle: Middle, **changes: Any) -> None:
        org = middle.server.organisation
        self.middle = middle
        fields: dict[str, Any] = {"sequence": 7, "issued": TODAY - timedelta(days=40), "expires": TODAY + timedelta(days=50)}
        fields["desks"] = (org.desk(voices=("ana", "bo")),)
        self.charter = middle.server.sign_charter(**fields | changes)
        self.heads: list[bytes] = []
        middle.between.change = self.change

    def change(self, _method: str, path: str, answer: Answer) -> Answer:
        if path == "/v1/charter":
            return answer._replace(status=200, body=self.charter)
        if path.endswith("/heads"):
            return answer._replace(status=200, body=write_bundle(self.heads))
        return answer

    def head(self, reviewer: str, *, days_ago: int = 0, sequence: int = 7) -> None:
        """Show a head of a voice, made so many days ago, that names a charter: the one that is given, or a newer one."""
        sha256 = text_hash(unverified_text(self.charter)) if sequence == 7 else "ab" * 32
        fields: dict[str, Any] = {"reviewer": reviewer, "day": TODAY - timedelta(days=days_ago)}
        fields |= {"charter": CharterRef(sequence=sequence, sha256=sha256)}
        fields |= {"log": LogHead(origin=self.middle.server.log_origin, size=0, root=b64url(EMPTY_ROOT))}
        org = self.middle.server.organisation
        self.heads.append(org.head(signer=org.reviewers[reviewer], **fields))


def send(run: Run, middle: Middle) -> Ran:
    return run(middle.server, "send", *TELL)


def test_a_newer_charter_that_one_voice_has_seen_refuses_the_old_one(middle: Middle, run: Run) -> None:
    thief = Thief(middle)
    thief.head("ana")
    thief.head("bo", days_ago=3, sequence=8)
    ran = send(run, middle)
    assert (ran.code, ran.err.partition(":")[0]) == (1, "rollback")
    assert not any(method == "POST" for method, _, _ in middle.between.seen)


@pytest.mark.parametrize(("days_ago", "said"), [(15, (TODAY - timedelta(days=15)).isoformat()), (None, None)])
def test_a_voice_that_is_kept_back_is_told_and_by_name(middle: Middle, run: Run, days_ago: int | None, said: str | None) -> None:
    thief = Thief(middle)
    thief.head("ana")
    if days_ago is not None:
        thief.head("bo", days_ago=days_ago)
    ran = send(run, middle)
    assert ran.code == 0, ran.err
    assert ran.said["unseen"] == [{"reviewer": "bo", "last_seen": said}]
    assert f"bo, has not been seen {'since ' + said if said else 'at all'}" in ran.err
    assert "keeps their news from you" in ran.err


def test_who_was_seen_within_two_weeks_is_not_spoken_of(middle: Middle, run: Run) -> None:
    thief = Thief(middle)
    thief.head("ana")
    thief.head("bo", days_ago=14)
    ran = send(run, middle)
    assert (ran.code, ran.said["unseen"], ran.said["emergency"]) == (0, [], False)
    assert "keeps their news" not in ran.err


@pytest.mark.parametrize(("days_ago", "told"), [(0, True), (29, True), (30, False)])
def test_an_emergency_is_told_for_thirty_days_before_anything_is_written(middle: Middle, run: Run, days_ago: int, told: bool) -> None:
    issued = TODAY - timedelta(days=days_ago)
    thief = Thief(middle, emergency=True, issued=issued)
    thief.head("ana")
    thief.head("bo")
    ran = send(run, middle)
    assert (ran.code, ran.said["emergency"]) == (0, told), ran.err
    assert (f"told until {day_text(issued + timedelta(days=29))}" in ran.err) == told
    spanish = run(middle.server, "send", *TELL, language="es")
    assert ("cambió quién lee los avisos" in spanish.err) == told


def test_a_recovery_key_is_told_and_is_no_person_at_the_desk(middle: Middle, run: Run) -> None:
    recovery = Recovery(
        number=1,
        quarter="2026-Q4",
        recipient=Identity.generate().recipient.text,
        not_before=TODAY - timedelta(days=30),
        not_after=TODAY + timedelta(days=30),
    )
    thief = Thief(middle, desks=(middle.server.organisation.desk(voices=("ana", "bo"), recovery=(recovery,)),))
    thief.head("ana")
    thief.head("bo")
    ran = run(middle.server, "send", typed="One\n.\nno\n")
    assert "2 people at this desk can open it." in ran.err
    assert "A recovery key can open it too." in ran.err
