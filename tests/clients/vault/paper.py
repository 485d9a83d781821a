# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands on printed pages, as a person or a scanner reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it has types, and no mark that says so
import zxingcpp

if TYPE_CHECKING:
    from pathlib import Path

SHARE_WORDS = 33


def _document(path: Path) -> Any:
    return pypdfium2.PdfDocument(path)


def text_of(path: Path) -> str:
    """What a PDF says."""
    return "\n".join(str(page.get_textpage().get_text_range()) for page in _document(path)).replace("\r", "")


def share_on(path: Path) -> str:
    """The words of a share as they stand on its sheet, put back in their order by the numbers before them."""
    tokens = text_of(path).split()
    numbered = {int(tokens[at]): tokens[at + 1] for at in range(len(tokens) - 1) if tokens[at].isdecimal() and tokens[at + 1].isalpha()}
    return " ".join(numbered[place] for place in range(1, SHARE_WORDS + 1))


def codes_on(path: Path) -> set[str]:
    """The texts of the QR codes on the first page."""
    picture = _document(path)[0].render(scale=3).to_pil()
    return {found.text for found in cast("Any", zxingcpp).read_barcodes(picture)}


def made_on(path: Path) -> str:
    """When a PDF says that it was made."""
    return str(_document(path).get_metadata_value("CreationDate"))
