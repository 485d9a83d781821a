# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vault says which other voice of its desks has not been seen: away, or kept back by the server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import sign_charter
from corncrake_crypto.fields import CharterRef
from corncrake_crypto.note import text_hash, unverified_text
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [(0, None), (14, None), (15, f"since {(TODAY - timedelta(days=15)).isoformat()}"), (None, "at all")],
)
def test_a_voice_that_was_not_seen_for_two_weeks_is_told(desk: Desk, days_ago: int | None, said: str | None) -> None:
    org = desk.organisation
    charter = org.charter(desks=(org.desk(voices=("ana", "bo")),), issued=TODAY - timedelta(days=40), expires=TODAY + timedelta(days=50))
    desk.server.charter = sign_charter(charter, org.key)
    if days_ago is not None:
        ref = CharterRef(sequence=1, sha256=text_hash(unverified_text(desk.server.charter)))
        desk.server.heads = [org.head(reviewer="bo", signer=org.reviewers["bo"], day=TODAY - timedelta(days=days_ago), charter=ref)]
    needs = desk.bring(desk.server.parcel()).data["needs"]
    assert [need.partition(":")[0] for need in needs if "has not been seen" in need] == (
        [] if said is None else [f"bo of the desk legal has not been seen {said}"]
    )
