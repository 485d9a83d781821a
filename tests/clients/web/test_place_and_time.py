# SPDX-License-Identifier: AGPL-3.0-or-later
"""'Keep place and time', chosen at the page: what a desk gets says where and when, and nothing of who."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from development.page_walk import confirm_words, open_page, read_words, write
from tests.clients.media_samples import films, pictures, written
from tests.clients.media_samples.bytes_of import MARK
from tests.clients.web.cleaner import exiftool
from tests.clients.web.conftest import shot
from tests.clients.web.leftovers import leftovers
from tests.clients.web.sent_files import joined, report_that_says

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.server.running import RunningServer

STORY: Final = "Where and when matters."
KEEP: Final = "Keep place and time, remove what points to you"
PHOTO: Final = ("GPS:GPSLatitude", "GPS:GPSLongitude", "GPS:GPSImgDirection", "ExifIFD:DateTimeOriginal", "ExifIFD:OffsetTimeOriginal")
FILM: Final = ("QuickTime:CreateDate", "Track1:TrackCreateDate")
NAMES: Final = ("bridge.jpg", "film.mp4", "other.jpg")


def samples(folder: Path) -> list[Path]:
    """Two photos and a film that say where, when, and who: an owner, a serial number, notes."""
    paths = [folder / name for name in NAMES]
    for path in paths:
        path.write_bytes(films.make(films.Recipe("mp4", notes=dict(films.NOTED))) if path.suffix == ".mp4" else pictures.PLAIN["jpeg"]())
    tags = [*written.WRITTEN["jpeg", "Exif place, direction, time"][0], *written.WRITTEN["jpeg", "Exif owner, serial, lens"][0]]
    written.write([(path, tuple(tags)) for path in paths if path.suffix == ".jpg"], folder)
    assert all(MARK in path.read_bytes() for path in paths)
    return paths


def test_who_keeps_place_and_time_sends_those_and_no_owner_or_serial_number(
    page: Page, address: str, page_server: RunningServer, tmp_path: Path
) -> None:
    photo, film, other = samples(tmp_path)
    open_page(page, address)
    write(page, STORY, [photo, film, other])
    for path in (photo, film):
        page.locator(".panel", has_text=f"What {path.name} says about you").get_by_label(KEEP).check()
    shot(page, "p1-story")
    page.get_by_role("button", name="Go on").click()
    kept, _, clean = (page.locator("section", has=page.get_by_role("heading", name=path.name)) for path in (photo, film, other))
    said = kept.inner_text()
    stays = next(line for line in said.splitlines() if line.startswith("Stays in it"))
    assert "the place where it was taken; the time when it was taken" in stays
    removed = next(line for line in said.splitlines() if line.startswith("Will be removed"))
    assert "a serial number" in removed
    assert "place" not in removed
    assert "It gets a plain name" in said
    assert "Stays in it" not in clean.inner_text()
    assert "It gets a plain name" in clean.inner_text()
    shot(page, "p2-review")
    page.get_by_role("button", name="Send").click()
    confirm_words(page, read_words(page))
    entries = report_that_says(page_server, STORY).files
    assert [(entry.name, entry.cleaning) for entry in entries] == [("photo-1.jpg", "partial"), ("film-2.mp4", "partial"), ("photo-3.jpg", "strip")]
    arrived = [tmp_path / f"arrived-{number}" for number in range(3)]
    for path, entry in zip(arrived, entries, strict=True):
        path.write_bytes(joined(page_server, entry))
        assert MARK not in path.read_bytes()
    seen = exiftool([photo, film, *arrived])
    for original, copy, tags in ((photo, arrived[0], PHOTO), (film, arrived[1], FILM)):
        assert {tag: seen[copy].get(tag) for tag in tags} == {tag: seen[original][tag] for tag in tags}
        assert leftovers(seen[copy], event=True) == []
    assert seen[arrived[1]]["UserData:GPSCoordinates"].startswith("52 deg 31")
    assert leftovers(seen[arrived[2]]) == []
    assert {"owner", "serial"} <= set(entries[0].removed or ())
    assert not {"place", "time", "direction"} & set(entries[0].removed or ())
