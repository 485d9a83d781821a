# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures out of pictures: nothing goes over but pixels.

Rules of this file: it runs behind the walls only (`worker`). The formats are listed; the number of pixels is bounded before they are decoded.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

import pillow_heif
from PIL import Image, ImageOps, __version__

from corncrake_crypto.errors import Failure, FileError

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
PIXELS_MAX: Final = 64_000_000
"""Pixels of a picture that is decoded: 192 MB as RGB."""
PREVIEW_SIDE: Final = 1_280
"""Pixels of a preview's longer side."""

Image.init()
cast("Any", pillow_heif).register_heif_opener(thumbnails=False)
pillow_heif.options.DECODE_THREADS = 1
Image.MAX_IMAGE_PIXELS = None


def make(source: BinaryIO, sink: BinaryIO, kind: str, _page: int) -> dict[str, Any]:
    """Write a preview or the cleaned picture of `source` to `sink`, and say what it is.

    Raises:
        FileError: `size`: it has more pixels than are decoded; `kind`: there is no such derivative of a picture.
    """
    picture = Image.open(source, formats=FORMATS)
    check_pixels(*picture.size)
    if kind == "preview":
        picture.draft("RGB", (PREVIEW_SIDE, PREVIEW_SIDE))
        return write_preview(ImageOps.exif_transpose(picture), sink)
    if kind != "cleaned":
        raise FileError(Failure.KIND, "there is no such derivative of a picture")
    # To the eye a picture stands as its own orientation says; that is of the pixels then.
    is_photo = picture.format in {"JPEG", "HEIF"}
    pixels = _only_pixels(ImageOps.exif_transpose(picture), is_photo=is_photo)
    if is_photo:
        pixels.save(sink, "JPEG", quality=95)
    else:
        pixels.save(sink, "PNG")
    return _said("image/jpeg" if is_photo else "image/png", pixels)


def check_pixels(width: int, height: int) -> None:
    """Check that so many pixels are decoded.

    Raises:
        FileError: `size`.
    """
    if width < 1 or height < 1 or width * height > PIXELS_MAX:
        raise FileError(Failure.SIZE, f"a picture of more than {PIXELS_MAX} pixels is not decoded")


def write_preview(picture: Image.Image, sink: BinaryIO) -> dict[str, Any]:
    """Write a small JPEG of a picture, and say what it is, and what it is like."""
    small = _only_pixels(picture, is_photo=True)
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    small.save(sink, "JPEG", quality=85)
    return _said("image/jpeg", small) | {"likeness": difference_hash(small)}


def difference_hash(picture: Image.Image) -> int:
    """Return 64 bits of what a picture is like: for each of 8 rows of 9 grey points, whether a point is lighter than the one before it."""
    grey = cast("Any", picture.convert("L")).resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (grey[row * 9 + column + 1] > grey[row * 9 + column])
    return bits


def _only_pixels(picture: Image.Image, *, is_photo: bool) -> Image.Image:
    """Return a picture of the same pixels to which nothing else is attached."""
    transparent = not is_photo and (picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info)
    mode = "RGBA" if transparent else "L" if picture.mode in {"1", "L"} else "RGB"
    pixels = picture.convert(mode)
    pixels.info = {}
    bare = Image.new(mode, pixels.size)
    bare.paste(pixels)
    return bare


def _said(media: str, picture: Image.Image) -> dict[str, Any]:
    return {"type": media, "tool": "Pillow", "version": __version__, "width": picture.width, "height": picture.height}
