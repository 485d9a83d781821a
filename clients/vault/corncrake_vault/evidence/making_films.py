# SPDX-License-Identifier: AGPL-3.0-or-later
"""Films and sound: a picture of the first frame, or the same packets in a new container without anything beside them.

Rules of this file: it runs in the confined process only (`worker`). Containers are listed, so that none is parsed that can name other files. A new
container is written in one go, as fragments, so that it needs no place to go back to.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import av as _av
from av.bitstream import BitStreamFilterContext
from PIL import Image

from corncrake_crypto.errors import Failure, FileError
from corncrake_vault.evidence.making_pictures import check_pixels, write_preview

if TYPE_CHECKING:
    from corncrake_vault.evidence.wire import Job

av = cast("Any", _av)
"""Its own types leave out what is used here."""
for _module in pkgutil.walk_packages(_av.__path__, "av."):
    # All of it before the process is shut off: it would load parts when it first needs them.
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)

CONTAINERS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,mp3,wav,flac,aac,avi,mpegts,amr"
_MATROSKA: Final = frozenset({"matroska", "webm", "ogg", "flac", "wav", "mp3", "avi"})
_MARKERS: Final = {"h264": "filter_units=remove_types=6", "hevc": "filter_units=remove_types=39|40"}
"""Messages beside the picture (SEI): what an encoder says of itself, places, times."""
FRAMES_TRIED: Final = 50
"""Packets of a film that are decoded until there is a picture."""


def try_out(job: Job) -> None:
    """Write and read a film of our own: later no file can be opened, not even one with code."""
    Image.init()
    tried = io.BytesIO()
    with av.open(tried, "w", format="mp4") as film:
        track = film.add_stream("mpeg4", rate=1)
        track.width, track.height, track.pix_fmt, track.codec_context.thread_count = 16, 16, "yuv420p", 1
        film.mux(track.encode(av.VideoFrame.from_image(Image.new("RGB", (16, 16)))))
        film.mux(track.encode(None))
    for kind in ("poster", "cleaned"):
        make(job._replace(kind=kind), io.BytesIO(tried.getvalue()), io.BytesIO())


def make(job: Job, source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    """Write a poster or the cleaned film of `source` to `sink`, and say what it is.

    Raises:
        FileError: `kind`: it is no film, has no such derivative, or nothing of it can be decoded; `size`: too many pixels.
    """
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "pipe", "max_streams": "64", "max_probe_packets": "500"}
    with av.open(source, "r", options=options, metadata_errors="ignore") as film:
        return _poster(film, sink, job.edge) if job.kind in {"poster", "preview"} else _remuxed(film, sink)


def _poster(film: Any, sink: BinaryIO, edge: int) -> dict[str, Any]:
    if not film.streams.video:
        raise FileError(Failure.KIND, "there is no picture in it")
    stream = film.streams.video[0]
    stream.codec_context.thread_count = 1
    check_pixels(stream.codec_context.width, stream.codec_context.height)
    for number, packet in enumerate(film.demux(stream)):
        for frame in packet.decode():
            check_pixels(frame.width, frame.height)
            return write_preview(frame.to_image(), sink, edge) | _tool()
        if number > FRAMES_TRIED:
            break
    raise FileError(Failure.KIND, "no picture of it can be decoded")


def _remuxed(film: Any, sink: BinaryIO) -> dict[str, Any]:
    """Copy the packets of picture and sound; subtitles, data, attachments, chapters and every label stay behind."""
    kept = [stream for stream in film.streams if stream.type in {"video", "audio"} and stream.codec_context is not None]
    if not kept:
        raise FileError(Failure.KIND, "there is neither picture nor sound in it")
    matroska = bool(_MATROSKA & set(film.format.name.split(",")))
    options = {"fflags": "+bitexact"} | ({} if matroska else {"movflags": "frag_keyframe+empty_moov+default_base_moof"})
    with av.open(sink, "w", format="matroska" if matroska else "mp4", options=options) as new:
        filters: dict[int, tuple[Any, Any]] = {}
        for stream in kept:
            copy = new.add_stream_from_template(stream)
            copy.metadata.clear()
            name = _MARKERS.get(stream.codec_context.name)
            filters[stream.index] = (copy, BitStreamFilterContext(name, stream) if name else None)
        for packet in film.demux(kept):
            copy, strip = filters[packet.stream.index]
            if not packet.size:
                continue
            for piece in strip.filter(packet) if strip else [packet]:
                piece.stream = copy
                new.mux(piece)
    has_picture = any(stream.type == "video" for stream in kept)
    media = f"{'video' if has_picture else 'audio'}/{'x-matroska' if matroska else 'mp4'}"
    return {"type": media, **_tool()}


def _tool() -> dict[str, Any]:
    return {"tool": "PyAV", "version": av.__version__}
