# SPDX-License-Identifier: AGPL-3.0-or-later
"""One range of bytes, as a request asks for it.

Rules of this file: a range is a favour. What is not one range of bytes in the one form is as if it had not been said, and so is
one with `If-Range`, since nothing here has a tag that it could name.

Source: RFC 9110 §14.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from corncrake_server.refusals import OutOfRange

if TYPE_CHECKING:
    from litestar import Request

_RANGE: Final = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})", re.IGNORECASE)


class Span(NamedTuple):
    """The bytes start ≤ index < stop of something that has `size`; `whole`: nobody asked for a part."""

    start: int
    stop: int
    size: int
    whole: bool

    @property
    def headers(self) -> dict[str, str]:
        """What an answer with these bytes says of them."""
        headers = {"content-length": str(self.stop - self.start), "accept-ranges": "bytes"}
        return headers if self.whole else headers | {"content-range": f"bytes {self.start}-{self.stop - 1}/{self.size}"}

    @property
    def status(self) -> int:
        """The status of such an answer."""
        return 200 if self.whole else 206


def asked_span(request: Request[Any, Any, Any], size: int) -> Span:
    """Return which bytes a request asks for.

    Args:
        request: with or without a header Range.
        size: of what it asks for, in bytes.

    Raises:
        OutOfRange: `range`: there are no such bytes.
    """
    values = request.headers.getall("range", [])
    match = _RANGE.fullmatch(values[0].strip()) if len(values) == 1 and "if-range" not in request.headers else None
    if match is None or not any(match.groups()):
        return Span(0, size, size, whole=True)
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return Span(0, size, size, whole=True)
    if start >= stop:
        raise OutOfRange(size)
    return Span(start, stop, size, whole=False)
