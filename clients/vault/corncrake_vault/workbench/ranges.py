# SPDX-License-Identifier: AGPL-3.0-or-later
"""One range of bytes of a file, as players ask for it.

Rules of this file: one range or the whole; whatever else a header says counts as not said, as RFC 9110 allows.

Source: RFC 9110 §14.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ONE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII | re.IGNORECASE)


class Span(NamedTuple):
    """Bytes from `start` to before `end`."""

    start: int
    end: int


class Unsatisfiable(Exception):  # noqa: N818 - as RFC 9110 calls it
    """The range begins behind the end of the file."""


def span_of(header: str | None, size: int) -> Span | None:
    """Return the range that a Range header asks for, cut to the file; None when it asks for the whole.

    Raises:
        Unsatisfiable: there is no byte of the file in it.
    """
    match = _ONE.fullmatch(header.strip()) if header else None
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= end:
        raise Unsatisfiable
    return Span(start, end)
