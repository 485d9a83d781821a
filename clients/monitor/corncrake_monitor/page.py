# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does the server give everybody the page of the release? It is asked as several visitors ask, each on connections of their own.

Rules of this file: nothing that comes is believed. Of a file not a byte more is read than the release says it has; an answer has a longest time in
all, its headers included; redirects are not followed. A server can still give one visitor another page, whom it knows by something that no monitor
has: what is found is certain, what is not found is not. A file that nobody names cannot be looked for; what the page loads is named in the files
that are compared.

Source: crypto/spec/page_release.md.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import zlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError
from corncrake_crypto.page_release import INDEX, MAX_RELEASE
from corncrake_monitor.server import PASSING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from corncrake_crypto.page_release import PageFile, PageRelease

PATIENCE: Final = 60.0
"""Seconds that one answer may take in all."""
_LONGEST_WAIT: Final = 2 * PATIENCE
"""For one part of an answer; `PATIENCE` for all of it strikes before."""
_MOST_BROKEN: Final = 3
"""Files that one visitor waits for in vain before he goes: who keeps back more keeps nobody for long."""
_PIECE: Final = 1 << 16
_OK: Final = 200
_UNWANTED: Final = ("set-cookie", "refresh", "link", "location", "service-worker-allowed", "speculation-rules", "content-location")
"""Headers by which a server could make a browser do something that the files do not."""

_PLAIN: Final = frozenset({"text/plain", "application/json"})
"""Types of an answer that no browser takes for a page, whatever stands in it."""
_RUNS: Final = (b"script-src", b"script-src-elem", b"script-src-attr", b"worker-src", b"child-src")
"""Directives of a page's policy that say what may run."""
_OWN: Final = frozenset({b"'self'", b"'none'"})


class Visitor(NamedTuple):
    """How somebody asks: a name for people, headers, and whether every file comes on a connection of its own."""

    name: str
    headers: dict[str, str]
    cold: bool = False


def _browser(agent: str, language: str) -> dict[str, str]:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    return {"user-agent": agent, "accept": accept, "accept-language": language, "accept-encoding": "gzip, deflate, br, zstd"}


_ANDROID: Final = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
_IPHONE: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)
_TOR: Final = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
VISITORS: Final = (
    Visitor("a phone with Android", _browser(_ANDROID, "es-ES,es;q=0.9")),
    Visitor("a phone with iOS", _browser(_IPHONE, "en-US,en;q=0.9")),
    Visitor("the Tor Browser", _browser(_TOR, "en-US,en;q=0.5"), cold=True),
    Visitor("somebody without a name", {"user-agent": "", "accept": "*/*", "accept-encoding": "identity"}),
)


class Difference(NamedTuple):
    """What somebody was given that is not the release's: which path, who, a sentence, and of the first that is found the answer as it came."""

    path: str
    visitor: str
    says: str
    came: bytes = b""

    def __str__(self) -> str:
        """Return the line for a person."""
        return f"{self.path}, as {self.visitor} gets it: {self.says}"


class _Wrong(Exception):  # noqa: N818 - it is caught here, and becomes a Difference or a refusal
    """An answer that is not what was asked for."""


def _client(origin: str, uds: str | None) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(base_url=origin, transport=httpx.AsyncHTTPTransport(uds=uds), timeout=_LONGEST_WAIT, follow_redirects=False)
    except (httpx.InvalidURL, ValueError) as error:
        raise UsageError(Failure.ORIGIN, "the server's address is not one: https://host") from error


@asynccontextmanager
async def _asked(client: httpx.AsyncClient, path: str, visitor: Visitor, patience: float) -> AsyncGenerator[httpx.Response]:
    """Ask for a path, and have all of the answer read within `patience` seconds.

    Raises:
        StoreError: `store`: it took longer, or the line broke.
    """
    try:
        async with asyncio.timeout(patience), client.stream("GET", path, headers=visitor.headers) as answer:
            yield answer
    except TimeoutError as error:
        raise StoreError(Failure.STORE, f"{path} does not come within {patience:g} seconds: look again later") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise StoreError(Failure.STORE, f"the line to the server broke ({type(error).__name__}); nothing was learnt: look again later") from error


async def _unpacked(answer: httpx.Response, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yield an answer's bytes as the file has them, in pieces of bounded size."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        async for piece in pieces:
            yield piece
        return
    if coding != "gzip":
        raise _Wrong(f"it came packed as {coding[:32]!r}, which cannot be compared")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        async for piece in pieces:
            left = piece
            while left:
                yield unpacker.decompress(left, _PIECE)
                left = unpacker.unconsumed_tail
            if unpacker.unused_data:
                raise _Wrong("something follows the packed file")
        yield unpacker.flush(_PIECE)
    except zlib.error as error:
        raise _Wrong("it came packed, and cannot be unpacked") from error
    if not unpacker.eof:
        raise _Wrong("it came packed, and was cut off")


async def _arriving(answer: httpx.Response, most: int) -> AsyncGenerator[bytes]:
    """Yield what crosses the line. What is packed is hardly ever longer than what it unpacks to, and nobody may go on with nothing in it."""
    raw = 0
    async for piece in answer.aiter_raw():
        raw += len(piece)
        if raw > most + _PIECE:
            raise _Wrong(f"it has more than {most} bytes")
        yield piece


async def _read(answer: httpx.Response, most: int, body: bytearray) -> None:
    """Read a body of at most `most` bytes into `body`, which has what was read when it raises too.

    Raises:
        _Wrong: it is longer, or is packed in a way that cannot be read.
    """
    async for piece in _unpacked(answer, _arriving(answer, most)):
        body += piece
        if len(body) > most:
            raise _Wrong(f"it has more than {most} bytes")


def _as_it_came(path: str, visitor: Visitor, answer: httpx.Response, body: bytearray) -> bytes:
    """Return what was asked and answered, for a person; without the time, so that the same answer is the same each time."""
    headers = [f"{name}: {value}" for name, value in answer.headers.multi_items() if name != "date"]
    return "\r\n".join((f"GET {path} ({visitor.name})", "", f"{answer.status_code}", *headers, "", "")).encode(errors="replace") + body


def _keeps_out(policy: str) -> bool:
    """Say whether a policy, in lower case, lets nothing run but scripts of the page's own server; of two directives of one name the first counts."""
    named: dict[bytes, list[bytes]] = {}
    # As bytes, of which Python takes the same for spaces as browsers do; of text it takes more.
    for directive in policy.encode().split(b";"):
        name, *sources = directive.split() or [b""]
        named.setdefault(name, sources)
    return named.get(b"default-src") == [b"'none'"] and all(source in _OWN for kind in _RUNS for source in named.get(kind, ()))


def _away(answer: httpx.Response) -> StoreError:
    return StoreError(Failure.STORE, f"the server cannot answer just now, status {answer.status_code}: look again later")


def _is_away(answer: httpx.Response, path: str) -> bool:
    """Say whether a server that cannot answer just now says so in a way of which no browser makes a page: a script of such a status does not run."""
    if answer.status_code not in PASSING or any(name in answer.headers for name in _UNWANTED):
        return False
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _PLAIN or not path.endswith(("/", ".html"))


def _check_headers(answer: httpx.Response, path: str) -> None:
    if answer.status_code != _OK:
        raise _Wrong(f"the server answers {answer.status_code}")
    if unwanted := [name for name in _UNWANTED if name in answer.headers]:
        raise _Wrong(f"the answer has a header {unwanted[0]}")
    if path == "/":
        policy = answer.headers.get("content-security-policy", "").lower()
        if "unsafe" in policy or not any(map(_keeps_out, policy.split(","))):
            raise _Wrong("the answer does not forbid foreign scripts (Content-Security-Policy)")


def _check_body(body: bytearray, file: PageFile) -> None:
    if (len(body), hashlib.sha256(body).hexdigest()) != (file.size, file.sha256):
        raise _Wrong(f"it is not the file of the release ({len(body)} bytes, and it should have {file.size})")


async def _check(client: httpx.AsyncClient, visitor: Visitor, path: str, file: PageFile, patience: float) -> Difference | None:
    """Fetch one file and compare it.

    Raises:
        StoreError: `store`: the line broke, or the server cannot answer just now.
    """
    body = bytearray()
    async with _asked(client, path, visitor, patience) as answer:
        if _is_away(answer, path):
            raise _away(answer)
        try:
            _check_headers(answer, path)
            await _read(answer, file.size, body)
            _check_body(body, file)
        except _Wrong as error:
            return Difference(path, visitor.name, str(error), _as_it_came(path, visitor, answer, body))
    return None


def _paths(release: PageRelease) -> list[tuple[str, PageFile]]:
    """Return what is asked for: the page first, as a browser does, and the rest in an order of no meaning."""
    rest = [(f"/{file.path}", file) for file in release.files]
    secrets.SystemRandom().shuffle(rest)
    return [("/", file) for file in release.files if file.path == INDEX] + rest


async def _visit(origin: str, release: PageRelease, visitor: Visitor, uds: str | None, patience: float) -> tuple[list[Difference], StoreError | None]:
    """Ask for every file; return what differs, and why the last one that did not come did not.

    One that breaks off does not stop the others: else a server hides what it altered by keeping back something else.
    """
    found: list[Difference] = []
    broken: list[StoreError] = []
    client = _client(origin, uds)
    try:
        for path, file in _paths(release):
            if visitor.cold:
                await client.aclose()
                client = _client(origin, uds)
            try:
                difference = await _check(client, visitor, path, file, patience)
                if difference is not None:
                    found.append(difference._replace(came=b"") if found else difference)
            except StoreError as error:
                broken.append(error)
            if len(broken) == _MOST_BROKEN:
                break
    finally:
        await client.aclose()
    return found, broken[-1] if broken else None


def compare_page(
    origin: str, release: PageRelease, *, uds: str | None = None, patience: float = PATIENCE, visitors: Sequence[Visitor] = VISITORS
) -> list[Difference]:
    """Fetch every file of a release as each visitor, one after another, and return what differs; not to be called in an event loop.

    Args:
        origin: the server's address.
        release: verified by the caller.
        uds: a Unix socket to reach it by.
        patience: seconds for one answer.
        visitors: who asks.

    Raises:
        StoreError: `store`: something did not come, and in what came there is no difference.   UsageError: `origin`: this is no address.
    """

    async def work() -> list[Difference]:
        found: list[Difference] = []
        broken: StoreError | None = None
        for visitor in visitors:
            differences, error = await _visit(origin, release, visitor, uds, patience)
            found += [one._replace(came=b"") for one in differences] if found else differences
            broken = error or broken
        if broken is not None and not found:
            raise broken
        return found

    return asyncio.run(work())


def fetch_note(origin: str, path: str, most: int = MAX_RELEASE, *, uds: str | None = None, patience: float = PATIENCE) -> bytes:
    """Return a note that the server gives at a path, unverified; at most `most` bytes; not to be called in an event loop.

    Raises:
        StoreError: `store`: the line broke, or the server cannot answer just now.   UsageError: `origin`.
        PeerError: `withheld`: the server gives none, or too much.
    """

    async def work() -> bytes:
        async with _client(origin, uds) as client, _asked(client, path, VISITORS[-1], patience) as answer:
            if answer.status_code in PASSING:
                raise _away(answer)
            if answer.status_code != _OK:
                raise PeerError(Failure.WITHHELD, f"the server answers {answer.status_code} to {path}")
            body = bytearray()
            await _read(answer, most, body)
            return bytes(body)

    try:
        return asyncio.run(work())
    except _Wrong as error:
        raise PeerError(Failure.WITHHELD, f"{path}: {error}") from error
