# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server as a reporter sees it: bytes in, bytes out, nothing believed.

Rules of this file: no cookies, no redirects, no header that tells one reporter from another. Every answer has a largest size, counted
as it comes; every silence has an end, and so has every body. A line that breaks is told apart from a server that is busy, and both from one
that says no.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Final, Self

import httpx
import msgspec

from corncrake_crypto.charter import is_origin
from corncrake_crypto.checkpoint import MAX_CHECKPOINT
from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError
from corncrake_crypto.form import MAX_FORM
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE
from corncrake_crypto.receipt import MAX_RECEIPT
from corncrake_crypto.stamp import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

CONNECT_SECONDS: Final = 30
WAIT_SECONDS: Final = 60
"""Longest silence of the line, in seconds."""
ANSWER_SECONDS: Final = 600
"""Longest time that one answer may take in all, in seconds."""
MAX_REFUSAL: Final = 4 << 10
PIECE: Final = 65_536
"""Bytes of a block that are handed to the line at once."""

_OK: Final = frozenset({200, 201})
_NOT_HERE: Final = 404
_CONFLICT: Final = 409
_FAULT_OF_SENDER: Final = 400
_FAULT_OF_SERVER: Final = 500
_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504, 507})
"""What a slow line, a tired server or a full one says: it passes, and is waited for."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_LOOPBACK: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?")
_JUST_BYTES: Final = {"content-type": "application/octet-stream"}


class LineError(StoreError):
    """The line broke: nothing is known about what the server did."""

    def __init__(self, detail: str) -> None:
        """Say how it broke."""
        super().__init__(Failure.STORE, detail)


class BusyError(LineError):
    """The server answered, but cannot take it just now.

    Attributes:
        after: seconds that it asks to wait for, as it says; 0 when it does not say.
        step: of stamps, the lowest that would help now; None when it does not say.
    """

    def __init__(self, status: int, after: str | None, step: int | None = None) -> None:
        """Keep what it said; `after` is the header Retry-After, of which only a number of seconds is understood."""
        super().__init__(f"the server cannot take it just now, status {status}")
        self.step = step
        self.after = int(after) if after is not None and _SECONDS.fullmatch(after) else 0


class RefusedError(PeerError):
    """The server answered, and said no.

    Attributes:
        status: of the answer.
        is_certain: the server itself said why, so it has not taken what it was sent; anything else may be the word of something between.
    """

    def __init__(self, status: int, failure: Failure, *, is_certain: bool = False) -> None:
        """Keep the status and the server's own word."""
        super().__init__(failure, f"the server refused it, status {status}")
        self.status = status
        self.is_certain = is_certain


class _Refusal(msgspec.Struct, frozen=True):
    failure: str


def _refusal(status: int, body: bytes) -> RefusedError:
    """Return the 'no' that an answer is, with the word that the server gave, if it gave one of ours."""
    is_no = _FAULT_OF_SENDER <= status < _FAULT_OF_SERVER
    try:
        return RefusedError(status, Failure(msgspec.json.decode(body, type=_Refusal).failure), is_certain=is_no)
    except (msgspec.MsgspecError, ValueError):
        return RefusedError(status, Failure.STORE if status >= _FAULT_OF_SERVER else Failure.MISUSE)


class _BusyRefusal(msgspec.Struct, frozen=True):
    step: Annotated[int, msgspec.Meta(ge=1, le=STEPS)]


def _step_of(body: bytes) -> int | None:
    """Return the step of stamps that a busy server named, if it did."""
    try:
        return msgspec.json.decode(body, type=_BusyRefusal).step
    except msgspec.MsgspecError:
        return None


def _nobody(_: int) -> None:
    """Tell nobody."""


def _pieces(sealed: bytes, moved: Callable[[int], None]) -> Iterator[bytes]:
    """Yield a body piece by piece: handed over whole, it would be copied whole, more than once."""
    with memoryview(sealed) as view:
        for start in range(0, len(view), PIECE):
            piece = bytes(view[start : start + PIECE])
            yield piece
            moved(len(piece))


class Server:
    """One connection to one server, for use in a `with` statement. A visit, a report and its blocks each have their own."""

    def __init__(self, origin: str) -> None:
        """Prepare to ask the server at `origin`, such as `https://report.example.org`.

        Raises:
            UsageError: `origin`, when no server may have this address; `misuse`, when a proxy is set that cannot be used.
        """
        if not is_origin(origin):
            raise UsageError(Failure.ORIGIN, "no server may have this address: https://, or http:// for .onion and this machine")
        try:
            self._client = httpx.Client(
                base_url=origin,
                timeout=httpx.Timeout(WAIT_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                # A proxy of the environment (Tor's, say) is used for what leaves this machine only.
                trust_env=_LOOPBACK.fullmatch(origin) is None,
                headers={"user-agent": "corncrake-reporter", "accept-encoding": "identity"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise UsageError(Failure.MISUSE, "the proxy that the environment names cannot be used") from error
        self.origin = origin

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection."""
        self._client.close()

    # -- one exchange --------------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, most: int, body: bytes | Iterator[bytes] | None = None, **more: str) -> tuple[int, bytes]:
        headers = {} if body is None else _JUST_BYTES | {name.replace("_", "-"): value for name, value in more.items()}
        request = self._client.build_request(method, path, content=body, headers=headers)
        try:
            answer = self._client.send(request, stream=True)
            try:
                received = self._bounded(answer, most if answer.status_code in _OK else MAX_REFUSAL)
            finally:
                answer.close()
                self._client.cookies.clear()
        except httpx.HTTPError as error:
            raise LineError(f"the line to the server broke ({type(error).__name__})") from error
        if answer.status_code in _PASSING:
            raise BusyError(answer.status_code, answer.headers.get("retry-after"), _step_of(received))
        return answer.status_code, received

    def _bounded(self, answer: httpx.Response, most: int) -> bytes:
        started = time.monotonic()
        body = bytearray()
        # As they come: gathered to pieces of one size, bytes that drip would not be looked at for days.
        for piece in answer.iter_raw():
            body += piece
            if len(body) > most:
                raise RefusedError(answer.status_code, Failure.SIZE)
            if time.monotonic() - started > ANSWER_SECONDS:
                raise LineError("the server's answer takes too long")
        return bytes(body)

    def _taken(self, method: str, path: str, most: int, body: bytes | None = None, **more: str) -> bytes:
        status, received = self._ask(method, path, most, body, **more)
        if status not in _OK:
            raise _refusal(status, received)
        return received

    # -- what is asked -------------------------------------------------------------------------------------------------

    def charter(self) -> bytes:
        """Return the newest charter, a note of at most 1 MiB.

        Raises:
            LineError, RefusedError: as all that ask here.
        """
        return self._taken("GET", "/v1/charter", MAX_NOTE)

    def form(self, sha256: str) -> bytes:
        """Return the form with this hash, at most 64 KiB."""
        return self._taken("GET", f"/v1/forms/{sha256}", MAX_FORM)

    def heads(self, desk: str) -> bytes:
        """Return the bundle of the newest edition heads of a desk's voices, at most 2 MiB."""
        return self._taken("GET", f"/v1/desks/{desk}/heads", MAX_BUNDLE)

    def prekeys(self, desk: str, epoch: int) -> bytes:
        """Return the bundle of a desk's prekeys of one epoch, at most 2 MiB."""
        return self._taken("GET", f"/v1/desks/{desk}/epochs/{epoch}/prekeys", MAX_BUNDLE)

    def tile(self, desk: str, reviewer: str, number: int, bucket: int, length: int) -> bytes:
        """Return one reply tile, at most `length` bytes."""
        return self._taken("GET", f"/v1/desks/{desk}/editions/{reviewer}/{number}/{bucket}", length)

    def checkpoint(self, log: str) -> bytes | None:
        """Return the newest checkpoint of the log at a path, `/log/N`, or None when nothing was published yet."""
        status, received = self._ask("GET", f"{log}/checkpoint", MAX_CHECKPOINT)
        if status == _NOT_HERE:
            return None
        if status not in _OK:
            raise _refusal(status, received)
        return received

    def log_file(self, log: str, path: str, most: int) -> bytes:
        """Return one file of the log at a path, `tile/…`, at most `most` bytes."""
        return self._taken("GET", f"{log}/{path}", most)

    def post_report(self, desk: str, epoch: int, sealed: bytes, stamp: str | None = None) -> bytes:
        """Send a sealed report, with a stamp or without, and return the receipt note; the same bytes again bring the same receipt."""
        more = {} if stamp is None else {"corncrake_stamp": stamp}
        return self._taken("POST", f"/v1/desks/{desk}/epochs/{epoch}/reports", MAX_RECEIPT, sealed, **more)

    def has_block(self, block: str) -> bool:
        """Say whether a block is on the server."""
        status, received = self._ask("HEAD", f"/v1/blocks/{block}", MAX_REFUSAL)
        if status not in _OK | {_NOT_HERE}:
            raise _refusal(status, received)
        return status != _NOT_HERE

    def put_block(self, block: str, sealed: bytes, moved: Callable[[int], None] = _nobody) -> None:
        """Bring one sealed block to the server; done when it is there, however it came there. `moved` hears how many bytes have gone."""
        status, received = self._ask("PUT", f"/v1/blocks/{block}", MAX_REFUSAL, _pieces(sealed, moved), content_length=str(len(sealed)))
        # 409: other bytes stand under this id, and both ways it is present.
        if status not in _OK | {_CONFLICT}:
            raise _refusal(status, received)
