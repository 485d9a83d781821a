# SPDX-License-Identifier: AGPL-3.0-or-later
"""From an error to a status: the one table. The body of every error is `{"failure": word, "detail": sentence}`; `step` is in that of a busy server.

Rules of this file: the type decides first, then the failure, then whose fault it was. An error that is none of ours is
`store`, 500, and says nothing about itself.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException  # noqa: TC002 - the framework reads the annotation

from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError, StoreError, UsageError
from corncrake_server.api.page import HEADERS
from corncrake_server.refusals import Busy, Conflict, LengthMissing, NoRoom, NotHere, OutOfRange, TooLarge, TooSlow, Unsigned

if TYPE_CHECKING:
    from litestar import Request

STATUS_OF_TYPE: Final[dict[type[CorncrakeError], int]] = {
    NotHere: 404,
    TooSlow: 408,
    Conflict: 409,
    LengthMissing: 411,
    TooLarge: 413,
    OutOfRange: 416,
    NoRoom: 507,
    Unsigned: 401,
}
STATUS_OF_FAILURE: Final[dict[tuple[type[CorncrakeError], Failure], int]] = {
    (PeerError, Failure.DESK): 404,
    (PeerError, Failure.EPOCH): 409,
    (PeerError, Failure.TOO_FEW): 409,
    (PeerError, Failure.ROLLBACK): 409,
    (PeerError, Failure.EQUIVOCATION): 409,
    (PeerError, Failure.REPEATED): 409,
    (PeerError, Failure.EDITION): 409,
    (PeerError, Failure.FORK): 409,
    (PeerError, Failure.SIGNATURE): 403,
}
STATUS_OF_FAULT: Final[dict[type[CorncrakeError], int]] = {FileError: 400, PeerError: 400, UsageError: 400, StoreError: 503}
FAILURE_OF_STATUS: Final[dict[int, Failure]] = {413: Failure.SIZE, 408: Failure.INCOMPLETE}


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of an error: one word of the closed set, and one sentence; for a report that comes to a busy server, the step that would help."""

    failure: str
    detail: str
    step: int | None = None


def status_of(error: CorncrakeError) -> int:
    """Return the HTTP status of an error."""
    for kind, status in STATUS_OF_TYPE.items():
        if isinstance(error, kind):
            return status
    for (fault, failure), status in STATUS_OF_FAILURE.items():
        if isinstance(error, fault) and error.failure is failure:
            return status
    return next((status for fault, status in STATUS_OF_FAULT.items() if isinstance(error, fault)), 500)


def _response(status: int, refusal: Refusal, more: dict[str, str] | None = None) -> Response[Refusal]:
    return Response(refusal, status_code=status, media_type=MediaType.JSON, headers=HEADERS | (more or {}))


def _headers_of(error: CorncrakeError) -> dict[str, str]:
    """Return what a client needs to know before it tries again, beside the words."""
    if isinstance(error, NoRoom | Busy):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, OutOfRange):
        return {"content-range": f"bytes */{error.size}"}
    return {}


def refuse(_request: Request[Any, Any, Any], error: CorncrakeError) -> Response[Refusal]:
    """Answer with an error of ours."""
    # The error lives until its answer has left, which a sender can draw out for seconds: what it was raised about, a body of which all has come
    # but the end, must not live as long, since nobody counts it any more.
    traceback.clear_frames(error.__traceback__)
    step = error.step if isinstance(error, Busy) else None
    return _response(status_of(error), Refusal(failure=error.failure.value, detail=error.detail, step=step), _headers_of(error))


def refuse_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Refusal]:
    """Answer with an error of the framework: no such path, method or parameter."""
    failure = FAILURE_OF_STATUS.get(error.status_code, Failure.MISUSE)
    return _response(error.status_code, Refusal(failure=failure.value, detail="there is nothing here of this kind"))


def refuse_unknown(_request: Request[Any, Any, Any], error: Exception) -> Response[Refusal]:
    """Answer with an error that nobody foresaw; where it happened goes to standard error, what it held does not."""
    places = "".join(traceback.format_tb(error.__traceback__)[-6:])
    sys.stderr.write(f"unforeseen {type(error).__name__}\n{places}")
    return _response(500, Refusal(failure=Failure.STORE.value, detail="the server has failed"))
