# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fresh pictures out of hostile files: the readers, and what is asked of them.

Rules of this file: it is loaded in the confined process and nowhere else. Only the one reader for the kind that was named looks at the bytes.
Nothing of the file goes into the JPEG but what can be seen: no description, place, colour profile or preview.

Source: Pillow, pillow-heif, pypdfium2 (built without JavaScript and without XFA).
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, Final, cast

import pillow_heif
import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image, ImageOps

from corncrake_vault.workbench.pipes import Job, Painted

if TYPE_CHECKING:
    from typing import BinaryIO

PIXELS_MAX: Final = 256_000_000
"""Points of a picture before it is made smaller; memory bounds most kinds before that."""
QUALITY: Final = 88
TEXT_MAX: Final = 20_000
"""Characters of a document page's text that are handed on."""
_ZOOM_MAX: Final = 4.0
"""Points of a picture per point of a document page, of which an inch has 72."""
_WHITE: Final = 255
_DOCUMENT: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F<</Subtype/Type1/BaseFont/Courier>>>>>>>>endobj\n"
    b"4 0 obj<</Length 29>>stream\nBT /F 9 Tf 9 9 Td (tried) Tj ET\nendstream endobj\ntrailer<</Root 1 0 R>>"
)
"""A page with a word."""


def try_out() -> None:
    """Use every reader once: later no file can be opened, not even one with code."""
    heif, image = cast("Any", pillow_heif), cast("Any", Image)
    heif.options.DECODE_THREADS = 1
    heif.register_heif_opener(thumbnails=False)
    image.MAX_IMAGE_PIXELS = PIXELS_MAX
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.init()
    for kind in ("PNG", "GIF", "WEBP", "JPEG"):
        tried = io.BytesIO()
        Image.new("RGB", (8, 8)).save(tried, kind)
        _paint_image(Job(kind.lower(), 0, 0, 4), tried)
    if "tried" not in _paint_page(Job("pdf", 0, 0, 99), io.BytesIO(_DOCUMENT)).text:
        raise OSError("the reader of documents does not read")


def paint(job: Job, source: BinaryIO) -> Painted:
    """Return a picture; whatever is wrong with the file is raised as its reader raises it."""
    return _paint_page(job, source) if job.kind == "pdf" else _paint_image(job, source)


def _paint_image(job: Job, source: BinaryIO) -> Painted:
    with Image.open(source, formats=[job.kind.upper()]) as opened:
        size = opened.size
        several = bool(getattr(opened, "is_animated", False))
        opened.draft("RGB", (job.edge, job.edge))
        opened.load()
        opened.thumbnail((job.edge, job.edge), reducing_gap=2.0)
        return Painted(_jpeg(ImageOps.exif_transpose(opened)), *size, several=several)


def _paint_page(job: Job, source: BinaryIO) -> Painted:
    document = cast("Any", pypdfium2).PdfDocument(source)
    page = document[job.page]
    width, height = page.get_size()
    zoom = min(job.edge / max(width, height, 1.0), _ZOOM_MAX)
    picture = cast("Image.Image", page.render(scale=zoom, may_draw_forms=False).to_pil())
    text = str(page.get_textpage().get_text_bounded())[:TEXT_MAX]
    return Painted(_jpeg(picture), *picture.size, pages=len(document), text=text)


def _jpeg(picture: Image.Image) -> bytes:
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    elif picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture)
    out = io.BytesIO()
    plain = picture.convert("RGB")
    plain.info.clear()  # a comment or a colour profile would be written again
    plain.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture of 16 bits or more to a point with 8: the darkest becomes black and the brightest white."""
    wide = cast("Any", picture.convert("F"))
    low, high = wide.getextrema()
    scale = _WHITE / max(high - low, 1e-9)

    def scaled(value: Any) -> Any:
        return value * scale + -low * scale

    return cast("Image.Image", wide.point(scaled).convert("L"))
