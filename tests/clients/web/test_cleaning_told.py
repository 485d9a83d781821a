# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kinds that are recognised and told, and sent as they are: HEIC and PDF. None is ever called clean."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pikepdf
import pillow_heif
import pytest
from PIL import Image

from tests.clients.media_samples.bytes_of import SECRET
from tests.clients.media_samples.pictures import EXIF
from tests.clients.web.cleaner import Answer, bundle, clean_all

if TYPE_CHECKING:
    from pathlib import Path


def heic() -> bytes:
    out = io.BytesIO()
    cast("Any", pillow_heif).from_pillow(Image.new("RGB", (64, 64))).save(out, exif=b"Exif\0\0" + EXIF)
    return out.getvalue()


def pdf(*, xmp: bool) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        if xmp:
            with document.open_metadata() as metadata:
                metadata["dc:creator"] = [SECRET]
        else:
            document.docinfo["/Author"] = SECRET
            document.docinfo["/Producer"] = "Telefono Scan"
        document.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    folder = tmp_path_factory.mktemp("told")
    files = {"heic": heic(), "pdf": pdf(xmp=False), "pdf with XMP": pdf(xmp=True), "text": b"What I saw", "nothing": b""}
    jobs: list[tuple[Path, str, Path | None]] = []
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
        jobs.append((folder / name, "strip", folder / f"{name}.clean"))
    return dict(zip(files, clean_all(bundle(folder), jobs), strict=True))


def test_a_phone_s_picture_is_told_and_never_called_clean(answers: dict[str, Answer]) -> None:
    said = answers["heic"]
    assert (said.telling["kind"], said.telling["cleanable"], said.refused) == ("heic", False, "archive")
    assert {"owner", "serial", "device", "time"} <= said.tells
    assert {"tell": "owner", "text": SECRET} in said.telling["shown"]


def test_a_document_is_told_and_never_called_clean(answers: dict[str, Answer]) -> None:
    said = answers["pdf"]
    assert (said.telling["kind"], said.telling["cleanable"], said.refused) == ("pdf", False, "archive")
    assert {"names", "software"} <= said.tells
    assert {"tell": "names", "text": SECRET} in said.telling["shown"]
    assert "owner" in answers["pdf with XMP"].tells


@pytest.mark.parametrize("name", ["text", "nothing"])
def test_what_is_not_known_is_said_to_be_unknown(answers: dict[str, Answer], name: str) -> None:
    said = answers[name]
    assert (said.telling["kind"], said.telling["cleanable"], said.telling["broken"], said.refused) == ("unknown", False, False, "archive")
