# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures, films and PDFs made for tests, with things beside the picture that must not go over."""

from __future__ import annotations

import io
from typing import Any, cast

import av as _av
import pillow_heif
from PIL import Image

av = cast("Any", _av)
cast("Any", pillow_heif).register_heif_opener()

MARKER = b"the-owner-of-this-phone"


def scene(shift: int = 0, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with light and dark in it."""
    picture = Image.new("RGB", size)
    width, height = size
    for number in range(24):
        box = ((number * 97 + shift) % width, (number * 61) % height, (number * 97 + shift) % width + 80, (number * 61) % height + 60)
        picture.paste((number * 37 % 256, number * 91 % 256, number * 53 % 256), box)
    return picture


def picture(form: str, **changes: Any) -> bytes:
    """A picture file with a marker beside the picture wherever the format has room."""
    sink, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = MARKER.decode()
    exif[0x0112] = 6
    said: dict[str, Any] = {"exif": exif} if form in {"JPEG", "PNG", "WEBP", "HEIF"} else {}
    said |= {"comment": MARKER} if form in {"JPEG", "GIF"} else {}
    scene().save(sink, form, **said | changes)
    return sink.getvalue()


def film(form: str = "mp4", codec: str = "libx264", *, frames: int = 20, size: tuple[int, int] = (320, 240)) -> bytes:
    """A film with labels on it and on its track."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as made:
        made.metadata.update({"title": MARKER.decode(), "comment": MARKER.decode()})
        track = made.add_stream(codec, rate=10)
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        track.metadata["handler_name"] = MARKER.decode()
        for number in range(frames):
            frame = av.VideoFrame.from_image(scene(number * 4, size))
            frame.pts = number
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return sink.getvalue()


def sound() -> bytes:
    """A second of a tone, with labels."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as made:
        made.metadata["title"] = MARKER.decode()
        track = made.add_stream("aac", rate=48_000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1_024)
        frame.sample_rate = 48_000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for number in range(40):
            frame.pts = number * 1_024
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return sink.getvalue()


def pdf(pages: int = 2) -> bytes:
    """A PDF of pictures."""
    sink = io.BytesIO()
    scene().save(sink, "PDF", save_all=True, append_images=[scene(page * 30) for page in range(1, pages)], title=MARKER.decode())
    return sink.getvalue()
