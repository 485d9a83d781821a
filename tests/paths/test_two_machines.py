# SPDX-License-Identifier: AGPL-3.0-or-later
"""One reviewer's vault is copied, and both copies are used: the next import says so, and no number is given twice."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.paths.world import World


def test_a_copy_that_is_used_on_a_second_machine_is_told_once_and_gives_no_number_twice(world: World) -> None:
    world.open_for("ana", "bo")
    shutil.copytree(world.file("ana"), world.file("copy"))
    world.report()
    assert all(said.code == 0 for said in world.carry().values())
    world.work("ana")
    parcel = str(world.file("to-vaults.parcel"))
    world.courier("pull", "--from", "0", "--out", parcel, "--replace")
    said = world.vault("copy", "import", parcel)
    assert [one["failure"] for one in said.data["faults"]] == ["equivocation"]
    assert "on another machine" in said.err
    assert said.data["reports"], "what came is filed all the same"
    exported = world.unlocked("copy", "export", str(world.file("copy.parcel")))
    assert exported["editions"] == [{"desk": "legal", "number": 3}]
    world.operate("publish")
    world.courier("pull", "--from", "0", "--out", parcel, "--replace")
    assert "equivocation" not in {one["failure"] for one in world.vault("copy", "import", parcel).data["faults"]}
