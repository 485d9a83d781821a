# SPDX-License-Identifier: AGPL-3.0-or-later
"""A thief has the vault of one of two voices, its passphrase and the server: what reporters are told, what the thief reads, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from corncrake_crypto.note import read_bundle
from development.page_walk import PATIENCE_MS, browser
from tests.clients.web.conftest import DIST
from tests.paths.thief import COPY, SOCKET, Theft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

AWAY = 40
"""Days without bo: the key of the first week is destroyed 30 days after its end."""


class Story:
    """What was sent, and the days on which things happened."""

    def __init__(self, theft: Theft) -> None:
        world = theft.world
        world.open_for("ana", "bo")
        self.early = world.report("Before bo was away.").report
        self.early_was_open = world.opens(world.keys_in(world.file("bo")))
        world.alive = ["ana"]
        assert world.carry()["ana"].data["reports"] == [self.early]
        world.pass_days(AWAY)
        world.alive = ["ana", "bo"]
        for who in world.alive:
            world.unlocked(who, "--confirm-date", world.day.isoformat(), "prekeys")
            world.work(who)
        self.read = world.report("Read by bo.").report
        world.operate("publish")
        for who in world.alive:
            world.catch_up(who)
        self.unread = world.report("Not read by bo.").report
        theft.rob()
        self.cases = len(world.unlocked(COPY, "list")["threads"])
        self.robbed = world.day
        self.ends = world.opened("1.note").charter.expires
        world.pass_days(1)
        assert world.change("2.note", "revoke", "bo").code == 0
        world.alive = ["ana"]
        world.put_in_force("2.note")
        world.work("ana")
        with world.client() as client:
            self.news = read_bundle(client.get("/v1/desks/legal/heads").content)
        self.late = world.report("After bo was revoked.")
        assert self.late.report in world.carry()["ana"].data["reports"]


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theft, Story]]:
    """The organisation has revoked bo; the thief has what bo's vault and the server had on the day before, and the server."""
    assert (DIST / "index.html").is_file(), "the page is not built: cd clients && npm run build"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CORNCRAKE_PAGE_DIR", str(DIST))
        theft = Theft(tmp_path_factory.mktemp("robbed"), patched)
        try:
            story = Story(theft)
            theft.take_over()
            yield theft, story
        finally:
            theft.end()


@pytest.fixture
def theft(robbed: tuple[Theft, Story]) -> Theft:
    theft, _ = robbed
    theft.shown = []
    theft.between.seen.clear()
    return theft


@pytest.fixture(scope="module")
def visitors(robbed: tuple[Theft, Story]) -> Iterator[Visitors]:
    """It comes when all commands of the server's operator are over: they have an event loop of their own."""
    with browser() as chromium:
        yield Visitors(chromium, robbed[0])


@pytest.fixture
def story(robbed: tuple[Theft, Story]) -> Story:
    return robbed[1]


class Visitors:
    """Who has only a browser: the page as the thief's server serves it, and the copy of it on somebody's disk."""

    def __init__(self, chromium: Browser, theft: Theft) -> None:
        self.chromium = chromium
        fragment = f"r={theft.world.root}&d=legal"
        saved = f"{(DIST / 'saved.html').as_uri()}#{fragment}&o={quote(theft.between.origin, safe='')}"
        self.addresses = (f"{theft.between.origin}/#{fragment}", saved)

    def come(self, day: date) -> Iterator[Page]:
        """Open each, on a device with this day."""
        for address in self.addresses:
            page = self.chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
            page.set_default_timeout(PATIENCE_MS)
            page.clock.set_fixed_time(datetime.combine(day, time(12), UTC))
            page.goto(address)
            yield page
            page.close()

    def are_refused(self, day: date, said: str) -> None:
        """Both say this and let nobody write."""
        for page in self.come(day):
            page.get_by_text(said).wait_for()
            assert page.get_by_role("button", name="Write a report").count() == 0

    def are_let_in(self, day: date, *told: str) -> None:
        """Both let people write, and have told exactly this before."""
        for page in self.come(day):
            page.get_by_role("button", name="Write a report").wait_for()
            alerts = page.get_by_role("alert").all_inner_texts()
            assert len(alerts) == len(told)
            assert all(sentence in alert for sentence, alert in zip(told, alerts, strict=True))


def test_what_bo_s_copied_vault_opens_ends_at_the_revocation_and_begins_after_the_weeks_that_were_destroyed(theft: Theft, story: Story) -> None:
    world = theft.world
    assert story.early_was_open == {story.early}
    assert world.opens(theft.keys) == {story.read, story.unread}
    assert story.cases == 1, "of what bo had not read before there is nothing else in the copy"
    assert {to.reviewer for to in story.late.stanzas} == {"ana"}
    assert story.late.report in world.opens(world.keys_in(world.file("ana")))


def test_the_organisation_s_server_takes_nothing_of_the_copied_vault(theft: Theft) -> None:
    world = theft.world
    parcel = str(world.file("for-the-server.parcel"))
    world.unlocked(COPY, "export", parcel)
    said = world.courier("push", parcel)
    assert (said.code, said.data["failure"]) == (1, "signature")


def test_whoever_is_shown_what_ana_has_signed_since_refuses_the_old_charter_however_fresh_bo_s_head_is(
    theft: Theft, story: Story, visitors: Visitors
) -> None:
    day = story.robbed + timedelta(days=1)
    theft.go_on(day)
    assert theft.serves() == [(1, ["ana", story.robbed]), (1, ["bo", day])]
    theft.shown = list(story.news)
    ran = theft.send("It happened on the bridge.")
    assert (ran.code, ran.err.partition(":")[0]) == (1, "rollback")
    assert "do not go on: ask the organisation in another way" in ran.err
    visitors.are_refused(day, "The server showed papers that do not fit the link that you opened (rollback). Do not go on here")
    assert theft.asked("POST") == 0
    pulled = theft.world.courier("pull", "--out", str(theft.world.file("false.parcel")), socket=SOCKET)
    assert (pulled.code, pulled.data["failure"]) == (1, "rollback")


def test_when_ana_s_news_is_kept_back_people_write_to_the_thief_and_are_told_after_14_days_until_the_charter_ends(
    theft: Theft, story: Story, visitors: Visitors
) -> None:
    world, since = theft.world, story.robbed.isoformat()
    for day, unseen in ((story.robbed + timedelta(days=14), []), (story.robbed + timedelta(days=15), ["ana"]), (story.ends, ["ana"])):
        theft.go_on(day)
        ran = theft.send("It happened on the bridge.")
        assert (ran.code, ran.data["unseen"]) == (0, [{"reviewer": who, "last_seen": since} for who in unseen]), ran
        assert (f"ana, has not been seen since {since}" in ran.err) is bool(unseen)
        visitors.are_let_in(day, *(f"{who}, has not been seen since {since}" for who in unseen))
        assert ran.data["report"] in theft.read_all()
    # The thief's new keys open what was written to the thief, and nothing that was written to the organisation.
    assert world.opens(world.keys_in(world.file(COPY))) & {story.early, story.late.report} == set()
    theft.between.seen.clear()
    world.travel(story.ends + timedelta(days=1))
    ran = theft.send("It happened on the bridge.")
    assert (ran.code, ran.err.partition(":")[0]) == (1, "expired")
    visitors.are_refused(world.day, "The desk's papers have run out (expired).")
    assert theft.asked("POST") == 0
