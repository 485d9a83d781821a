# SPDX-License-Identifier: AGPL-3.0-or-later
"""Originals: hashed when all of them has come, saved whole, or as far as they came when a person says so."""

from __future__ import annotations

import hashlib
import secrets
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.clients.vault.exports import exported
from tests.clients.vault.films import film_of
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def test_an_original_is_hashed_when_its_last_block_has_come_with_day_and_version(desk: Desk) -> None:
    data = secrets.token_bytes(600_000)
    film = film_of(data)
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    desk.bring(desk.server.parcel())
    exported(desk)
    first, second, third = film.blocks()
    desk.server.blocks = dict([first, third])
    desk.bring(desk.server.parcel(1))
    file = desk.run("show", "1").data["messages"][0]["files"][0]
    assert (file["custody"], file["missing"]) == (None, [[2, 2]])
    desk.server.blocks = dict([second])
    assert desk.bring(desk.server.parcel(1)).code == 0
    assert desk.run("show", "1").data["messages"][0]["files"][0]["custody"] == {
        "found": "right",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "day": TODAY.isoformat(),
        "by": f"corncrake-vault {version('corncrake-vault')}",
    }


def test_a_file_that_has_another_hash_than_was_signed_is_a_fault_that_stays(desk: Desk) -> None:
    film = film_of(b"the bridge")
    desk.server.take(desk.reporter().report(files=(film.file(sha256="ab" * 32),)))
    desk.server.blocks = dict(film.blocks())
    said = desk.bring(desk.server.parcel())
    assert (said.code, [fault["failure"] for fault in said.data["faults"]]) == (1, ["block"])
    shown = desk.run("show", "1")
    assert (shown.code, shown.data["messages"][0]["files"][0]["custody"]["found"]) == (1, "other")


def test_what_is_there_of_a_file_can_be_saved_with_a_list_of_what_is_not(desk: Desk) -> None:
    room = 257_536
    data = secrets.token_bytes(5 * room - 100)
    film = film_of(data)
    desk.server.take(desk.reporter().report(files=(film.file("../../bridge.mp4"),)))
    desk.server.blocks = {block: sealed for place, (block, sealed) in enumerate(film.blocks()) if place not in {1, 4}}
    desk.bring(desk.server.parcel())
    said = desk.run("save", "1", str(desk.folder / "saved"))
    assert (said.code, said.data["files"][0]["failure"]) == (1, "incomplete")
    assert "waiting for 2 of 5 blocks (2, 5)" in said.err
    said = desk.run("save", "1", str(desk.folder / "saved"), "--partial")
    file = said.data["files"][0]
    assert (said.code, file["gaps"], file["sha256"]) == (0, [[room, 2 * room], [4 * room, len(data)]], None)
    path = Path(file["path"])
    assert path.name == "001-bridge-partial.mp4"
    assert path.read_bytes() == data[:room] + bytes(room) + data[2 * room : 4 * room] + bytes(room - 100)
    lines = Path(f"{path}.gaps.txt").read_text(encoding="ascii").splitlines()
    assert lines[1:] == [f"{room} {2 * room}", f"{4 * room} {len(data)}"]
