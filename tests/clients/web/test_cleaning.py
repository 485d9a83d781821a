# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kinds of files by carriers of what points to a person: told, removed, and looked for afterwards by exiftool, by marks, and by decoding.

Rules of this file: every sample is made here, and must be seen to tell something before it counts as clean. 'Clean' with a leftover fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from tests.clients.media_samples import films, pictures, written
from tests.clients.media_samples.bytes_of import MARK, SECRET
from tests.clients.web.cleaner import Answer, bundle, clean_all, exiftool, frames_of, pictures_of
from tests.clients.web.leftovers import leftovers

if TYPE_CHECKING:
    from pathlib import Path

PLAIN: Final = "nothing added"
CELLS: Final = [
    *((kind, PLAIN) for kind in (*pictures.PLAIN, *films.PLAIN)),
    *pictures.MADE,
    *films.MADE,
    *written.WRITTEN,
]
WORDS_OF_WRITERS: Final = (b"x264", b"x265", b"Lavf", b"Lavc", b"2026:06:01")


@dataclass
class Cell:
    """One sample, its two clean copies, and what was seen in each."""

    original: Path
    stripped: Path
    partial: Path
    strip: Answer
    keep: Answer
    seen: dict[Path, dict[str, str]]
    again: dict[Path, Answer]


def expected(cell: tuple[str, str]) -> set[str]:
    """What at least must be told of a sample."""
    for made in (pictures.MADE, films.MADE, written.WRITTEN):
        if cell in made:
            return made[cell][1]
    return set()


def make_samples(folder: Path) -> dict[tuple[str, str], Path]:
    """Make every sample; those of exiftool are plain files that it then writes into."""
    plain = {kind: make() for kind, make in pictures.PLAIN.items()} | {kind: films.make(recipe) for kind, recipe in films.PLAIN.items()}
    paths: dict[tuple[str, str], Path] = {}
    for number, cell in enumerate(CELLS):
        made = pictures.MADE.get(cell) or films.MADE.get(cell)
        paths[cell] = folder / f"{number:03}"
        paths[cell].write_bytes(made[0]() if made else plain[cell[0]])
    thumbnail = folder / "thumbnail"
    thumbnail.write_bytes(pictures.jpeg_with(b""))
    written.write([(paths[cell], arguments) for cell, (arguments, _) in written.WRITTEN.items()], thumbnail)
    return paths


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Cell]:
    """All samples, cleaned in both ways."""
    folder = tmp_path_factory.mktemp("cleaning")
    media = bundle(folder)
    paths = make_samples(folder)
    jobs = [(path, choice, path.with_suffix(f".{choice}")) for path in paths.values() for choice in ("strip", "partial")]
    answers = clean_all(media, jobs)
    copies = [to for (_, _, to), answer in zip(jobs, answers, strict=True) if answer.refused is None]
    again = dict(zip(copies, clean_all(media, [(copy, "strip", None) for copy in copies]), strict=True))
    seen = exiftool([*paths.values(), *copies])
    return {
        cell: Cell(path, path.with_suffix(".strip"), path.with_suffix(".partial"), answers[2 * index], answers[2 * index + 1], seen, again)
        for index, (cell, path) in enumerate(paths.items())
    }


def named(cell: tuple[str, str]) -> str:
    return f"{cell[0]}: {cell[1]}"


@pytest.mark.parametrize("cell", CELLS, ids=named)
def test_what_a_file_says_is_there_and_told(matrix: dict[tuple[str, str], Cell], cell: tuple[str, str]) -> None:
    one = matrix[cell]
    assert not one.strip.telling["broken"]
    assert one.strip.telling["cleanable"]
    assert expected(cell) <= one.strip.tells
    if cell[1] == PLAIN:
        return
    said = " ".join(one.seen[one.original].values())
    assert MARK in one.original.read_bytes() or SECRET in said or "2026:06:01" in said, "the sample holds nothing that could be found"


@pytest.mark.parametrize("cell", CELLS, ids=named)
def test_nothing_of_it_is_left_in_a_clean_copy(matrix: dict[tuple[str, str], Cell], cell: tuple[str, str]) -> None:
    one = matrix[cell]
    assert one.strip.refused is None
    raw = one.stripped.read_bytes()
    assert one.strip.size == len(raw)
    assert [mark for mark in (MARK, *WORDS_OF_WRITERS) if mark in raw] == []
    assert leftovers(one.seen[one.stripped]) == []
    assert one.again[one.stripped].tells == set()
    assert one.again[one.stripped].removed == []
    assert set(one.strip.removed or []) == one.strip.tells


@pytest.mark.parametrize("cell", CELLS, ids=named)
def test_a_copy_that_keeps_place_and_time_keeps_nothing_else(matrix: dict[tuple[str, str], Cell], cell: tuple[str, str]) -> None:
    one = matrix[cell]
    assert one.keep.refused is None
    assert MARK not in one.partial.read_bytes()
    assert leftovers(one.seen[one.partial], event=True) == []
    assert one.again[one.partial].tells <= {"place", "time", "direction"}
    assert one.again[one.partial].tells == set(one.keep.telling["kept"]), "what is said to stay must be what stays"


@pytest.mark.parametrize("cell", CELLS, ids=named)
def test_a_clean_copy_shows_what_the_original_shows(matrix: dict[tuple[str, str], Cell], cell: tuple[str, str]) -> None:
    one = matrix[cell]
    shown = pictures_of if cell[0] in pictures.PLAIN else frames_of
    original = shown(one.original)
    assert len(original) > 0
    assert shown(one.stripped) == original
    assert shown(one.partial) == original


@pytest.mark.parametrize("kind", ["jpeg", "jpeg progressive", "png", "webp", "webp moving"])
def test_place_direction_and_time_of_a_picture_can_be_kept_exactly(matrix: dict[tuple[str, str], Cell], kind: str) -> None:
    one = matrix[kind, "Exif place, direction, time"]
    kept = ["GPS:GPSLatitude", "GPS:GPSLongitude", "GPS:GPSImgDirection", "ExifIFD:DateTimeOriginal", "ExifIFD:OffsetTimeOriginal"]
    assert {tag: one.seen[one.partial].get(tag) for tag in kept} == {tag: one.seen[one.original][tag] for tag in kept}
    assert one.again[one.partial].tells == {"place", "time", "direction"}


@pytest.mark.parametrize("cell", [("mp4", "notes and times"), ("mov", "notes and times"), ("mp4", "place in keys"), ("mp4", "3GPP place")], ids=named)
def test_place_of_a_film_can_be_kept(matrix: dict[tuple[str, str], Cell], cell: tuple[str, str]) -> None:
    one = matrix[cell]
    before = [value for tag, value in one.seen[one.original].items() if tag.endswith((":GPSCoordinates", ":LocationInformation"))]
    assert before, "the sample names no place"
    kept = one.seen[one.partial]["UserData:GPSCoordinates"]
    assert "52 deg 3" in kept
    assert "13 deg 2" in kept


@pytest.mark.parametrize("carrier", ["time of change", "time of making"])
def test_a_picture_s_only_time_is_kept_as_the_time_it_was_taken(matrix: dict[tuple[str, str], Cell], carrier: str) -> None:
    one = matrix["jpeg", carrier]
    assert one.seen[one.partial]["ExifIFD:DateTimeOriginal"] == "2026:06:01 03:14:15"
    assert one.keep.telling["kept"] == ["time"]


@pytest.mark.parametrize("cell", [("jpeg", "XMP"), ("png", "time of change")], ids=named)
def test_what_cannot_be_written_anew_is_not_said_to_stay(matrix: dict[tuple[str, str], Cell], cell: tuple[str, str]) -> None:
    telling = matrix[cell].keep.telling
    assert telling["event"] != []
    assert telling["kept"] == []


def test_times_of_a_film_can_be_kept(matrix: dict[tuple[str, str], Cell]) -> None:
    one = matrix["mp4", "notes and times"]
    tags = ["QuickTime:CreateDate", "Track1:TrackCreateDate", "Track2:MediaCreateDate"]
    assert [one.seen[one.partial][tag] for tag in tags] == ["2026:06:01 03:14:15"] * 3


@pytest.mark.parametrize(
    ("kind", "mark"), [("mp4", b"x264"), ("mp4", b"Lavc"), ("mp4 (H.265)", b"x265"), ("mp4 in fragments", b"Lavc"), ("webm", b"Lavf")]
)
def test_words_of_encoders_go_from_inside_of_samples_too(matrix: dict[tuple[str, str], Cell], kind: str, mark: bytes) -> None:
    one = matrix[kind, PLAIN]
    assert mark in one.original.read_bytes()
    assert mark not in one.stripped.read_bytes()
    assert "software" in (one.strip.removed or [])


def test_how_a_picture_is_turned_is_kept(matrix: dict[tuple[str, str], Cell]) -> None:
    for kind in ("jpeg", "png", "webp"):
        one = matrix[kind, "maker notes"]
        assert one.seen[one.stripped]["IFD0:Orientation"] == "Rotate 90 CW"


def test_the_table(matrix: dict[tuple[str, str], Cell], capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{'kind':<24} {'carrier':<28} {'told':<46} {'left':>4}"]
    left = 0
    for (kind, carrier), one in matrix.items():
        found = len(leftovers(one.seen[one.stripped])) + one.stripped.read_bytes().count(MARK)
        left += found
        rows.append(f"{kind:<24} {carrier:<28} {', '.join(sorted(one.strip.tells)) or '-':<46} {found:>4}")
    with capsys.disabled():
        print("\n" + "\n".join(rows))  # noqa: T201  the table is what this test is for
    assert left == 0
    assert len(rows) > 100
