# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vault is lost and comes back from its backup: what it has, what it never has again, and that it gives no number twice."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE

if TYPE_CHECKING:
    from tests.paths.world import World


def back_up(world: World, name: str) -> None:
    world.file("passphrase").write_text(PASSPHRASE + "\n")
    said = world.vault("ana", "backup", str(world.file(name)), "--new-passphrase-file", str(world.file("passphrase")))
    assert said.code == 0, said


def bring_back(world: World, name: str) -> None:
    """Lose ana's vault, and put the backup into its place."""
    shutil.rmtree(world.file("ana"))
    shutil.copytree(world.file(name), world.file("ana"))


def test_a_backup_has_the_cases_and_no_secret_that_has_an_end(world: World) -> None:
    world.open_for("ana", "bo")
    sent = world.report("What a case is made of.")
    world.carry()
    back_up(world, "copy")
    assert "What a case is made of." in str(world.unlocked("copy", "show", "1"))
    assert world.keys_in(world.file("ana"))
    assert world.keys_in(world.file("copy")) == []
    assert world.opens(world.keys_in(world.file("ana"))) == {sent.report}


def test_a_vault_that_came_back_learns_first_and_then_goes_on(world: World) -> None:
    world.open_for("ana", "bo")
    world.report("Before the backup.")
    world.carry()
    world.work("ana")
    back_up(world, "copy")
    for _ in range(2):
        world.pass_days(7)
        world.report("After it, opened by the vault that was lost.")
        assert all(said.code == 0 for said in world.carry().values())
        for who in world.alive:
            world.work(who)
    bring_back(world, "copy")
    for word in ("export", "prekeys"):
        said = world.vault("ana", word, *([str(world.file("x.parcel"))] if word == "export" else []))
        assert (said.code, said.data["failure"]) == (1, "misuse")
        assert "import a parcel first" in said.err
    world.operate("publish")
    world.catch_up("ana")
    assert world.vault("bo", "import", str(world.file("to-ana.parcel"))).code == 0
    lost = world.recorded[-1]
    assert lost.report not in world.opens(world.keys_in(world.file("ana")))
    world.work("ana")
    now = world.report("To the vault that came back.")
    for who, said in world.carry().items():
        assert said.code == 0, (who, said)
        assert now.report in said.data["reports"]
        assert now.report not in {one["report"] for one in said.data["kept_aside"]}
        assert said.data["faults"] == [], who
        world.work(who)


def test_a_vault_that_came_back_gives_no_number_twice_even_if_the_parcel_shows_none(world: World) -> None:
    world.open_for("ana", "bo")
    back_up(world, "copy")
    given = {one["desk"]: one["number"] for _ in range(3) for one in world.unlocked("ana", "export", str(world.file("x.parcel")))["editions"]}
    made = set(world.unlocked("ana", "prekeys", "--weeks", "20")["epochs"])
    bring_back(world, "copy")
    world.catch_up("ana")
    exported = world.unlocked("ana", "export", str(world.file("x.parcel")))
    assert all(one["number"] > given[one["desk"]] for one in exported["editions"])
    world.unlocked("ana", "prekeys", "--weeks", "20")
    vault = unlock_vault(world.file("ana"), PASSPHRASE, world.day)
    with vault.store:
        numbers = {int(epoch): int(number) for epoch, number in vault.store.rows("SELECT epoch, max(number) FROM prekeys GROUP BY epoch")}
    assert made
    assert all(numbers[epoch] > 1 for epoch in made)


def lose_with_a_backup_from_before(world: World, moment: str) -> int:
    """Let ana join, make a backup at a moment before her first export, lose her vault after it, and bring her back; return that edition's number."""
    world.open_for("bo")
    request = world.join("ana")
    if moment == "she reads":
        back_up(world, "copy")
    assert world.change("2.note", "enrol", "legal", request, "--voice").code == 0
    assert world.countersign("bo", "2.note").code == 0
    world.alive.append("ana")
    world.put_in_force("2.note")
    if moment == "her first export":
        back_up(world, "copy")
    (edition,) = world.unlocked("ana", "export", str(world.file("lost.parcel")))["editions"]
    bring_back(world, "copy")
    assert world.take("ana", "2.note").code == 0
    world.operate("publish")
    world.catch_up("ana")
    assert world.vault("bo", "import", str(world.file("to-ana.parcel"))).code == 0
    return int(edition["number"])


@pytest.mark.parametrize("moment", ["she reads", "her first export"])
def test_a_vault_whose_backup_knows_of_no_edition_gives_no_number_twice(world: World, moment: str) -> None:
    given = lose_with_a_backup_from_before(world, moment)
    (edition,) = world.unlocked("ana", "export", str(world.file("found.parcel")))["editions"]
    assert edition["number"] > given
    for parcel in ("lost.parcel", "found.parcel"):
        assert world.courier("push", str(world.file(parcel))).code == 0
    for who, said in world.carry().items():
        assert (said.code, said.data["faults"]) == (0, []), (who, said)


def test_what_a_lost_vault_exported_and_a_courier_brings_late_is_no_sign_of_a_copy_in_use(world: World) -> None:
    lose_with_a_backup_from_before(world, "she reads")
    assert world.courier("push", str(world.file("lost.parcel"))).code == 0
    for who, said in world.carry().items():
        assert (said.code, said.data["faults"]) == (0, []), (who, said)


def test_a_backup_is_not_written_over_anything(world: World) -> None:
    world.open_for("ana", "bo")
    back_up(world, "copy")
    said = world.vault("ana", "backup", str(world.file("copy")), "--new-passphrase-file", str(world.file("passphrase")))
    assert (said.code, said.data["failure"]) == (1, "store")
    world.file("passphrase").write_text("short\n")
    refused = world.vault("ana", "backup", str(world.file("other")), "--new-passphrase-file", str(world.file("passphrase")))
    assert (refused.code, refused.data["failure"]) == (1, "misuse")


@pytest.mark.parametrize("fact", ["organisation", "successor"])
def test_the_organisations_key_is_not_in_a_backup(world: World, fact: str) -> None:
    world.found("ana")
    world.org("successor")
    world.file("passphrase").write_text(PASSPHRASE + "\n")
    assert world.vault("org", "backup", str(world.file("copy")), "--new-passphrase-file", str(world.file("passphrase"))).code == 0
    for folder, there in (("org", True), ("copy", False)):
        vault = unlock_vault(world.file(folder), PASSPHRASE, world.day)
        with vault.store:
            assert (vault.store.fact(fact) is not None) is there
