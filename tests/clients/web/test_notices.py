# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page says of the organisation before a person writes: an emergency, and voices that somebody may be keeping back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import Recovery
from corncrake_crypto.encoding import b64url
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.identities import Identity
from corncrake_crypto.merkle import EMPTY_ROOT
from corncrake_crypto.note import text_hash, unverified_text, write_bundle
from tests.clients.web.conftest import shot
from tests.clients.web.test_access import NARROW, SAY, SIZES, faults
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.server.running import RunningServer


def papers(page: Page, server: RunningServer, *heads: tuple[str, int, int], **changes: Any) -> None:
    """Have the page get another charter, of two voices, and these heads: voice, age in days, and sequence of the charter that it names."""
    org = server.organisation
    fields: dict[str, Any] = {"sequence": 7, "issued": TODAY - timedelta(days=40), "expires": TODAY + timedelta(days=50)}
    charter = server.sign_charter(**fields | {"desks": (org.desk(voices=("ana", "bo")),)} | changes)
    sha256 = text_hash(unverified_text(charter))
    log = LogHead(origin=server.log_origin, size=0, root=b64url(EMPTY_ROOT))
    notes = [
        org.head(
            reviewer=voice,
            signer=org.reviewers[voice],
            day=TODAY - timedelta(days=age),
            charter=CharterRef(sequence=sequence, sha256=sha256 if sequence == 7 else "ab" * 32),
            log=log,
        )
        for voice, age, sequence in heads
    ]

    def give(body: bytes, kind: str) -> Callable[[Route], None]:
        return lambda route: route.fulfill(status=200, body=body, content_type=kind)

    page.route("**/v1/charter", give(charter, "text/plain"))
    page.route("**/v1/desks/legal/heads", give(write_bundle(notes), "application/json"))


@pytest.mark.parametrize("language", sorted(SAY))
def test_an_emergency_and_a_voice_that_is_kept_back_are_told_on_the_first_screen(
    new_page: Callable[..., Page], page_server: RunningServer, address: str, language: str
) -> None:
    page = new_page(viewport=SIZES["phone"], locale=language, bypass_csp=True)
    papers(page, page_server, ("ana", 0, 7), ("bo", 15, 7), emergency=True, issued=TODAY - timedelta(days=29))
    page.goto(address)
    start = page.get_by_role("button", name=SAY[language]["start"])
    start.wait_for()
    emergency, unseen = page.get_by_role("alert").all()
    assert TODAY.isoformat() in emergency.inner_text()
    assert "bo" in unseen.inner_text()
    assert (TODAY - timedelta(days=15)).isoformat() in unseen.inner_text()
    shot(page, f"notices-{language}")
    assert faults(page) == []
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    shot(page, f"notices-narrow-{language}")
    # It stops nobody.
    start.click()
    page.locator("textarea").first.wait_for()


def test_nothing_is_told_when_there_is_nothing_to_tell(page: Page, page_server: RunningServer, address: str) -> None:
    papers(page, page_server, ("ana", 0, 7), ("bo", 14, 7), emergency=True, issued=TODAY - timedelta(days=30))
    page.goto(address)
    page.get_by_role("button", name="Write a report").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_a_newer_charter_that_one_voice_has_seen_refuses_the_old_one(page: Page, page_server: RunningServer, address: str) -> None:
    papers(page, page_server, ("ana", 0, 7), ("bo", 3, 8))
    page.goto(address)
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_role("button", name="Write a report").count() == 0


RECOVERABLE = {
    "en": ("2 people at this desk can open it.", "A recovery key can open it too."),
    "es": ("2 personas de esta mesa pueden abrirlo.", "También puede abrirlo una clave de recuperación."),
}


@pytest.mark.parametrize("language", sorted(SAY))
def test_a_recovery_key_is_told_and_is_no_person_at_the_desk(
    new_page: Callable[..., Page], page_server: RunningServer, address: str, language: str
) -> None:
    page = new_page(viewport=SIZES["phone"], locale=language, bypass_csp=True)
    recovery = Recovery(
        number=1,
        quarter="2026-Q4",
        recipient=Identity.generate().recipient.text,
        not_before=TODAY - timedelta(days=30),
        not_after=TODAY + timedelta(days=30),
    )
    papers(page, page_server, ("ana", 0, 7), ("bo", 0, 7), desks=(page_server.organisation.desk(voices=("ana", "bo"), recovery=(recovery,)),))
    page.goto(address)
    page.get_by_role("button", name=SAY[language]["start"]).click()
    page.locator("textarea").first.fill("x")
    page.get_by_role("button", name=SAY[language]["next"], exact=True).click()
    for sentence in RECOVERABLE[language]:
        page.get_by_text(sentence).wait_for()
    shot(page, f"recovery-{language}")
    assert faults(page) == []
