# SPDX-License-Identifier: AGPL-3.0-or-later
"""One log after another, by charter: after the key was stolen, and after a server was brought back from a copy older than its last head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.merkle import leaf_hash, tree_root
from corncrake_crypto.tiles import entries_path, is_public, read_entries

if TYPE_CHECKING:
    from tests.clients.vault.machine import Said
    from tests.paths.world import World

FIRST = "127.0.0.1:18080/log/1"
NEXT = "127.0.0.1:18080/log/2"


def faults(said: Said) -> list[str]:
    assert said.code in {0, 1}, said
    return [one["failure"] for one in said.data["faults"]]


def name_next(world: World, name: str) -> list[str]:
    """Make the next log's key, and have the organisation name it in a charter; return origin line and key."""
    printed = world.operate("new-log").strip()
    assert world.operate("new-log").strip() == printed, "the one that waits for its charter is shown again"
    said = world.change(name, "new-log", printed)
    assert said.code == 0, said
    assert any(NEXT in line for line in said.data["changes"])
    return printed.split()[1:]


def bring(world: World, name: str) -> None:
    world.operate("charter", str(world.file(name)), "--form", str(world.file("form.json")))


def entries_of(world: World, number: int, origin: str, key: str) -> list[bytes]:
    """Read a log from its beginning as a stranger does."""
    with world.client() as client:
        head = open_checkpoint(client.get(f"/log/{number}/checkpoint").content, origin, unb64url(key, 32))
        entries: list[bytes] = []
        for at in range(0, head.size, 256):
            entries += read_entries(client.get(f"/log/{number}/{entries_path(at // 256, min(256, head.size - at))}").content)
    assert tree_root([leaf_hash(entry) for entry in entries]) == head.root
    return entries


def begun(said: Said) -> bool:
    """Whether a vault has said that it follows the next log from now on."""
    return any("has begun a new log" in line and NEXT in line for line in said.data["needs"])


def test_all_that_a_server_has_comes_again_in_the_next_log_and_nobody_is_accused(world: World) -> None:
    world.open_for("ana", "bo")
    first = world.report("Before.")
    assert faults(world.carry()["ana"]) == []
    world.pass_days(1)
    world.report("In the former log, and no vault has seen it.")
    world.operate("publish")
    world.report("In no log yet.")
    origin, key = name_next(world, "2.note")
    bring(world, "2.note")
    # An export from before names the former log: it is refused, with what to do.
    assert world.vault("ana", "export", str(world.file("early.parcel"))).code == 0
    assert "import a newer parcel" in world.courier("push", str(world.file("early.parcel"))).err
    world.report("After the move.")
    new = {one.report for one in world.recorded} - {first.report}
    for who, said in world.carry().items():
        assert (faults(said), begun(said), set(said.data["reports"])) == ([], True, new), (who, said)
        world.work(who)
    # Of the first day, of the second, and of what is new: a multiple of 64 each, after the public documents.
    entries = entries_of(world, 2, origin, key)
    assert len([entry for entry in entries if not is_public(entry)]) == 3 * 64
    assert entries_of(world, 1, FIRST, world.log["key"])
    world.pass_days(1)
    again = world.report("A day later.")
    for who, said in world.carry().items():
        assert (faults(said), begun(said), said.data["reports"]) == ([], False, [again.report]), (who, said)


def test_a_parcel_of_the_former_log_is_refused_once_the_next_one_was_begun(world: World) -> None:
    world.open_for("ana", "bo")
    world.report()
    world.operate("publish")
    assert world.courier("pull", "--out", str(world.file("old.parcel"))).code == 0
    name_next(world, "2.note")
    bring(world, "2.note")
    assert faults(world.carry()["bo"]) == []
    said = world.vault("bo", "import", str(world.file("old.parcel")))
    assert said.code == 1
    assert said.err.startswith("origin: ")
    assert "import that one" in said.err


def test_a_vault_that_has_the_charter_first_takes_parcels_of_the_former_log_until_the_server_has_it(world: World) -> None:
    world.open_for("ana", "bo")
    report = world.report()
    name_next(world, "2.note")
    assert world.take("ana", "2.note").code == 0
    said = world.carry()["ana"]
    assert (faults(said), begun(said), said.data["reports"]) == ([], False, [report.report])
    # What it exports says nothing yet of a log that it has not seen.
    assert world.vault("ana", "export", str(world.file("early.parcel"))).code == 0
    assert world.courier("push", str(world.file("early.parcel"))).code == 0
    said = world.carry()["ana"]
    assert (faults(said), begun(said), said.data["reports"]) == ([], True, [])


def test_after_an_old_copy_was_brought_back_the_next_log_goes_on_and_says_what_is_lost(world: World) -> None:
    world.open_for("ana", "bo")
    world.report("In the copy.")
    for who, one in world.carry().items():
        assert faults(one) == []
        world.work(who)
    world.operate("backup", str(world.file("copy")))
    world.pass_days(1)
    imported = world.report("After the copy, and only ana imports it.")
    world.operate("publish")
    parcel = world.file("lost.parcel")
    assert world.courier("pull", "--out", str(parcel)).code == 0
    assert world.vault("ana", "import", str(parcel)).data["reports"] == [imported.report]
    promised = {world.report("Promised to ana under the former log.").report, world.report("This one too.").report}
    with world.monkeypatch.context() as full:
        full.setattr("corncrake_courier.sealed.MOST_SEALED", 1)
        assert world.courier("pull", "--out", str(parcel), "--replace").code == 0
    (gone,) = promised - set(world.vault("ana", "import", str(parcel)).data["reports"])
    world.stop()
    for path in world.file("data").glob("corncrake.sqlite3*"):
        path.unlink()
    world.operate("restore", str(world.file("copy")))
    code, said = world.try_to_operate("check")
    assert (code, "the database is older than the head" in said) == (1, True)
    origin, key = name_next(world, "2.note")
    bring(world, "2.note")
    assert "as the key has signed" in world.operate("check")
    world.start()
    told = world.carry()
    assert faults(told["bo"]) == []
    assert {(one["failure"], gone in one["detail"]) for one in told["ana"].data["faults"]} == {("withheld", True)}
    assert imported.report in world.opens(world.keys_in(world.file("ana"))), "what ana has imported she keeps"
    after = world.report("Life goes on.")
    for who, one in world.carry().items():
        assert one.data["reports"] == [after.report], who
    assert entries_of(world, 2, origin, key)
