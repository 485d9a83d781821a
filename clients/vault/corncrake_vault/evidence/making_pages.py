# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages of a PDF as pictures: no script, form, link or attachment goes over.

Rules of this file: it runs behind the walls only (`worker`). One page is drawn, never larger than a preview may be.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

import pypdfium2 as _pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it has none
from PIL import Image

from corncrake_crypto.errors import Failure, FileError

pypdfium2 = cast("Any", _pypdfium2)
# All of it before the walls go up: Pillow loads its formats when it first needs them.
Image.init()
PAGE_SIDE: Final = 1_600
"""Pixels of a page's longer side."""


def make(source: BinaryIO, sink: BinaryIO, kind: str, page: int) -> dict[str, Any]:
    """Write one page as a PNG to `sink`, and say what it is.

    Raises:
        FileError: `kind`: there is no such derivative of a PDF; `range`: there is no such page.
    """
    if kind != "preview":
        raise FileError(Failure.KIND, "a PDF has previews of its pages only")
    document = pypdfium2.PdfDocument(source)
    pages = len(document)
    if not 0 <= page < pages:
        raise FileError(Failure.RANGE, "there is no such page")
    drawn = document[page]
    width, height = drawn.get_size()
    longer = max(width, height)
    if not 0 < longer < 1e6:  # noqa: PLR2004 - points: three hundred metres; more is no page
        raise FileError(Failure.SIZE, "a page has no size that can be drawn")
    picture = drawn.render(scale=PAGE_SIDE / longer, may_draw_forms=False).to_pil().convert("RGB")
    picture.info = {}
    picture.save(sink, "PNG")
    tool = {"tool": "pypdfium2", "version": pypdfium2.version.PYPDFIUM_INFO.version}
    return {"type": "image/png", "width": picture.width, "height": picture.height, "pages": pages, **tool}
