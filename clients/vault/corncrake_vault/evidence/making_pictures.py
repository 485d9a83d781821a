# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures out of pictures: nothing goes over but pixels.

Rules of this file: it runs in the confined process only (`worker`). Only the reader of the format that was named looks at the bytes. The number of
pixels is bounded before they are decoded. No description, place, colour profile or picture within the picture goes over.

Source: Pillow, pillow-heif.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pillow_heif
from PIL import Image, ImageOps, __version__

from corncrake_crypto.errors import Failure, FileError

if TYPE_CHECKING:
    from corncrake_vault.evidence.wire import Job

PIXELS_MAX: Final = 128_000_000
"""Pixels of a picture that is decoded: 384 MB as RGB. What a JPEG's reader leaves out while it decodes does not count."""
QUALITY: Final = 88
_TRIED: Final = ("PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG")
_WHITE: Final = 255

cast("Any", pillow_heif).register_heif_opener(thumbnails=False)
pillow_heif.options.DECODE_THREADS = 1
Image.MAX_IMAGE_PIXELS = None


def try_out(job: Job) -> None:
    """Read and write pictures of our own: later no file can be opened, not even one with code."""
    Image.init()
    for form in _TRIED:
        tried = io.BytesIO()
        Image.new("RGBA" if form == "PNG" else "RGB", (8, 8)).save(tried, form)
        for kind in ("preview", "cleaned"):
            make(job._replace(kind=kind, reader=form.lower()), tried, io.BytesIO())


def make(job: Job, source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    """Write a preview or the cleaned picture of `source` to `sink`, and say what it is.

    Raises:
        FileError: `size`: it has more pixels than are decoded; `kind`: there is no such derivative of a picture.
    """
    picture = Image.open(source, formats=[job.reader.upper()])
    if job.kind == "preview":
        return write_preview(picture, sink, job.edge)
    if job.kind != "cleaned":
        raise FileError(Failure.KIND, "there is no such derivative of a picture")
    check_pixels(*picture.size)
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


def write_preview(picture: Image.Image, sink: BinaryIO, edge: int) -> dict[str, Any]:
    """Write a JPEG of a picture, its longer side at most `edge` pixels, and say what it is, and what it is like."""
    original = {"original_width": picture.width, "original_height": picture.height}
    several = bool(getattr(picture, "is_animated", False))
    picture.draft("RGB", (edge, edge))
    check_pixels(*picture.size)
    picture.load()
    if picture.mode in {"1", "P", "PA"}:
        # Of a palette there is nothing between two colours.
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((edge, edge), reducing_gap=2.0)
    small = write_jpeg(ImageOps.exif_transpose(picture), sink)
    return _said("image/jpeg", small) | original | {"likeness": difference_hash(small), "several": several}


def write_jpeg(picture: Image.Image, sink: BinaryIO) -> Image.Image:
    """Write what can be seen of a picture as a JPEG, and return it as it was written: what is transparent is white."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    elif picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture)
    seen = picture.convert("RGB")
    seen.info.clear()  # a comment or a colour profile would be written again
    seen.save(sink, "JPEG", quality=QUALITY)
    return seen


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture of 16 bits or more to a point with 8: the darkest becomes black and the brightest white."""
    wide = cast("Any", picture.convert("F"))
    low, high = wide.getextrema()
    scale = _WHITE / max(high - low, 1e-9)

    def scaled(value: Any) -> Any:
        return value * scale + -low * scale

    return cast("Image.Image", wide.point(scaled).convert("L"))


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
