# SPDX-License-Identifier: AGPL-3.0-or-later
"""A year in minutes: weekly keys, quarterly charters and paper, people who come, go, are robbed and lose everything.

Every week a report is sent and recorded as an enemy would; every week each vault must open what it should, and every key that anybody has,
thieves' copies included, must open exactly what it may and nothing else.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.prekeys import epoch_days, epoch_of
from tests.clients.vault.paper import share_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_crypto.identities import Identity
    from tests.paths.world import Recorded, World

WEEKS = 53
GRACE = timedelta(days=30)
"""How long a weekly key outlives its week, as the documents promise."""
WEEKS_AHEAD = 8
"""For how many weeks, its own included, a vault that works has keys, as the documents promise."""


class Stolen(NamedTuple):
    """A vault that was copied with its passphrase: its keys, the day, and how many reports had been recorded by then."""

    keys: list[Identity]
    day: date
    seen: int


def quarter_of(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


class Year:
    """The year: what is in force, and what was stolen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sequence = 1
        self.stolen: dict[str, Stolen] = {}
        self.paper_of: dict[str, str] = {}
        self.given_back: set[str] = set()

    # -- ceremonies --------------------------------------------------------------------------------------------------------

    def sign(self, *words: str, agreed_by: str | None = None) -> None:
        """Do a ceremony that signs a charter; have somebody countersign; put it in force."""
        self.sequence += 1
        name = f"{self.sequence}.note"
        said = self.world.change(name, *words)
        assert said.code == 0, said
        if agreed_by is not None:
            assert self.world.countersign(agreed_by, name).data["complete"]
        self.world.put_in_force(name)

    def next_quarter_on_paper(self, quarter: str) -> None:
        folder = f"paper {quarter}"
        self.sign("recovery", "legal", quarter, "2", "3", str(self.world.file(folder)), agreed_by=self.world.alive[0])
        self.paper_of[quarter] = folder

    def enrol(self, who: str, agreed_by: str) -> None:
        request = self.world.join(who)
        self.world.alive.append(who)
        self.sign("enrol", "legal", request, "--voice", agreed_by=agreed_by)
        self.world.catch_up(who)
        self.world.work(who)

    def steal(self, who: str) -> None:
        """Copy a vault with its passphrase."""
        self.stolen[who] = Stolen(self.world.keys_in(self.world.copy_of(who)), self.world.day, len(self.world.recorded))

    def retire(self, who: str, how: str) -> None:
        self.world.alive.remove(who)
        self.sign(how, who)

    def succeed(self) -> None:
        assert self.world.org("successor").code == 0
        self.world.paper("successor's sheets")
        self.sign("succeed")

    def lose_everything(self) -> None:
        """All vaults burn. A new reviewer starts with paper and an emergency."""
        lost, self.world.alive = list(self.world.alive), ["eve"]
        self.sign("enrol", "legal", self.world.join("eve"), "--voice", "--emergency")
        for who in lost:
            self.sign("revoke", who)
        self.world.catch_up("eve")
        self.world.work("eve")
        for quarter, folder in self.paper_of.items():
            typed = "\n".join(share_on(self.world.file(folder) / f"share-{place}.pdf") for place in (2, 3)) + "\n\n"
            said = self.world.vault("eve", "recovery", "use", "legal", quarter, stdin=typed)
            if said.code == 0:
                self.given_back.add(quarter)
            else:
                # Its time is over, or no charter names it any more.
                assert said.data["failure"] in {"expired", "misuse"}

    # -- what must hold ----------------------------------------------------------------------------------------------------

    def should_open(self, who: str, one: Recorded) -> bool:
        mine = [to for to in one.stanzas if to.reviewer == who]
        by_week = bool(mine) and epoch_days(mine[0].epoch)[1] + GRACE >= self.world.day
        quarter = quarter_of(one.day)
        by_paper = who == "eve" and quarter in self.given_back and any(to.reviewer == "recovery" for to in one.stanzas)
        return by_week or (by_paper and self.paper_lives(quarter))

    @staticmethod
    def thief_opens(who: str, stolen: Stolen, one: Recorded) -> bool:
        """Say whether a copy of that day has the key: of weeks whose grace was not over then, and of those for which keys were made ahead."""
        weeks = [to.epoch for to in one.stanzas if to.reviewer == who]
        return any(epoch_days(week)[1] + GRACE >= stolen.day and week < epoch_of(stolen.day) + WEEKS_AHEAD for week in weeks)

    def paper_lives(self, quarter: str) -> bool:
        year, place = int(quarter[:4]), int(quarter[-1])
        ends = date(year + place // 4, 3 * place % 12 + 1, 1) - timedelta(days=1)
        return ends + timedelta(days=90) >= self.world.day

    def check(self) -> None:
        world = self.world
        for who in world.alive:
            expected = {one.report for one in world.recorded if self.should_open(who, one)}
            assert world.opens(world.keys_in(world.file(who))) == expected, (who, world.day)
        for who, stolen in self.stolen.items():
            expected = {one.report for one in world.recorded if self.thief_opens(who, stolen, one)}
            assert world.opens(stolen.keys) == expected, (who, world.day)

    def week(self) -> None:
        """A week goes by: a report comes, is carried, and everybody works."""
        world = self.world
        world.pass_days(7)
        sent = world.report()
        assert {to.reviewer for to in sent.stanzas} - {"recovery"} == set(world.alive), world.day
        assert ("recovery" in {to.reviewer for to in sent.stanzas}) is (quarter_of(world.day) in self.paper_of)
        for who, said in world.carry().items():
            assert said.code == 0, (who, world.day, said)
            assert sent.report in said.data["reports"]
            assert sent.report not in {one["report"] for one in said.data["kept_aside"]}, (who, said)
            world.work(who)
        self.check()


def test_a_year_of_weeks_quarters_thefts_and_losses(world: World) -> None:
    world.open_for("ana", "bo")
    year = Year(world)
    year.next_quarter_on_paper("2026-Q4")
    happens: dict[int, Callable[[], object]] = {
        5: lambda: year.next_quarter_on_paper("2027-Q1"),
        6: lambda: year.enrol("cy", agreed_by="bo"),
        14: lambda: (year.steal("bo"), year.retire("bo", "retire")),
        17: lambda: year.next_quarter_on_paper("2027-Q2"),
        22: lambda: year.steal("cy"),
        23: lambda: year.retire("cy", "revoke"),
        25: lambda: year.enrol("dee", agreed_by="ana"),
        29: year.succeed,
        30: lambda: year.next_quarter_on_paper("2027-Q3"),
        38: year.lose_everything,
        41: lambda: year.enrol("fay", agreed_by="eve"),
        43: lambda: year.next_quarter_on_paper("2027-Q4"),
    }
    until_revoked: set[str] = set()
    for number in range(1, WEEKS + 1):
        happens.get(number, lambda: None)()
        if number == 23:
            until_revoked = {one.report for one in world.recorded}
        year.week()
    # What the thief of cy's vault opens was sent before the revocation; of what was sent between theft and revocation it opens all.
    cy = year.stolen["cy"]
    opened = world.opens(cy.keys)
    between = {one.report for one in world.recorded[cy.seen :]} & until_revoked
    assert between
    assert between <= opened <= until_revoked
    # And nothing of the weeks whose keys were destroyed before the theft.
    read_by_cy = {one.report for one in world.recorded if any(to.reviewer == "cy" for to in one.stanzas)}
    assert read_by_cy - opened
    assert year.given_back == {"2027-Q2", "2027-Q3"}
    assert len(world.recorded) == WEEKS
