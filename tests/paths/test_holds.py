# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is held, from the command that holds it to the server that deletes the rest: when keys are handed over, lost, and people move."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from corncrake_server.app import Process
from corncrake_server.settings import load_settings
from tests.server.house import DAYS
from tests.server.test_expiry import SetClock

if TYPE_CHECKING:
    from tests.paths.world import World


def live(world: World, days: int) -> None:
    """Let days pass that the server's machine has lived through: its parts publish and delete on each of them."""
    world.stop()
    clock = SetClock(world.day)

    async def pass_them() -> None:
        process = Process(load_settings(None, {"data_dir": str(world.file("data")), "publish_at": ""}, {}), clock)
        await process.start()
        for _ in range(days):
            clock.live(1)
            await process.services.publication.publish()
            await process.services.expiry.sweep(clock.day)
        await process.stop()

    asyncio.run(pass_them())
    world.travel(clock.day)
    world.start()


def at_the_server(world: World) -> set[str]:
    """Ids of the reports that a courier gets when it begins anew."""
    parcel = world.file("all.parcel")
    assert world.courier("pull", "--from", "0", "--out", str(parcel), "--replace").code == 0
    return {found.decode() for found in re.findall(rb"report-([0-9a-f]{64})\.age", parcel.read_bytes())}


def two_reports(world: World) -> tuple[str, str]:
    """Ids of two reports that are in all vaults."""
    found = world.report("It happened on the bridge.").report, world.report("And another thing.").report
    world.carry()
    return found


def organisation_holds(world: World, *reports: str, who: str = "org", by: str = "ana") -> int:
    """The organisation signs that it holds these and nothing else, a reviewer takes it; return its number."""
    note = str(world.file("organisation.hold"))
    listed = [word for report in reports for word in ("--report", report)]
    said = world.vault(who, "organisation-hold", *listed, "--out", note)
    assert said.code == 0, said
    assert world.vault(by, "bring-hold", note).code == 0
    return int(said.data["number"])


def all_work(world: World) -> None:
    for who in world.alive:
        world.work(who)


def test_what_the_organisation_holds_outlives_its_key_until_the_next_key_lets_go(world: World) -> None:
    world.open_for("ana", "bo")
    held, other = two_reports(world)
    organisation_holds(world, held)
    all_work(world)
    assert world.org("successor").code == 0
    world.paper("successor's sheets")
    assert world.change("2.note", "succeed").code == 0
    world.put_in_force("2.note")
    all_work(world)
    assert at_the_server(world) == {held, other}
    live(world, DAYS + 2)
    assert at_the_server(world) == {held}
    organisation_holds(world)
    all_work(world)
    live(world, 1)
    assert at_the_server(world) == set()


def test_a_vault_that_does_not_know_the_next_key_yet_is_heard(world: World) -> None:
    world.open_for("ana", "bo")
    organisation_holds(world, *two_reports(world))
    all_work(world)
    assert world.org("successor").code == 0
    world.paper("successor's sheets")
    assert world.change("2.note", "succeed").code == 0
    # The server and bo have the new charter; ana was away.
    world.alive = ["bo"]
    world.put_in_force("2.note")
    organisation_holds(world, by="bo")
    world.work("bo")
    world.work("ana")


def test_what_a_key_from_paper_holds_is_held_though_the_server_knows_holds_of_before(world: World) -> None:
    world.open_for("ana", "bo")
    first, second = two_reports(world)
    for _ in range(3):
        organisation_holds(world, first)
    all_work(world)
    shares = [word for place in (1, 2) for word in ("--share", world.share("sheets", place))]
    assert world.vault("new", "organisation", "recover", "--charter", str(world.file("1.note")), *shares).code == 0
    assert organisation_holds(world, second, who="new", by="bo") > 3
    # Ana's exports go on carrying the third of the lost vault.
    for who in ("bo", "ana"):
        world.work(who)
    live(world, DAYS + 2)
    assert at_the_server(world) == {second}


def put_desks_in_force(world: World, name: str, *desks: dict[str, Any], agreed_by: tuple[str, ...] = ()) -> None:
    """The organisation signs a charter with these desks; reviewers countersign; everybody takes it."""
    forms = [word for desk in desks for word in ("--form", str(world.file(f"{desk['id']}.json")))]
    spec = json.loads(world.file("spec.json").read_text()) | {"desks": desks}
    world.file("next.json").write_text(json.dumps(spec))
    assert world.org("charter", str(world.file("next.json")), *forms, "--out", str(world.file(name))).code == 0
    for who in agreed_by:
        assert world.countersign(who, name).code == 0
    world.operate("charter", str(world.file(name)), *forms)
    for who in world.alive:
        assert world.vault(who, "charter", str(world.file(name)), *forms).code == 0


def test_who_is_taken_off_a_desk_that_they_hold_goes_on_being_heard(world: World) -> None:
    world.open_for("ana", "bo")
    (legal,) = json.loads(world.file("spec.json").read_text())["desks"]
    press = legal | {"id": "press"}
    world.file("legal.json").write_bytes(world.form)
    world.file("press.json").write_bytes(world.form.replace(b'"desk":"legal"', b'"desk":"press"'))
    put_desks_in_force(world, "2.note", legal, press, agreed_by=("ana", "bo"))
    all_work(world)
    assert world.vault("ana", "hold", "--desk", "press").code == 0
    world.work("ana")
    bo = [one for one in legal["reviewers"] if one["id"] == "bo"]
    put_desks_in_force(world, "3.note", legal, press | {"reviewers": bo, "voices": ["bo"]})
    world.work("ana")
    two_reports(world)
    assert world.vault("ana", "hold", "--desk", "legal").code == 0
    world.work("ana")
    assert [one["which"] for one in world.unlocked("ana", "status")["held"]] == ["legal", "press"]
    # She can still let go; held again it is not.
    assert world.vault("ana", "lift", "--desk", "press", "--yes").code == 0
    world.work("ana")
    assert world.vault("ana", "hold", "--desk", "press").data["failure"] == "misuse"
