# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a vault leaves on its machine, and what outlives a power cut."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from corncrake_crypto.fields import SealedTo
from tests.simulators.organisation import EPOCH

if TYPE_CHECKING:
    import pytest

    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.offices import Offices


def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note what is synced, and sync it."""
    found: list[Path] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        found.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH115 - a descriptor's
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return found


def test_the_folder_of_an_export_is_synced_after_its_parcel_has_its_name(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    found = synced(desk.monkeypatch)
    assert desk.run("export", str(desk.folder / "out.parcel")).code == 0
    assert [path for path in found if path == desk.folder or path.suffix == ".part"] == [desk.folder / ".out.parcel.part", desk.folder]


def test_a_crash_writes_no_core() -> None:
    look = "import resource; from corncrake_vault.__main__ import main; main(['age']); print(resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "(0, 0)"


def test_whoever_stops_reading_what_a_command_says_stops_nothing(offices: Offices) -> None:
    offices.org("create")
    read, write = os.pipe()
    os.close(read)
    words = ("--store", str(offices.file("org")), "organisation", "shares", "2", "16", str(offices.file("sheets")))
    done = subprocess.run([sys.executable, "-m", "corncrake_vault", *words], check=False, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(offices.file("sheets").glob("*.pdf"))) == 16


def run_unread(offices: Offices, *words: str, unread: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose output of this name has no reader any more."""
    read, write = os.pipe()
    os.close(read)
    out, err = (write if name == unread else subprocess.PIPE for name in ("stdout", "stderr"))
    command = [sys.executable, "-m", "corncrake_vault", "--store", str(offices.file("org")), *words]
    done = subprocess.run(command, check=False, text=True, stdout=out, stderr=err)
    os.close(write)
    return done


def test_whoever_stops_reading_why_a_command_was_refused_sees_no_traceback(offices: Offices) -> None:
    offices.org("create")
    done = run_unread(offices, "init", "--reviewer", "ana", "--json", unread="stdout")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_whoever_stops_reading_the_faults_is_told_the_rest_all_the_same(offices: Offices) -> None:
    offices.org("create")
    done = run_unread(offices, "init", "--reviewer", "ana", "--json", unread="stderr")
    assert (done.returncode, json.loads(done.stdout)["failure"]) == (1, "misuse")


def test_a_reply_without_a_text_is_read_from_standard_input(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.bring(desk.server.parcel())
    assert desk.run("reply", "1", stdin="No shell has seen this.\n").code == 0
    assert [reply["text"] for reply in desk.run("show", "1").data["replies"]] == ["No shell has seen this."]


def test_a_report_that_names_another_prekey_of_that_week_than_the_one_that_opens_it_is_kept_aside(desk: Desk) -> None:
    epochs = (SealedTo(reviewer="ana", epoch=EPOCH, number=2), SealedTo(reviewer="bo", epoch=EPOCH, number=1))
    desk.server.take(desk.reporter().report(epochs=epochs))
    assert [aside["failure"] for aside in desk.bring(desk.server.parcel()).data["kept_aside"]] == ["epoch"]
