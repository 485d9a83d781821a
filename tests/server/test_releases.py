# SPDX-License-Identifier: AGPL-3.0-or-later
"""Page releases that an operator brings: who must have signed, what is served, what the log says, and what `check` finds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.page_release import PageFile, PageRelease, open_page_release, sign_page_release
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import entries_path, leaf_entry, read_entries
from tests.server.test_checking import wrong
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.server.conftest import MakeServer
    from tests.server.running import RunningServer

KEYS = [SigningKey.generate() for _ in range(3)]
NAMED = tuple(b64url(key.public) for key in KEYS)
FILES = {"index.html": b"<!doctype html>", "saved.html": b"<p>all in one</p>", "assets/index-a_1.js": b"go()"}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A folder with a page in it; what it says is nothing to a server."""
    folder = tmp_path / "page"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def server(make_server: MakeServer, page: Path) -> RunningServer:
    """A server whose charter names three release keys, and which serves the page."""
    made = make_server(page_dir=str(page))
    made.charter = made.sign_charter(sequence=2, release_keys=NAMED)
    assert made.bring(made.charter).returncode == 0
    return made


def release(server: RunningServer, keys: list[SigningKey], files: dict[str, bytes] = FILES, **changes: Any) -> bytes:
    listed = tuple(PageFile(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items()))
    fields: dict[str, Any] = {"root": root_text(server.organisation.root), "number": 1, "day": TODAY, "files": listed, "saved": "saved.html"}
    return sign_page_release(PageRelease(**fields | changes), keys)


def bring(server: RunningServer, note: bytes) -> subprocess.CompletedProcess[str]:
    file = server.folder / "release.note"
    file.write_bytes(note)
    return server.command("release", str(file))


def test_a_release_by_two_of_three_keys_is_served_and_the_next_publication_logs_it(server: RunningServer) -> None:
    note = release(server, KEYS[:2])
    server.start()
    assert server.get("/v1/page-release").status_code == 404
    said = bring(server, note)
    assert said.returncode == 0, said.stderr
    assert server.get("/v1/page-release").content == note
    server.publish()
    text = open_page_release(note, server.organisation.charter(release_keys=NAMED)).text
    size = int(server.get("/log/1/checkpoint").text.split("\n")[1])
    assert leaf_entry("page-release", text) in read_entries(server.get(f"/log/1/{entries_path(0, size)}").content, size)


def test_a_release_that_too_few_have_signed_is_refused_and_nothing_is_kept(server: RunningServer) -> None:
    for keys in ([KEYS[0]], [KEYS[0], SigningKey.generate()]):
        said = bring(server, release(server, keys))
        assert (said.returncode, said.stderr.split(":")[0]) == (1, "signature")
    server.start()
    assert server.get("/v1/page-release").status_code == 404


def test_a_lower_number_and_another_release_of_the_same_number_are_refused(server: RunningServer) -> None:
    first = release(server, KEYS[:2], number=2)
    assert bring(server, first).returncode == 0
    # The same again is no fault, also with one more signature.
    assert bring(server, first).returncode == 0
    assert bring(server, release(server, KEYS, number=2)).returncode == 0
    assert bring(server, release(server, KEYS[:2])).stderr.split(":")[0] == "rollback"
    other = FILES | {"index.html": b"other"}
    assert bring(server, release(server, KEYS[:2], other, number=2)).stderr.split(":")[0] == "equivocation"
    assert bring(server, release(server, KEYS[:2], other, number=3)).returncode == 0


def test_when_the_charter_names_other_keys_the_same_release_is_signed_anew(server: RunningServer) -> None:
    old, new = release(server, KEYS[:2]), [SigningKey.generate() for _ in range(2)]
    assert bring(server, old).returncode == 0
    server.charter = server.sign_charter(sequence=3, release_keys=tuple(b64url(key.public) for key in new))
    assert server.bring(server.charter).returncode == 0
    assert "signed anew" in wrong(server)["page"]
    assert bring(server, old).stderr.split(":")[0] == "signature"
    again = release(server, new)
    assert bring(server, again).returncode == 0
    assert "page" not in wrong(server)
    server.start()
    assert server.get("/v1/page-release").content == again
    server.publish()
    size = int(server.get("/log/1/checkpoint").text.split("\n")[1])
    entries = read_entries(server.get(f"/log/1/{entries_path(0, size)}").content, size)
    assert sum(b"page-release" in entry for entry in entries) == 1


def test_a_file_that_is_no_release_is_refused_however_long_it_is(server: RunningServer) -> None:
    assert bring(server, b"x" * (300 << 10)).stderr.split(":")[0] == "size"
    assert bring(server, b"x").stderr.split(":")[0] == "note"
    assert bring(server, server.charter).stderr.split(":")[0] == "signature"


def test_check_finds_every_file_that_is_not_the_release_s(server: RunningServer, page: Path) -> None:
    assert "corncrake-server release" in wrong(server)["page"]
    assert bring(server, release(server, KEYS[:2])).returncode == 0
    assert "page" not in wrong(server)
    for name, data in FILES.items():
        (page / name).write_bytes(data[:-1] + b"!")
        assert f": {name};" in wrong(server)["page"]
        (page / name).write_bytes(data)
    (page / "more.js").write_bytes(b"")
    assert ": more.js;" in wrong(server)["page"]
    (page / "more.js").unlink()
    (page / "saved.html").unlink()
    assert ": saved.html;" in wrong(server)["page"]


def test_check_says_when_the_charter_names_no_release_keys(make_server: MakeServer, page: Path) -> None:
    server = make_server(page_dir=str(page))
    assert "page: the charter names no release keys" in server.command("check").stdout
    assert bring(server, release(server, KEYS)).stderr.split(":")[0] == "charter"
