# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server as a courier sees it: possibly hostile, possibly slow, possibly gone.

Rules of this file: every answer has a largest size, counted as it comes; every silence has an end, and so has every body; redirects are not
followed. Nothing that comes is believed here: whoever asked verifies it.

Source: crypto/spec/request_signature.md; RFC 9421.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

import httpx
import msgspec

from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.request_signature import EMPTY_DIGEST, authority_of, sign_request

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable
    from pathlib import Path
    from types import TracebackType

    from corncrake_courier.keys import CourierKey

CONNECT_SECONDS: Final = 30
READ_SECONDS: Final = 60
ANSWER_SECONDS: Final = 900
"""Longest time that one answer may take in all."""
SIGNATURE_SECONDS: Final = 240
ERROR_MAX: Final = 4_096
OK: Final = frozenset({200, 201})
PARTIAL: Final = 206
NOT_FOUND: Final = 404
CHANGED: Final = 416
_RANGE: Final = re.compile(r"bytes ([0-9]{1,9})-([0-9]{1,9})/([0-9]{1,9})")


class Server:
    """A connection to one server; use it in a `with` statement."""

    def __init__(self, url: str, *, uds: str | None = None, courier: CourierKey | None = None) -> None:
        """Connect to `url` (the origin in the charter), by the Unix socket `uds` when it is given; sign as `courier`."""
        self.origin = url.rstrip("/")
        self._authority = authority_of(self.origin)
        self._courier = courier
        try:
            self._client = httpx.Client(
                base_url=self.origin,
                transport=httpx.HTTPTransport(uds=uds, retries=2),
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                headers={"user-agent": "corncrake-courier", "accept-encoding": "identity"},
            )
        except httpx.InvalidURL as error:
            raise UsageError(Failure.ORIGIN, "the server's address is not one: https://host") from error

    def get(self, path: str, most: int, *, signed: bool = False, query: str = "") -> bytes:
        """Return the body of an answer, at most `most` bytes.

        Raises:
            StoreError: `store`: the line broke, or the server is not there.
            PeerError: `size`: the answer is too large; otherwise the server's own failure word.
            Missing: it has no such thing.
        """
        return self._send("GET", path, most, signed=signed, query=query)

    def put(self, path: str, length: int, sha256: bytes, pieces: Iterable[bytes]) -> int:
        """Send a signed body in pieces and return the status, 200 or 201.

        Args:
            path: where to.
            length: bytes in all.
            sha256: of the body, 32 bytes.
            pieces: the body.

        Raises:
            StoreError, PeerError: as `get`.
        """
        headers = self._signature("PUT", path, "", sha256) | {"content-length": str(length), "content-type": "application/octet-stream"}
        status, _ = self._exchange(self._client.build_request("PUT", path, headers=headers, content=iter(pieces)), ERROR_MAX)
        return status

    @contextmanager
    def download(self, path: str, part: Path, sizes: Collection[int]) -> Generator[Download]:
        """Begin to fetch something large into the file `part`, on from its end when the server can (206), else anew.

        Args:
            path: of what.
            part: where it grows; what it holds stays when the line breaks.
            sizes: the lengths that it may have; the server says which.

        Raises:
            StoreError: `store`: the line broke, or the disk is full.
            PeerError: `size`: it has another length, or the server goes on elsewhere than was asked; otherwise the server's own word.
            Missing: it has no such thing.
        """
        held = part.stat().st_size if part.exists() else 0
        try:
            answer = self._ask_from(path, held)
            if held and answer.status_code == CHANGED:
                # Nothing comes after what is here: the run before was ended between the last byte and the rename, or it is too long.
                _short(answer)
                answer.close()
                part.unlink()
                held, answer = 0, self._ask_from(path, 0)
            try:
                if answer.status_code not in {*OK, PARTIAL}:
                    raise refusal(answer.status_code, _short(answer), path)
                yield Download(answer, part, held if answer.status_code == PARTIAL else 0, sizes)
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise StoreError(Failure.STORE, f"the line to the server broke ({type(error).__name__}); what is here stays: run it again") from error

    def _ask_from(self, path: str, start: int) -> httpx.Response:
        """Ask for what lies at `path` from byte `start`; the body has not been read, and the caller closes it."""
        headers = self._signature("GET", path, "", EMPTY_DIGEST) | ({"range": f"bytes={start}-"} if start else {})
        return self._client.send(self._client.build_request("GET", path, headers=headers), stream=True)

    def _send(self, method: str, path: str, most: int, *, signed: bool, query: str) -> bytes:
        headers = self._signature(method, path, query, EMPTY_DIGEST) if signed else {}
        target = f"{path}?{query}" if query else path
        return self._exchange(self._client.build_request(method, target, headers=headers), most)[1]

    def _signature(self, method: str, path: str, query: str, digest: bytes) -> dict[str, str]:
        if self._courier is None:
            return {}
        now = int(time.time())
        return sign_request(
            self._courier.key,
            self._courier.id,
            method=method,
            authority=self._authority,
            path=path,
            query=query,
            body_sha256=digest,
            created=now,
            expires=now + SIGNATURE_SECONDS,
            nonce=random_bytes(16),
        )

    def _exchange(self, request: httpx.Request, most: int) -> tuple[int, bytes]:
        try:
            answer = self._client.send(request, stream=True)
            # From here on: a slow line may take hours to bring a parcel, and the server waits for it.
            started = time.monotonic()
            try:
                body = bytearray()
                limit = most if answer.status_code in OK else ERROR_MAX
                # As they come: gathered to pieces of one size, bytes that drip would not be looked at for days.
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > limit or time.monotonic() - started > ANSWER_SECONDS:
                        raise PeerError(Failure.SIZE, f"the server's answer to {request.url.path} is too large, or takes too long")
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise StoreError(Failure.STORE, f"the line to the server broke ({type(error).__name__}); what is here stays: run it again") from error
        if answer.status_code in OK:
            return answer.status_code, bytes(body)
        raise refusal(answer.status_code, bytes(body), request.url.path)

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Close all connections."""
        self._client.close()


def _short(answer: httpx.Response) -> bytes:
    """Return the beginning of an answer that says why not; a short one is read to its end, so that its connection serves the next request."""
    started, body = time.monotonic(), bytearray()
    for piece in answer.iter_raw():
        body += piece
        if len(body) > ERROR_MAX or time.monotonic() - started > ANSWER_SECONDS:
            break
    return bytes(body[:ERROR_MAX])


class Download:
    """Something large that is coming.

    Attributes:
        size: its whole length, one of those that it may have.
    """

    def __init__(self, answer: httpx.Response, part: Path, held: int, sizes: Collection[int]) -> None:
        """Look at the head of an answer; see `Server.download`."""
        self._answer = answer
        self._part = part
        self._held = held
        self.size = _whole_length(answer, held)
        if self.size not in sizes:
            # What is here does not go on: the next time it is fetched anew.
            part.unlink(missing_ok=True)
            raise PeerError(Failure.SIZE, f"{part.name.removesuffix('.part')} has a length that it cannot have")

    def receive(self) -> None:
        """Write what comes to the file, and sync it when it is whole.

        Raises:
            StoreError, PeerError: as `Server.download`.
        """
        started, at = time.monotonic(), self._held
        try:
            with self._part.open("r+b" if at else "wb") as file:
                file.seek(at)
                for piece in self._answer.iter_raw():
                    at += len(piece)
                    if at > self.size or time.monotonic() - started > ANSWER_SECONDS:
                        raise PeerError(Failure.SIZE, f"the server's answer for {self._part.name} is too large, or takes too long")
                    file.write(piece)
                if at != self.size:
                    raise PeerError(Failure.SIZE, f"{self._part.name.removesuffix('.part')} is shorter than the server said")
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(Failure.STORE, f"{self._part.name} cannot be written: {error.strerror}; nothing is lost: make room and go on") from error


def _whole_length(answer: httpx.Response, held: int) -> int:
    """Return the length of the whole thing as the server says it; -1 when it does not, or goes on elsewhere than was asked."""
    if answer.status_code == PARTIAL:
        said = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        goes_on = said is not None and int(said[1]) == held and int(said[2]) + 1 == int(said[3])
        return int(said[3]) if said is not None and goes_on else -1
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 10 else -1  # noqa: PLR2004 - digits, more than any block has


class Missing(PeerError):  # noqa: N818 - it says what is so
    """The server has no such thing."""


class _Refusal(msgspec.Struct, frozen=True):
    failure: str = ""
    detail: str = ""


def refusal(status: int, body: bytes, path: str) -> PeerError:
    """Return the error that an answer is: the server's own failure word when it is one of ours."""
    try:
        said = msgspec.json.decode(body, type=_Refusal)
    except msgspec.MsgspecError:
        said = _Refusal()
    known = {failure.value: failure for failure in Failure}
    failure = known.get(said.failure, Failure.STORE)
    detail = f"the server answered {status} to {path}"
    if said.detail:
        detail += f": {''.join(c for c in said.detail[:200] if c.isprintable())}"
    return Missing(failure, detail) if status == NOT_FOUND else PeerError(failure, detail)
