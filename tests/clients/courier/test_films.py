# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film on its way: the report first, then only the blocks that a vault asked for, in parcels of the size of a stick."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corncrake_vault.threads.expected import WINDOW
from tests.clients.vault.films import Recording, film_of

if TYPE_CHECKING:
    from tests.clients.courier.conftest import Town

pytestmark = pytest.mark.needs_system


def test_a_film_of_30_mb_comes_in_parcels_of_the_size_of_a_stick_and_the_vault_rebuilds_it(town: Town) -> None:
    reporter, data = town.reporter(), secrets.token_bytes(30_000_000)
    film = film_of(data)
    reporter.blocks = dict(film.blocks())
    town.send(reporter, "A film.", (film.file(),))
    first = town.courier("pull", "--out", "0.parcel")
    assert (first.code, first.data["pending"], first.data["blocks"], first.data["bytes"] < 1_000_000) == (0, 1, 0, True), first.err
    assert town.vault("ana", "import", "0.parcel").code == 0
    assert town.carry_back("ana")["wanted"] == 8
    came: list[int] = []
    while sum(came) < 8:
        name = f"{len(came) + 1}.parcel"
        pulled = town.courier("pull", "--out", name, "--most-mib", "10")
        assert pulled.code == 0, pulled.err
        assert (town.folder / name).stat().st_size < 11 << 20
        told = town.vault("ana", "import", name)
        assert (told.code, told.data["faults"]) == (0, []), told.err
        came.append(told.data["blocks"])
    assert came == [2, 2, 2, 2]
    assert town.vault("ana", "show", "1").data["messages"][0]["files"][0]["custody"]["found"] == "right"
    saved = town.vault("ana", "save", "1", "files").data["files"][0]
    assert (town.folder / Path(saved["path"])).read_bytes() == data


def test_a_recording_comes_as_far_as_it_left_in_the_rounds_that_it_takes(town: Town) -> None:
    made, reporter = Recording([secrets.token_bytes(50_000 + index) for index in range(4)]), town.reporter()
    reporter.blocks = made.blocks(closed=False)
    town.send(reporter, "I am filming.", (made.file(),))
    assert town.courier("pull", "--out", "0.parcel").code == 0
    assert town.vault("ana", "import", "0.parcel").code == 0
    assert town.carry_back("ana")["wanted"] == WINDOW
    pulled = town.courier("pull", "--out", "1.parcel")
    assert (pulled.code, pulled.data["blocks"]) == (0, 4), pulled.err
    told = town.vault("ana", "import", "1.parcel")
    assert (told.code, told.data["blocks"], told.data["faults"]) == (0, 4, []), told.err
    saved = town.vault("ana", "save", "1", "files").data["files"][0]
    assert (town.folder / Path(saved["path"])).read_bytes() == made.data
    assert "ended without a closing mark" in saved["note"]
