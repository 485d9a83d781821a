# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing what the page is, offline: keys in several vaults, each person's own build, and what is refused."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import Charter, open_charter, sign_charter
from corncrake_crypto.encoding import parse_root, root_text
from corncrake_crypto.page_release import PageRelease, open_page_release, release_text, sign_page_release
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.command import run
from corncrake_vault.release.folder import page_files
from tests.clients.vault.machine import PASSPHRASE, Said
from tests.simulators.organisation import TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WHO = ("kai", "lou", "mia")
FILES = {"index.html": "<!doctype html>", "saved.html": "all in one", "assets/index-a_1.js": "go()"}


class Makers:
    """Three people with a release key each, in vaults of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.organisation = SimulatedOrganisation()
        self.root = root_text(self.organisation.root)
        self.keys: dict[str, str] = {}
        for who in WHO:
            assert self.vault(who, "init", "--reviewer", who, "--root", self.root).code == 0
            self.keys[who] = self.vault(who, "release", "key").data["key"]

    def vault(self, who: str, *words: str, stdin: str = "") -> Said:
        out, err = io.StringIO(), io.StringIO()
        code = run(["--store", str(self.folder / who), *words, "--json"], io.StringIO(stdin), out, err)
        return Said(code, json.loads(out.getvalue() or "{}"), err.getvalue())

    def name(self, *who: str, sequence: int = 1) -> Charter:
        """Sign a charter that names these people's keys, and give it to everybody."""
        raw = sign_charter(self.organisation.charter(sequence=sequence, release_keys=tuple(self.keys[one] for one in who)), self.organisation.key)
        (self.folder / "charter.note").write_bytes(raw)
        for one in WHO:
            assert self.vault(one, "charter", str(self.folder / "charter.note")).code == 0
        return open_charter(raw, root=parse_root(self.root), origin=None, today=TODAY).charter

    def build(self, who: str, files: dict[str, str] = FILES) -> Path:
        """Somebody's own build of the page."""
        page = self.folder / f"{who}-page"
        for name, text in files.items():
            (page / name).parent.mkdir(parents=True, exist_ok=True)
            (page / name).write_text(text)
        return page

    def manifest(self, page: Path, **changes: Any) -> Path:
        fields: dict[str, Any] = {"root": self.root, "number": 1, "day": TODAY, "files": page_files(page), "saved": "saved.html"}
        file = self.folder / "page-release.txt"
        file.write_text(release_text(PageRelease(**fields | changes)))
        return file

    def sign(self, who: str, manifest: Path, *words: str, page: Path | None = None, stdin: str = "yes\n") -> Said:
        page = page or self.build(who)
        return self.vault(who, "release", "sign", str(manifest), "--page", str(page), "--out", str(self.note(who)), *words, stdin=stdin)

    def note(self, who: str) -> Path:
        return self.folder / f"{who}.note"

    def join(self, whose: Sequence[str], out: str = "release.note") -> Said:
        return self.vault("kai", "release", "join", *(str(self.note(who)) for who in whose), "--out", str(self.folder / out))


@pytest.fixture
def makers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Makers:
    monkeypatch.setenv("CORNCRAKE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr("corncrake_vault.keys.passphrase.MEMORY_KIB", 1_024)
    monkeypatch.setattr("corncrake_vault.keys.passphrase.PASSES", 1)
    monkeypatch.setenv("CORNCRAKE_TODAY", TODAY.isoformat())
    return Makers(tmp_path)


def refused(said: Said) -> str:
    assert said.code == 1
    return said.data["failure"]


def test_two_of_three_sign_apart_and_their_signatures_are_put_together(makers: Makers) -> None:
    charter = makers.name(*WHO)
    manifest = makers.manifest(makers.build("kai"))
    for who in ("kai", "mia"):
        said = makers.sign(who, manifest)
        assert (said.code, said.data["needed"]) == (0, 2)
    assert makers.join(["kai", "mia"]).code == 0
    opened = open_page_release((makers.folder / "release.note").read_bytes(), charter)
    assert opened.release.files == page_files(makers.build("lou"))


def test_one_of_three_is_not_enough_and_nothing_is_written(makers: Makers) -> None:
    makers.name(*WHO)
    assert makers.sign("kai", makers.manifest(makers.build("kai"))).code == 0
    assert refused(makers.join(["kai"])) == "signature"
    assert not (makers.folder / "release.note").exists()


def test_what_was_not_built_here_is_not_signed(makers: Makers) -> None:
    makers.name(*WHO)
    manifest = makers.manifest(makers.build("kai"))
    own = makers.build("lou", FILES | {"assets/index-a_1.js": "gO()"})
    said = makers.sign("lou", manifest, page=own)
    assert refused(said) == "altered"
    assert "assets/index-a_1.js" in said.err
    assert not makers.note("lou").exists()


def test_what_changed_is_shown_before_anybody_is_asked_and_a_no_signs_nothing(makers: Makers, capsys: pytest.CaptureFixture[str]) -> None:
    makers.name("kai")
    assert makers.sign("kai", makers.manifest(makers.build("kai"))).code == 0
    last = makers.note("kai").rename(makers.folder / "last.note")
    page = makers.build("kai", {"index.html": "<!doctype html>!", "more.css": ""})
    (page / "assets/index-a_1.js").unlink()
    manifest = makers.manifest(page, number=2)
    assert refused(makers.sign("kai", manifest, page=page)) == "misuse"
    capsys.readouterr()
    assert refused(makers.sign("kai", manifest, "--last", str(last), page=page, stdin="no\n")) == "misuse"
    shown = capsys.readouterr().err
    assert all(line in shown for line in ("New: more.css", "Gone: assets/index-a_1.js", "Changed: index.html"))
    assert not makers.note("kai").exists()
    said = makers.sign("kai", manifest, "--last", str(last), page=page)
    assert said.data["changes"] == {"added": ["more.css"], "removed": ["assets/index-a_1.js"], "changed": ["index.html"]}


def test_a_key_signs_neither_a_lower_number_nor_another_release_of_the_same(makers: Makers) -> None:
    makers.name("kai")
    first = makers.manifest(makers.build("kai"))
    assert makers.sign("kai", first).code == 0
    last = makers.note("kai").rename(makers.folder / "last.note")
    assert makers.sign("kai", makers.manifest(makers.build("kai"), number=5), "--last", str(last)).code == 0
    assert refused(makers.sign("kai", makers.manifest(makers.build("kai"), number=4), "--last", str(last))) == "rollback"
    page = makers.build("kai", FILES | {"index.html": "other"})
    assert refused(makers.sign("kai", makers.manifest(page, number=5), "--last", str(last), page=page)) == "equivocation"
    # The same once more, when the note was lost.
    assert makers.sign("kai", makers.manifest(makers.build("kai"), number=5), "--last", str(last)).code == 0


def test_a_last_release_that_too_few_have_signed_is_no_last_release(makers: Makers) -> None:
    makers.name(*WHO)
    page = makers.build("kai")
    forged = PageRelease(root=makers.root, number=1, day=TODAY, files=page_files(page), saved="saved.html")
    (makers.folder / "last.note").write_bytes(sign_page_release(forged, [SigningKey.generate()]))
    assert refused(makers.sign("kai", makers.manifest(page, number=2), "--last", str(makers.folder / "last.note"))) == "signature"


def test_a_release_by_keys_that_were_replaced_since_is_still_the_last_one(makers: Makers) -> None:
    makers.name("kai")
    page = makers.build("mia")
    assert makers.sign("kai", makers.manifest(makers.build("kai"))).code == 0
    makers.name("mia", sequence=2)
    last = ["--last", str(makers.note("kai"))]
    none: dict[str, list[str]] = {"added": [], "removed": [], "changed": []}
    # Signed anew, and then the next one; another of the same number is not.
    assert makers.sign("mia", makers.manifest(page), *last).data["changes"] == none
    assert makers.sign("mia", makers.manifest(page, number=2), *last).data["changes"] == none
    other = makers.build("lou", FILES | {"index.html": "other"})
    assert refused(makers.sign("lou", makers.manifest(other), *last, page=other)) == "equivocation"


def test_a_key_that_the_charter_does_not_name_does_not_sign(makers: Makers) -> None:
    makers.name("kai", "lou")
    assert refused(makers.sign("mia", makers.manifest(makers.build("mia")))) == "charter"
    assert not makers.note("mia").exists()


def test_another_organisation_s_release_and_other_texts_are_not_signed(makers: Makers) -> None:
    makers.name(*WHO)
    page = makers.build("kai")
    assert refused(makers.sign("kai", makers.manifest(page, root=root_text(bytes(32))))) == "root"
    other = makers.folder / "other.txt"
    for text, failure in ((b"corncrake.org/charter/v1\n{}\n", "kind"), (b"\xff", "kind"), (b"corncrake.org/page-release/v1\n{}\n", "json")):
        other.write_bytes(text)
        assert refused(makers.sign("kai", other)) == failure


def test_a_vault_has_one_release_key(makers: Makers) -> None:
    assert refused(makers.vault("kai", "release", "key")) == "misuse"


@pytest.mark.parametrize("name", [".hidden", "with space.js", "sub/.x", "a" * 129])
def test_a_file_that_no_release_can_name_is_said(makers: Makers, name: str) -> None:
    makers.name(*WHO)
    manifest = makers.manifest(makers.build("kai"))
    page = makers.build("lou", FILES | {name: ""})
    assert refused(makers.sign("lou", manifest, page=page)) == "misuse"


def test_a_link_in_the_page_s_folder_is_refused(makers: Makers) -> None:
    makers.name(*WHO)
    page = makers.build("kai")
    manifest = makers.manifest(page)
    (page / "more.js").symlink_to(page / "index.html")
    assert refused(makers.sign("kai", manifest, page=page)) == "misuse"
