# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that somebody made to harm whoever looks into them: they are cleaned or refused, in bounded time and memory; and files larger than memory."""

from __future__ import annotations

import os
import random
import struct
from typing import TYPE_CHECKING, Any, Final, cast

import av
import pytest

from tests.clients.media_samples import films, pictures
from tests.clients.media_samples.bytes_of import MARK, box, chunk, find, into_moov, riff, segment
from tests.clients.web.cleaner import Answer, bundle, clean_all, frames_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB: Final = 2**20
EACH: Final = {"quick": 10, "full": 25, "slow": 400}
LARGE: Final = {"quick": 2**28, "full": 2**30, "slow": 4 * 2**30}
PASSES: Final = 5 * 8
"""A file is read by `inspect` up to three times, and by `clean` twice; each may read it eight times over."""
NUMBERS: Final = (b"\0\0\0\0", b"\0\0\0\x01", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\x01\x80\0\0\0\0\0\0\0", b"\0\0\0\x08")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("media"))


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """One file like another, with a few things wrong."""
    out = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if not out:
            break
        at = chance.randrange(len(out))
        match chance.randrange(6):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                del out[at + 1 :]
            case 2:
                number = chance.choice(NUMBERS)
                out[at : at + len(number)] = number
            case 3:
                out[at:at] = out[chance.randrange(len(out)) :][: chance.randrange(64)]
            case 4:
                del out[at : at + chance.randrange(1, 16)]
            case _:
                # Lengths stand before names: hit the four bytes before some name.
                names = [
                    place
                    for name in (b"moov", b"trak", b"stsz", b"stco", b"stsc", b"IDAT", b"VP8", b"\x1f\x43\xb6\x75")
                    if (place := out.find(name)) >= 4
                ]
                place = chance.choice(names or [at])
                out[max(0, place - 4) : place] = chance.choice(NUMBERS[:4])
    return bytes(out)


def assert_bounded(answers: list[Answer], sizes: list[int]) -> None:
    for answer, size in zip(answers, sizes, strict=True):
        assert answer.refused in (None, "archive")
        assert answer.read <= PASSES * size + 3 * 64 * MIB
        assert answer.longest <= 4 * MIB
        assert len(answer.telling["shown"]) <= 16
        assert all(len(one["text"]) <= 64 for one in answer.telling["shown"])
    assert max(answer.held for answer in answers) < 64 * MIB


def originals() -> dict[str, bytes]:
    """One file of each kind, and those with the most in them."""
    telling = [("jpeg", "maker notes"), ("png", "maker notes"), ("webp", "unknown part of a frame"), ("gif", "unknown program")]
    noted = [
        ("mp4", "subtitle track"),
        ("mov", "keys"),
        ("m4a", "notes and times"),
        ("mp4 in fragments", "notes and times"),
        ("webm", "tags and dates"),
    ]
    found = {kind: make() for kind, make in pictures.PLAIN.items() if "moving" in kind or "progressive" in kind}
    found |= {f"{kind} {carrier}": pictures.MADE[kind, carrier][0]() for kind, carrier in telling}
    found |= {f"{kind} {carrier}": films.MADE[kind, carrier][0]() for kind, carrier in noted}
    return found | {
        kind: films.make(films.PLAIN[kind]) for kind in ("mp4 (H.265)", "mp4 (AV1, Opus)", "webm (VP9, Vorbis)", "webm as it is recorded")
    }


def test_changed_files_are_cleaned_or_refused(media: Path, tmp_path: Path, tier: str) -> None:
    chance = random.Random(4)  # noqa: S311  the same files in every run
    jobs: list[tuple[Path, str, Path | None]] = []
    for name, raw in originals().items():
        for number in range(EACH[tier]):
            path = tmp_path / f"{name.replace(' ', '_')}-{number}"
            path.write_bytes(mutated(raw, chance))
            jobs.append((path, chance.choice(("strip", "partial")), path.with_suffix(".clean")))
    answers = clean_all(media, jobs)
    assert_bounded(answers, [path.stat().st_size for path, _, _ in jobs])
    refused = sum(answer.refused is not None for answer in answers)
    assert 0.1 < refused / len(answers) < 0.95, "the changes are too mild, or too coarse, to say anything"
    clean = [to for (_, _, to), answer in zip(jobs, answers, strict=True) if answer.refused is None and to is not None]
    again = clean_all(media, [(path, "strip", None) for path in clean])
    for path, answer in zip(clean, again, strict=True):
        assert answer.tells <= {"place", "time", "direction"}, path


def _box64(name: bytes, size: int) -> bytes:
    return struct.pack(">I", 1) + name + struct.pack(">Q", size)


def _film(change: Callable[[bytes], bytes]) -> bytes:
    return change(films.make(films.PLAIN["mp4"]))


def _many_samples(film: bytes) -> bytes:
    at = film.index(b"stsz")
    return film[: at + 8] + struct.pack(">II", 1, 0xFFFFFFFF) + film[at + 16 :]


def _many_tracks(film: bytes) -> bytes:
    track = film[slice(*find(film, b"moov", b"trak"))]
    return into_moov(film, track * 1_000)


def _many_values() -> bytes:
    """Eight directories of five hundred values, each of which is the whole block of two megabytes."""
    entry = struct.pack(">HHII", 0x010E, 2, 2 * MIB, 0)
    directories = b""
    for number in range(8):
        after = 8 + (number + 1) * (2 + 500 * 12 + 4)
        directories += struct.pack(">H", 500) + entry * 500 + struct.pack(">I", after)
    return (b"MM\0\x2a\0\0\0\x08" + directories).ljust(2 * MIB, b"\0")


def _chunks_elsewhere(film: bytes) -> bytes:
    """The first chunk lies in the index: were it kept as data, its words would be as well."""
    at = film.index(b"stco")
    return film[: at + 12] + struct.pack(">I", find(film, b"moov")[0] + 8) + film[at + 16 :]


HEAD: Final = box(b"ftyp", b"isom\0\0\0\0isom")
EBML: Final = bytes.fromhex("1a45dfa3 84 42868101".replace(" ", "")) + bytes.fromhex("18538067 01ffffffffffffff".replace(" ", ""))
HOSTILE: Final[dict[str, Callable[[], bytes]]] = {
    "a box of 2^63 bytes": lambda: HEAD + _box64(b"moov", 2**63),
    "a box of 2^53 bytes": lambda: HEAD + _box64(b"moov", 2**53 + 1),
    "a box shorter than its head": lambda: HEAD + struct.pack(">I", 4) + b"moov",
    "a box that fills the rest, inside": lambda: HEAD + box(b"moov", struct.pack(">I", 0) + b"trak"),
    "a million tiny boxes": lambda: HEAD + box(b"moov", box(b"free", b"") * 1_000_000),
    "boxes in boxes": lambda: HEAD + b"".join(struct.pack(">I", 8 * left) + b"moov" for left in range(100_000, 0, -1)),
    "four thousand million samples": lambda: _film(_many_samples),
    "samples outside of the data": lambda: _film(_chunks_elsewhere),
    "two indexes": lambda: _film(lambda film: film + film[slice(*find(film, b"moov"))]),
    "three hundred thousand boxes beside each other": lambda: HEAD + box(b"free", b"") * 300_000,
    "many tracks": lambda: _film(_many_tracks),
    "an Exif block that names the same bytes again and again": lambda: pictures.png_with(chunk(b"eXIf", _many_values()) + b"broken"),
    "a chunk of two gigabytes": lambda: pictures.png_with(struct.pack(">I", 0x7FFFFFFF) + b"tEXt"),
    "a million tiny chunks": lambda: pictures.png_with(chunk(b"zbRa", b"") * 1_000_000),
    "a WebP chunk of four gigabytes": lambda: pictures.webp_with(b"NOTE\xff\xff\xff\xff"),
    "a million WebP chunks": lambda: pictures.webp_with(riff(b"NOTE", b"") * 1_000_000),
    "segments without end": lambda: pictures.jpeg_with(segment(0xFE, b"") * 1_000_000),
    "fill bytes without end": lambda: pictures.jpeg_with(b"\xff" * 8 * MIB),
    "sub-blocks without end": lambda: pictures.PLAIN["gif"]()[:-1] + b"!\xfe" + b"\x01x" * 4 * MIB,
    "elements without end": lambda: EBML + b"\xec\x80" * 12 * MIB,
    "an element of 2^56 bytes": lambda: EBML + bytes.fromhex("1549a96601fffffffffffffe"),
    "an element without length": lambda: EBML + bytes.fromhex("1549a96601ffffffffffffff") + b"\xec\x80",
}


def test_files_made_to_harm_are_refused(media: Path, tmp_path: Path) -> None:
    paths: list[Path] = []
    for number, make in enumerate(HOSTILE.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(make())
    answers = clean_all(media, [(path, "strip", None) for path in paths])
    assert_bounded(answers, [path.stat().st_size for path in paths])
    assert {name: answer.refused for name, answer in zip(HOSTILE, answers, strict=True)} == dict.fromkeys(HOSTILE, "archive")
    assert not any(answer.telling["cleanable"] for answer in answers)


def test_a_film_of_gigabytes_is_cleaned_without_being_held(media: Path, tmp_path: Path, tier: str) -> None:
    """Its data are a hole in the disk, with samples at both ends; the index, with its notes, follows."""
    film = films.MADE["mp4", "notes and times"][0]()
    data, index = find(film, b"mdat"), find(film, b"moov")
    size = LARGE[tier]
    path = tmp_path / "large"
    with path.open("wb") as file:
        # The same film, its data made longer: what is beyond the samples is a hole, which tells nothing.
        head = film[: data[0]]
        assert head.endswith(struct.pack(">I", 8) + b"free"), "a box of eight bytes leaves room for a long length"
        file.write(head[:-8] + _box64(b"mdat", size) + film[data[0] + 8 : data[1]])
        file.truncate(data[0] - 8 + size)
        file.seek(0, os.SEEK_END)
        file.write(film[slice(*index)])
    (answer,) = clean_all(media, [(path, "strip", None)])
    assert answer.refused is None
    assert answer.size == path.stat().st_size
    assert {"place", "owner", "time"} <= set(answer.removed or [])
    assert answer.longest <= 4 * MIB
    assert answer.held < 64 * MIB


def test_words_hidden_in_the_data_of_a_large_film_are_blanked(media: Path, tmp_path: Path) -> None:
    film = films.make(films.PLAIN["mp4"])
    start, end = find(film, b"mdat")
    hidden = (MARK * 1_000).ljust(24 * MIB, b".") + MARK
    path, copy = tmp_path / "hiding", tmp_path / "copy"
    path.write_bytes(film[:start] + struct.pack(">I", end - start + len(hidden)) + film[start + 4 : end] + hidden + film[end:])
    (answer,) = clean_all(media, [(path, "strip", copy)])
    assert answer.removed is not None
    assert "other" in answer.removed
    assert MARK not in copy.read_bytes()
    assert frames_of(copy) == frames_of(path)


def _unit(kind: bytes, message: bytes = b"\x05") -> bytes:
    """A film whose encoder's words stand in another kind of unit, or of message."""
    film = films.make(films.PLAIN["mp4"])
    at = film.index(b"\x06\x05\xff")
    return film[:at] + kind + message + film[at + 2 :]


def _extended(film: bytes) -> bytes:
    defaults = struct.pack(">IIIIII", 0, 1, 1, 0, 0, 0)
    return into_moov(film, box(b"mvex", box(b"trex", defaults + MARK)))


def _moved_tracks() -> bytes:
    film = films.make(films.PLAIN["webm"])
    at = film.index(b"\x16\x54\xae\x6b", film.index(b"\x16\x54\xae\x6b") + 4)
    long = 9 - film[at + 4].bit_length()
    size = int.from_bytes(film[at + 4 : at + 4 + long], "big") & ((1 << 7 * long) - 1)
    end = at + 4 + long + size
    return film[:at] + film[end:] + film[at:end]


ROOM: Final[dict[str, Callable[[], bytes]]] = {
    **{f"H.264 unit of type {kind}": (lambda kind=kind: _unit(bytes((kind,)))) for kind in (0, 9, 12, 13, 24, 30)},
    **{f"H.264 message of type {kind}": (lambda kind=kind: _unit(b"\x06", bytes((kind,)))) for kind in (1, 3, 6, 136)},
    "JPEG lines": lambda: pictures.jpeg_with(segment(0xDC, MARK * 20)),
    "JPEG restarts": lambda: pictures.jpeg_with(segment(0xDD, b"\0\0" + MARK * 20)),
    "JPEG expansion": lambda: pictures.jpeg_with(segment(0xDF, MARK * 20)),
    "JPEG table with a tail": lambda: pictures.jpeg_with(segment(0xDB, b"\0" + b"\x01" * 64 + MARK)),
    "PNG frame of no moving picture": lambda: pictures.png_with(chunk(b"fdAT", b"\0\0\0\x01" + MARK)),
    "PNG data apart from the picture": lambda: pictures.PLAIN["png"]()[:-12] + chunk(b"tIME", bytes(7)) + chunk(b"IDAT", MARK) + chunk(b"IEND", b""),
    "second WebP picture": lambda: pictures.webp_with(riff(b"VP8L", MARK)),
    "tail of a fragment's defaults": lambda: _film(_extended),
    "WebM tracks behind the pictures": _moved_tracks,
    "MP3 in Matroska": lambda: films.make(films.Recipe("matroska", sound="libmp3lame")),
    "MP3 in MP4": lambda: films.make(films.Recipe("mp4", sound="libmp3lame")),
    "ProRes": lambda: films.make(films.Recipe("mov", video="prores_ks", sound=None)),
}
REFUSED: Final = {"JPEG lines", "JPEG restarts", "JPEG table with a tail", "PNG data apart from the picture"} | {
    "WebM tracks behind the pictures",
    "MP3 in Matroska",
    "MP3 in MP4",
    "ProRes",
}


@pytest.fixture(scope="module")
def hidden(media: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Answer, Path]]:
    folder = tmp_path_factory.mktemp("hidden")
    paths = {name: folder / str(number) for number, name in enumerate(ROOM)}
    for name, path in paths.items():
        path.write_bytes(ROOM[name]())
    answers = clean_all(media, [(path, "strip", path.with_suffix(".clean")) for path in paths.values()])
    return {name: (answer, paths[name].with_suffix(".clean")) for (name, answer) in zip(paths, answers, strict=True)}


@pytest.mark.parametrize("name", ROOM)
def test_what_has_room_for_words_holds_none_in_a_clean_copy(hidden: dict[str, tuple[Answer, Path]], name: str) -> None:
    answer, copy = hidden[name]
    assert (answer.refused == "archive") == (name in REFUSED)
    if answer.refused is None:
        assert [mark for mark in (MARK, b"x264", b"LAME", b"Lavc") if mark in copy.read_bytes()] == []


def test_a_film_with_minutes_of_plain_sound_is_cleaned(media: Path, tmp_path: Path) -> None:
    """Seven minutes and a half are more samples than are looked at one by one; they are not, since all are of one length."""
    path = tmp_path / "long.mov"
    with av.open(str(path), "w", format="mov") as opened:
        film = cast("Any", opened)
        sound = film.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=480_000)
        frame.rate = 48_000
        frame.planes[0].update(bytes(960_000))
        for number in range(45):
            frame.pts = number * 480_000
            film.mux(sound.encode(frame))
    (answer,) = clean_all(media, [(path, "strip", None)])
    assert answer.refused is None
