# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page is the same, byte for byte, wherever and whenever it is built from the same source."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import root_text
from corncrake_crypto.page_release import file_changes
from corncrake_vault.release.folder import page_files
from development.page_release import main, manifest
from tests.clients.web.conftest import DIST, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_crypto.page_release import PageFile

CLIENTS = ROOT / "clients"
CREATED = "corncrake-vault release sign"


def copied(folder: Path, *, mtime: int) -> Path:
    """Copy what the page is built from into another folder, its files of another time; its tools are linked, not copied."""
    clients = folder / "clients"
    for name in ("core", "web"):
        shutil.copytree(CLIENTS / name, clients / name, ignore=shutil.ignore_patterns("dist", "node_modules"))
    for path in CLIENTS.glob("*.json"):
        shutil.copy(path, clients)
    subprocess.run(["cp", "-al", str(CLIENTS / "node_modules"), str(clients / "node_modules")], check=True)
    for name in ("core", "web"):
        if (CLIENTS / name / "node_modules").exists():
            shutil.copytree(CLIENTS / name / "node_modules", clients / name / "node_modules", symlinks=True)
        for path in (clients / name).rglob("*"):
            os.utime(path, (mtime, mtime), follow_symlinks=False)
    return clients


def built(clients: Path, **environment: str) -> tuple[PageFile, ...]:
    """Build the page there, under other circumstances, and list its files."""
    around = {"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}", "HOME": str(clients), **environment}
    subprocess.run(["npm", "run", "--silent", "build"], cwd=clients, env=around, check=True, capture_output=True)
    return page_files(clients / "web" / "dist")


def test_two_builds_in_other_places_times_and_languages_are_the_same_bytes(tmp_path: Path) -> None:
    here = built(copied(tmp_path / "a", mtime=1_000_000_000), TZ="UTC", LC_ALL="C.UTF-8", LANG="C.UTF-8")
    there = copied(tmp_path / "another folder" / "with a longer name", mtime=1_900_000_000)
    assert built(there, TZ="Pacific/Kiritimati", LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8", USER="somebody") == here
    assert {"index.html", "saved.html"} < {file.path for file in here}
    # And a change of one word is seen, in what the reporter gets either way.
    words = there / "web" / "src" / "i18n" / "en.ts"
    words.write_text(words.read_text().replace("Before you start", "Before you begin"))
    changes = file_changes(here, built(there))
    assert changes.changed == ("index.html", "saved.html")
    assert len(changes.added) == len(changes.removed) == 1


def test_the_text_to_sign_is_the_same_for_everybody_and_lists_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--root", root_text(bytes(32)), "--number", "3", "--day", "2026-11-25"]
    for name in ("one", "two"):
        assert main([str(tmp_path / name), *words]) == 0
    assert CREATED in capsys.readouterr().out
    one, two = ((tmp_path / name / "page-release.txt").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.startswith(b"corncrake.org/page-release/v1\n")
    release = manifest(DIST, words[1], 3, "2026-11-25")
    assert {file.path for file in release.files} == {path.relative_to(DIST).as_posix() for path in DIST.rglob("*") if path.is_file()}
    assert page_files(tmp_path / "one" / "page") == release.files


@pytest.mark.parametrize("words", [["--root", "x"], ["--day", "25.11.2026"]])
def test_a_wrong_word_writes_nothing(tmp_path: Path, words: list[str]) -> None:
    given = {"--root": root_text(bytes(32)), "--number": "1", "--day": "2026-11-25"} | {words[0]: words[1]}
    assert main([str(tmp_path / "new"), *(word for pair in given.items() for word in pair)]) == 1
    assert not (tmp_path / "new").exists()
