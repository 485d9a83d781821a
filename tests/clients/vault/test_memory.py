# SPDX-License-Identifier: AGPL-3.0-or-later
"""A long film takes no more memory than a short one: measured in a process of its own, at import and at save."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.clients.vault.exports import exported
from tests.clients.vault.films import Film
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.conftest import Desk

pytestmark = pytest.mark.needs_system

ABOVE_START_MIB = 64
BLOCKS_AT_ONCE = 24
"""Blocks of one parcel: 100 MB."""

CHILD = """
import io, json, re, sys
from corncrake_vault.command import run
def peak():
    # Of this program: `ru_maxrss` would begin with what the process that started it used.
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
def do(*words):
    out, err = io.StringIO(), io.StringIO()
    code = run(["--store", sys.argv[1], *words, "--json"], io.StringIO(), out, err)
    return code, json.loads(out.getvalue()), err.getvalue()
do("status")
start = peak()
code, said, err = do(*sys.argv[2:])
print(json.dumps({"code": code, "said": said, "err": err, "mib": (peak() - start) / 1024}))
"""


def in_a_process_of_its_own(store: Path, *words: str) -> dict[str, object]:
    """Run one command; return its code, what it said, and how far memory rose above that of a small command."""
    environment = os.environ | {"CORNCRAKE_PASSPHRASE": PASSPHRASE, "CORNCRAKE_TODAY": TODAY.isoformat()}
    done = subprocess.run([sys.executable, "-c", CHILD, str(store), *words], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_film_of_any_length_is_imported_hashed_and_saved_in_flat_memory(desk: Desk, tier: str) -> None:
    size = 4 << 30 if tier == "slow" else 96 << 20
    film = Film(size, lambda start, end: bytes(end - start))
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    blocks, path = film.blocks(), desk.folder / "film.parcel"
    while part := dict(islice(blocks, BLOCKS_AT_ONCE)):
        exported(desk)
        desk.server.blocks = part
        path.write_bytes(desk.server.parcel(1))
        told = in_a_process_of_its_own(desk.store, "import", str(path))
        assert told["code"] == 0, told["err"]
        assert float(str(told["mib"])) < ABOVE_START_MIB
    path.unlink()
    told = in_a_process_of_its_own(desk.store, "save", "1", str(desk.folder / "saved"))
    assert told["code"] == 0, told["err"]
    assert float(str(told["mib"])) < ABOVE_START_MIB
    (saved,) = (desk.folder / "saved").iterdir()
    with saved.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == film.file().sha256
    saved.unlink()
