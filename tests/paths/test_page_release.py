# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page's whole way: built, signed offline by two of three, brought, served, logged, compared by a monitor, and verified where it was saved."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.encoding import day_text, root_text
from corncrake_monitor.__main__ import main as monitor
from corncrake_vault.command import run as vault
from development.page_release import main as make_release
from tests.clients.vault.machine import PASSPHRASE
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_system
WHO = ("kai", "lou", "mia")


class Way:
    """Three people with release keys, a server, and a monitor, in one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.server = RunningServer(folder, "", page_dir=str(folder / "served"))
        self.server.prepare()
        self.root = root_text(self.server.organisation.root)
        keys: list[str] = []
        for who in WHO:
            self.vault(who, "init", "--reviewer", who, "--root", self.root)
            keys.append(self.vault(who, "release", "key")["key"])
        self.server.charter = self.server.sign_charter(sequence=2, release_keys=tuple(keys))
        assert self.server.bring(self.server.charter).returncode == 0
        for who in WHO:
            self.vault(who, "charter", str(folder / "charter.note"))

    def vault(self, who: str, *words: str) -> dict[str, Any]:
        out, err = io.StringIO(), io.StringIO()
        assert vault(["--store", str(self.folder / who), *words, "--json"], io.StringIO("yes\n"), out, err) == 0, err.getvalue()
        return json.loads(out.getvalue())

    def build(self, who: str) -> Path:
        """What somebody's own checkout gives them."""
        folder = self.folder / f"{who}-release"
        assert make_release([str(folder), "--root", self.root, "--number", "1", "--day", day_text(TODAY)]) == 0
        return folder

    def sign(self, who: str) -> str:
        built, note = self.build(who), str(self.folder / f"{who}.note")
        self.vault(who, "release", "sign", str(built / "page-release.txt"), "--page", str(built / "page"), "--out", note)
        return note

    def monitor(self, *words: str) -> int:
        return monitor([*words, "--server", self.server.origin, "--root", self.root])

    def watch(self) -> int:
        return self.monitor("watch", "--state", str(self.folder / "state.json"))

    def verify(self, file: Path) -> int:
        """Verify a saved page without any line."""
        carried = ["--charter", str(self.folder / "charter.note"), "--release", str(self.folder / "release.note")]
        return monitor(["verify-page", str(file), "--root", self.root, *carried])


@pytest.fixture
def way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Way:
    monkeypatch.setenv("CORNCRAKE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr("corncrake_vault.keys.passphrase.MEMORY_KIB", 1_024)
    monkeypatch.setattr("corncrake_vault.keys.passphrase.PASSES", 1)
    monkeypatch.setenv("CORNCRAKE_TODAY", day_text(TODAY))
    return Way(tmp_path, capsys)


def test_a_page_goes_from_its_source_to_somebody_who_checks_it(way: Way) -> None:
    released = way.folder / "release.note"
    way.vault("lou", "release", "join", way.sign("kai"), way.sign("mia"), "--out", str(released))
    shutil.copytree(way.folder / "kai-release" / "page", way.folder / "served")
    said = way.server.command("release", str(released))
    assert said.returncode == 0, said.stderr
    assert "ok    page: release 1, file by file" in way.server.command("check").stdout
    way.server.start()
    try:
        way.server.open_desk()
        way.server.publish()
        assert way.watch() == 0
        saved = way.folder / "report.html"
        saved.write_bytes(way.server.get("/saved.html").content)
        assert (way.verify(saved), way.monitor("verify-page", str(saved))) == (0, 0)
        # An operator who changes one word of the page is found by all three.
        page = next((way.folder / "served" / "assets").glob("index-*.js"))
        page.write_text(page.read_text().replace("Before you start", "Before you Start"))
        saved.write_text(saved.read_text().replace("Before you start", "Before you Start"))
        way.server.end()
        way.server.start()
        assert f"page: what is served is not release 1: assets/{page.name};" in way.server.command("check").stdout
        way.capsys.readouterr()
        assert way.watch() == 1
        assert f"NOT WELL: altered: the page: /assets/{page.name}, as " in way.capsys.readouterr().out
        assert (way.verify(saved), way.monitor("verify-page")) == (1, 1)
    finally:
        way.server.end()
