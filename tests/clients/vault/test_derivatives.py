# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derivatives as a reviewer meets them: kept sealed, named after parent and tool, and compared across reports."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import PIL
import pytest
from PIL import Image

from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_vault.evidence import confined
from corncrake_vault.evidence.derivatives import keep_derivative
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.films import film_of
from tests.clients.vault.machine import PASSPHRASE
from tests.clients.vault.media import MARKER, picture, scene
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def bring(desk: Desk, *files: tuple[str, bytes]) -> None:
    """Bring a report with these files, whole."""
    films = [(name, film_of(data)) for name, data in files]
    desk.server.take(desk.reporter().report(files=tuple(film.file(name) for name, film in films)))
    desk.server.blocks = {block: sealed for _, film in films for block, sealed in film.blocks()}
    assert desk.bring(desk.server.parcel(1 if desk.server.number else 0)).code == 0


def shown(desk: Desk, thread: int, file: int = 0) -> dict[str, Any]:
    return desk.run("show", str(thread)).data["messages"][0]["files"][file]


def jpeg(shift: int = 0, size: tuple[int, int] = (640, 480), quality: int = 90) -> bytes:
    sink = io.BytesIO()
    scene(shift, size).save(sink, "JPEG", quality=quality)
    return sink.getvalue()


def test_a_cleaned_copy_names_its_parent_and_its_tool_and_the_original_is_untouched(desk: Desk) -> None:
    data = picture("JPEG")
    bring(desk, ("../../a b.jpeg", data))
    said = desk.run("clean", "1", "1", str(desk.folder / "out"))
    assert said.code == 0, said.err
    path = Path(said.data["path"])
    assert (path.name, path.stat().st_mode & 0o777, path.parent) == ("001-a_b-cleaned.jpg", 0o600, desk.folder / "out")
    assert MARKER not in path.read_bytes()
    (made,) = shown(desk, 1)["derivatives"]
    assert (made["kind"], made["tool"], made["version"], made["day"]) == ("cleaned", "Pillow", PIL.__version__, TODAY.isoformat())
    assert (made["parent_sha256"], made["sha256"]) == (hashlib.sha256(data).hexdigest(), hashlib.sha256(path.read_bytes()).hexdigest())
    saved = desk.run("save", "1", str(desk.folder / "saved")).data["files"][0]
    assert Path(saved["path"]).read_bytes() == data


def test_nothing_of_a_picture_lies_in_the_clear_in_the_vaults_folder(desk: Desk) -> None:
    data = picture("JPEG")
    # Long enough that no sealed bytes are these by chance.
    begins = data[:12]
    assert begins[2:] == b"\xff\xe0\x00\x10JFIF\x00\x01"
    bring(desk, ("a.jpg", data))
    assert desk.run("previews").data["made"] == 1
    assert desk.run("clean", "1", "1", str(desk.folder / "out")).code == 0
    for path in desk.store.rglob("*"):
        assert not path.is_file() or (MARKER not in path.read_bytes() and begins not in path.read_bytes()), path


def test_a_derivative_survives_the_sweep_of_an_import_and_is_made_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(desk, ("a.jpg", jpeg()))
    assert desk.run("previews").data == desk.run("previews").data | {
        "made": 1,
        "done": "Made 1 previews; 0 files are nothing that a preview can be made of.",
    }
    desk.server.publish()
    assert desk.bring(desk.server.parcel(1)).code == 0
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    monkeypatch.setattr(confined.subprocess, "Popen", None)
    with vault.store:
        made = keep_derivative(vault, 1, 0, "preview")
        file = made.open(vault)
        data = file.read(0, file.size)
    assert (hashlib.sha256(data).hexdigest(), Image.open(io.BytesIO(data)).size) == (made.sha256, (640, 480))


def test_a_file_that_nothing_can_be_made_of_is_tried_once(desk: Desk) -> None:
    bring(desk, ("notes.txt", b"words"), ("a.jpg", jpeg()))
    said = desk.run("previews").data
    assert (said["made"], said["refused"]) == (1, 1)
    said = desk.run("previews").data
    assert (said["made"], said["refused"]) == (0, 0)
    said = desk.run("clean", "1", "1", str(desk.folder / "out"))
    assert (said.code, said.data["failure"]) == (1, "kind")
    assert not (desk.folder / "out").exists()


def test_of_a_file_that_is_not_whole_no_derivative_is_kept(desk: Desk) -> None:
    film = film_of(bytes(600_000))
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    desk.server.blocks = dict([next(film.blocks())])
    desk.bring(desk.server.parcel())
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    with vault.store, pytest.raises(CorncrakeError) as raised:
        keep_derivative(vault, 1, 0, "preview")
    assert raised.value.failure is Failure.INCOMPLETE


def test_the_same_bytes_in_two_reports_are_suggested_at_once(desk: Desk) -> None:
    data = jpeg()
    bring(desk, ("a.jpg", data))
    bring(desk, ("b.jpg", data))
    (suggested,) = shown(desk, 2)["may_be_the_same"]
    assert (suggested["how"], suggested["thread"], suggested["file"]) == ("same", 1, 1)


def test_the_same_picture_smaller_and_saved_again_is_suggested_and_another_is_not(desk: Desk) -> None:
    bring(desk, ("a.jpg", jpeg(size=(1280, 960))))
    small, again = io.BytesIO(), scene(0, (1280, 960))
    again.thumbnail((500, 500))
    again.save(small, "JPEG", quality=50)
    bring(desk, ("b.jpg", small.getvalue()), ("c.jpg", jpeg(shift=300)))
    assert shown(desk, 1)["may_be_the_same"] == []
    assert any("previews" in need for need in desk.run("show", "1").data["needs"])
    assert desk.run("previews").data["made"] == 3
    (suggested,) = shown(desk, 1)["may_be_the_same"]
    assert (suggested["how"], suggested["thread"], suggested["file"], suggested["distance"] <= 6) == ("alike", 2, 1, True)
    assert shown(desk, 2, 1)["may_be_the_same"] == []


def test_plain_pictures_are_not_all_alike(desk: Desk) -> None:
    pictures: list[bytes] = []
    for shade in (0, 255):
        sink = io.BytesIO()
        Image.new("RGB", (99 + shade, 99), (shade, shade, shade)).save(sink, "PNG")
        pictures.append(sink.getvalue())
    bring(desk, ("black.png", pictures[0]), ("white.png", pictures[1]))
    assert desk.run("previews").data["made"] == 2
    assert shown(desk, 1)["may_be_the_same"] == []
