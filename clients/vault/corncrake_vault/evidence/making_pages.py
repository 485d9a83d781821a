# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages of a PDF as pictures: no script, form, link or attachment goes over.

Rules of this file: it runs in the confined process only (`worker`). One page is drawn, never larger than was asked for.

Source: pypdfium2, built without JavaScript and without XFA.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pypdfium2 as _pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it has none

from corncrake_crypto.errors import Failure, FileError
from corncrake_vault.evidence.making_pictures import write_jpeg

if TYPE_CHECKING:
    from corncrake_vault.evidence.wire import Job

pypdfium2 = cast("Any", _pypdfium2)
TEXT_MAX: Final = 20_000
"""Characters of a page's text that are handed on."""
_ZOOM_MAX: Final = 4.0
"""Pixels of a picture per point of a page, of which an inch has 72."""
_DOCUMENT: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F<</Subtype/Type1/BaseFont/Courier>>>>>>>>endobj\n"
    b"4 0 obj<</Length 29>>stream\nBT /F 9 Tf 9 9 Td (tried) Tj ET\nendstream endobj\ntrailer<</Root 1 0 R>>"
)
"""A page with a word."""


def try_out(job: Job) -> None:
    """Read a page of our own: later no file can be opened, not even one with code or letters."""
    if "tried" not in make(job._replace(kind="preview", page=0), io.BytesIO(_DOCUMENT), io.BytesIO())["text"]:
        raise OSError("the reader of documents does not read")


def make(job: Job, source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    """Write one page as a JPEG to `sink`, and say what it is.

    Raises:
        FileError: `kind`: there is no such derivative of a PDF; `range`: there is no such page; `size`: it cannot be drawn.
    """
    if job.kind != "preview":
        raise FileError(Failure.KIND, "a PDF has previews of its pages only")
    document = pypdfium2.PdfDocument(source)
    pages = len(document)
    if not 0 <= job.page < pages:
        raise FileError(Failure.RANGE, "there is no such page")
    page = document[job.page]
    longer = max(page.get_size())
    if not 0 < longer < 1e6:  # noqa: PLR2004 - points: three hundred metres; more is no page
        raise FileError(Failure.SIZE, "a page has no size that can be drawn")
    drawn = write_jpeg(page.render(scale=min(job.edge / longer, _ZOOM_MAX), may_draw_forms=False).to_pil(), sink)
    # A half of a pair of surrogates is no text.
    text = str(page.get_textpage().get_text_bounded())[:TEXT_MAX].encode("utf-8", "replace").decode()
    tool = {"tool": "pypdfium2", "version": pypdfium2.version.PYPDFIUM_INFO.version}
    return {"type": "image/jpeg", "width": drawn.width, "height": drawn.height, "pages": pages, "text": text, **tool}
