# SPDX-License-Identifier: AGPL-3.0-or-later
"""An import that is killed has changed nothing: the same parcel is taken afterwards, whole, and nothing of it lies about twice."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.vault.exports import exported
from tests.clients.vault.films import film_of
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk

pytestmark = pytest.mark.needs_system

PATIENCE_S = 300


def test_an_import_killed_at_any_point_is_as_if_it_had_not_been(desk: Desk, tier: str) -> None:
    data = secrets.token_bytes(257_536 * 40)
    film = film_of(data)
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    exported(desk)
    desk.server.blocks = dict(film.blocks())
    parcel = desk.folder / "film.parcel"
    parcel.write_bytes(desk.server.parcel(1))
    for enough in (1, 5, 12, 25, 39) if tier != "slow" else range(1, 40):
        _import_and_kill(desk, parcel, enough)
        states = desk.run("show", "1").data["messages"][0]["files"][0]["blocks"]
        assert states in ({"asked": 40}, {"here": 40})
        if states == {"here": 40}:
            break
    else:
        assert desk.run("import", str(parcel)).data["blocks"] == 40
    lying = [path for path in (desk.store / "blocks").glob("*/*") if path.is_file()]
    assert sorted(path.name for path in lying) == sorted(desk.server.blocks)
    saved = desk.run("save", "1", str(desk.folder / "saved")).data["files"][0]
    assert Path(saved["path"]).read_bytes() == data


def _import_and_kill(desk: Desk, parcel: Path, enough: int) -> None:
    """Begin an import, and kill it when so many blocks lie on the disk that lay there not before, or when it was quicker."""
    environment = os.environ | {"CORNCRAKE_PASSPHRASE": PASSPHRASE, "CORNCRAKE_TODAY": TODAY.isoformat()}
    process = subprocess.Popen(
        [sys.executable, "-m", "corncrake_vault", "--store", str(desk.store), "import", str(parcel)], env=environment, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE_S
    begun = False
    while process.poll() is None:
        assert time.monotonic() < deadline, "the import does not get on"
        count = sum(1 for _ in (desk.store / "blocks").glob("*/*")) if (desk.store / "blocks").is_dir() else 0
        # What an earlier one left is swept before the first block is written.
        begun = begun or count < enough
        if begun and count >= enough:
            process.kill()
            break
    process.wait()
