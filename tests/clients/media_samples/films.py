# SPDX-License-Identifier: AGPL-3.0-or-later
"""Films and sound of each kind that is cleaned, and what each carrier adds to them."""

from __future__ import annotations

import os
import struct
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import av

from tests.clients.media_samples.bytes_of import MARK, SECRET, box, element, find, into_moov

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE: Final = "+52.5200+013.4050/"
WHEN: Final = "2026-06-01T03:14:15Z"


@dataclass(frozen=True)
class Recipe:
    """How a film is made: its container and codings, and the notes that its writer adds."""

    container: str
    video: str | None = "libx264"
    sound: str | None = "aac"
    options: dict[str, str] = field(default_factory=dict[str, str])
    notes: dict[str, str] = field(default_factory=dict[str, str])
    track_notes: dict[str, str] = field(default_factory=dict[str, str])
    subtitles: str | None = None
    chapters: bool = False
    attachment: bool = False


def _pictures(stream: Any) -> list[Any]:
    packets: list[Any] = []
    for index in range(12):
        frame = av.VideoFrame(64, 48, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes((index * 10 + at) % 256 for at in range(plane.buffer_size)))
        frame.pts = index
        packets += stream.encode(frame)
    return packets + list(stream.encode())


def _sounds(stream: Any) -> list[Any]:
    packets: list[Any] = []
    for index in range(24):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=1_024)
        frame.planes[0].update(bytes((index + at * 7) % 256 for at in range(frame.planes[0].buffer_size)))
        frame.rate = 48_000
        frame.pts = index * 1_024
        packets += stream.encode(frame)
    return packets + list(stream.encode())


def make(recipe: Recipe) -> bytes:
    """Write a film of a second with PyAV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
        try:
            _write(recipe, path)
        finally:
            # SVT-AV1, run as root, makes whoever calls it a real-time process, and all that it starts later: a busy browser then starves the machine.
            os.sched_setscheduler(0, policy, parameter)
        return path.read_bytes()


def _write(recipe: Recipe, path: Path) -> None:
    with av.open(str(path), "w", format=recipe.container, options=recipe.options) as opened:
        film = cast("Any", opened)
        film.metadata.update(recipe.notes)
        streams: list[tuple[Any, Any]] = []
        if recipe.video is not None:
            video = film.add_stream(recipe.video, rate=12)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv422p10le" if recipe.video == "prores_ks" else "yuv420p"
            video.metadata.update(recipe.track_notes)
            streams.append((video, _pictures))
        if recipe.sound is not None:
            streams.append((film.add_stream(recipe.sound, rate=48_000, options={"strict": "experimental"}), _sounds))
        words = film.add_stream(recipe.subtitles) if recipe.subtitles else None
        if words is not None:
            words.codec_context.subtitle_header = b"[Script Info]\r\n[V4+ Styles]\r\n[Events]\r\n"
        if recipe.attachment:
            film.add_attachment("note.txt", "text/plain", MARK)
        if recipe.chapters:
            film.set_chapters([{"id": 1, "start": 0, "end": 1_000, "time_base": Fraction(1, 1_000), "metadata": {"title": SECRET}}])
        for stream, packets in streams:
            for packet in packets(stream):
                film.mux(packet)
        if words is not None:
            packet = av.Packet(struct.pack(">H", len(MARK)) + MARK if recipe.subtitles == "mov_text" else MARK)
            packet.stream, packet.pts, packet.dts, packet.duration, packet.time_base = words, 0, 0, 500, Fraction(1, 1_000)
            film.mux(packet)


NOTED: Final = {"title": SECRET, "artist": SECRET, "comment": SECRET, "location": PLACE, "creation_time": WHEN}
PLAIN: Final[dict[str, Recipe]] = {
    "mp4": Recipe("mp4"),
    "mp4 (H.265)": Recipe("mp4", video="libx265"),
    "mp4 (AV1, Opus)": Recipe("mp4", video="libsvtav1", sound="libopus"),
    "mp4 in fragments": Recipe("mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "mp4, index first": Recipe("mp4", options={"movflags": "faststart"}),
    "mov": Recipe("mov"),
    "mov (plain sound)": Recipe("mov", sound="pcm_s16le"),
    "m4a": Recipe("ipod", video=None),
    "webm": Recipe("webm", video="libvpx", sound="libopus"),
    "webm (VP9, Vorbis)": Recipe("webm", video="libvpx-vp9", sound="vorbis"),
    "webm as it is recorded": Recipe("webm", video="libvpx", sound="libopus", options={"live": "1"}),
    "webm (Matroska, AAC)": Recipe("matroska"),
    "webm (Matroska, H.264)": Recipe("matroska", sound="flac"),
}


def _noted(kind: str, **changes: Any) -> Callable[[], bytes]:
    plain = PLAIN[kind]
    return lambda: make(Recipe(**{**plain.__dict__, **changes}))


def _boxed(change: Callable[[bytes], bytes], kind: str = "mp4") -> Callable[[], bytes]:
    return lambda: change(make(PLAIN[kind]))


def _track_of(coding: bytes, handler: bytes) -> Callable[[], bytes]:
    """A film whose third track, of words, says that it is another kind of track: its samples are what they were."""

    def change() -> bytes:
        film = _noted("mp4", subtitles="mov_text")()
        return film.replace(b"tx3g", coding).replace(b"sbtl", handler)

    return change


def _hidden_between(film: bytes) -> bytes:
    """Words in the film's data that no track refers to: behind its last sample; the index, which follows, moves and names nothing that moved."""
    start, end = find(film, b"mdat")
    return film[:start] + struct.pack(">I", end - start + len(MARK)) + film[start + 4 : end] + MARK + film[end:]


def _named_coder(film: bytes) -> bytes:
    at = film.index(b"avc1", find(film, b"moov")[0]) + 4
    return film[: at + 42] + bytes((len(MARK),)) + MARK + film[at + 43 + len(MARK) :]


def _without_head(film: bytes) -> bytes:
    """As QuickTime wrote films before there were heads: the first box is room for a longer length, and here not empty."""
    _, end = find(film, b"ftyp")
    return box(b"wide", MARK.ljust(end - 8, b"\0")) + film[end:]


def _behind_table(film: bytes) -> bytes:
    start, end = find(film, b"moov", b"udta")
    return film[:start] + box(b"udta", box(b"\xa9zbr", MARK).ljust(end - start - 8, b"\0")) + film[end:]


_BOXED: Final[dict[str, tuple[Callable[[], bytes], set[str]]]] = {
    "unknown box": (_boxed(lambda film: into_moov(film, box(b"zbra", MARK))), {"other"}),
    "uuid box": (_boxed(lambda film: into_moov(film, box(b"uuid", bytes(16) + MARK))), {"other"}),
    "words in a free box": (_boxed(lambda film: into_moov(film, box(b"free", MARK))), {"other"}),
    "words in user data": (_boxed(_behind_table), {"other"}),
    "trailer": (_boxed(lambda film: film + MARK), {"trailer"}),
    "trailer that is a box": (_boxed(lambda film: film + box(b"sefd", MARK)), {"trailer"}),
    "words between samples": (_boxed(_hidden_between), {"other"}),
    "name of the coder": (_boxed(_named_coder), {"software"}),
    "subtitle track": (_noted("mp4", subtitles="mov_text"), {"subtitle"}),
    "positions (gpmd)": (_track_of(b"gpmd", b"meta"), {"track", "place"}),
    "positions (camm)": (_track_of(b"camm", b"meta"), {"track", "place"}),
    "unknown track": (_track_of(b"zbra", b"zbra"), {"track"}),
}

MADE: Final[dict[tuple[str, str], tuple[Callable[[], bytes], set[str]]]] = {
    **{("mp4", carrier): made for carrier, made in _BOXED.items()},
    ("mp4", "notes and times"): (_noted("mp4", notes=NOTED), {"owner", "text", "place", "time"}),
    ("mp4", "handler names"): (_noted("mp4", track_notes={"handler_name": SECRET}), {"software"}),
    ("mp4", "3GPP place"): (_noted("mp4", container="3gp", notes={**NOTED, "location-eng": PLACE}), {"place"}),
    ("mp4 in fragments", "notes and times"): (_noted("mp4 in fragments", notes=NOTED), {"owner", "text", "place", "time"}),
    ("mp4 in fragments", "subtitle track"): (_noted("mp4 in fragments", subtitles="mov_text"), {"subtitle"}),
    ("mov", "notes and times"): (_noted("mov", notes=NOTED), {"owner", "text", "place", "time"}),
    ("mov", "handler names"): (_noted("mov", track_notes={"handler_name": SECRET}), {"software"}),
    ("mov", "words in the first box"): (_boxed(_without_head, "mov"), {"other"}),
    ("mov", "keys"): (
        _noted("mov", options={"movflags": "use_metadata_tags"}, notes={**NOTED, "com.apple.quicktime.make": SECRET}),
        {"place", "device"},
    ),
    ("mov", "time code track"): (_noted("mov", notes={"timecode": "03:14:15:00", "reel_name": SECRET}, track_notes={"reel_name": SECRET}), {"track"}),
    ("m4a", "notes and times"): (_noted("m4a", notes=NOTED), {"owner", "text", "time"}),
    ("webm", "tags and dates"): (_noted("webm", notes=NOTED), {"owner", "text", "place", "time"}),
    ("webm", "names of tracks"): (_noted("webm", track_notes={"title": SECRET}), {"names"}),
    ("webm", "subtitle track"): (_noted("webm", subtitles="webvtt"), {"subtitle"}),
    ("webm", "chapters"): (_noted("webm", chapters=True), {"text"}),
    ("webm", "attachment"): (_noted("webm (Matroska, H.264)", attachment=True), {"other"}),
    ("webm", "trailer"): (_boxed(lambda film: film + MARK, "webm"), {"trailer"}),
    ("webm", "unknown element"): (_boxed(lambda film: film + element(b"\x4f\xff", MARK), "webm as it is recorded"), {"other"}),
    ("webm", "words in a void"): (_boxed(lambda film: film + element(b"\xec", MARK), "webm as it is recorded"), {"other"}),
    ("webm as it is recorded", "tags and dates"): (_noted("webm as it is recorded", notes=NOTED), {"owner", "text", "place"}),
    ("webm (VP9, Vorbis)", "tags and dates"): (_noted("webm (VP9, Vorbis)", notes=NOTED), {"owner", "text", "place", "software"}),
}
"""By kind and carrier: how the sample is made, and what at least must be told of it."""
