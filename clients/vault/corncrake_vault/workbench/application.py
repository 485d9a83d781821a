# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer's addresses: which page, picture or stretch of sound stands where.

Rules of this file: everything here is behind the gate. A picture is one that our confined process painted; the bytes of a picture or a document never
reach the browser. Those of video and sound do, as what their first bytes say, and only into a player.
"""

import sys
import traceback
from importlib.resources import files
from typing import Any, Final, cast

from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Stream

from corncrake_vault.evidence.kinds import Kind
from corncrake_vault.workbench import pages
from corncrake_vault.workbench.exhibits import Exhibit, Exhibits
from corncrake_vault.workbench.gate import destination
from corncrake_vault.workbench.markup import Html
from corncrake_vault.workbench.ranges import Span, Unsatisfiable, span_of
from corncrake_vault.workbench.rendering import NotShown
from corncrake_vault.workbench.room import FIT, LARGE, Room

AnyRequest = Request[Any, Any, Any]
_HEX: Final = 256
"""Bytes that are shown of a file of no known kind."""
_PLAYED: Final = {"video": "video", "sound": "audio"}
"""What a browser says that it wants bytes for, by how a kind is shown."""
_STYLE: Final = files("corncrake_vault.workbench").joinpath("style.css").read_bytes()


def _room(request: AnyRequest) -> Room:
    return cast("Room", request.app.state.room)


def _file(request: AnyRequest, number: FromPath[int], *ways: str) -> tuple[Exhibit, Kind]:
    """Return a file that is shown in one of these ways; `HTTPException` 404 when there is none."""
    match _room(request).file(number):
        case (file, Kind() as kind) if kind.way in ways:
            return file, kind
        case _:
            raise HTTPException(status_code=404)


def _html(body: bytes) -> Response[bytes]:
    return Response(body, media_type="text/html")


@get("/")
async def get_list(request: AnyRequest) -> Response[bytes]:
    """All files of the thread."""
    room = _room(request)
    return _html(pages.list_page(room.thread, room.exhibits.all()))


@get("/style.css")
async def get_style() -> Response[bytes]:
    """The style of all pages."""
    return Response(_STYLE, media_type="text/css")


@get("/{number:int}")
async def get_file(request: AnyRequest, number: FromPath[int]) -> Response[bytes]:
    """One file."""
    room = _room(request)
    found = room.file(number)
    if found is None:
        raise HTTPException(status_code=404)
    file, kind = found
    if kind is None:
        shown = pages.unknown(room.thread, room.exhibits.read(number, 0, min(_HEX, file.size)))
    elif kind.way in _PLAYED:
        shown = pages.player(file, kind, f"{number}/media")
    elif kind.way == "pages":
        shown = await _page(room, file, 1, "")
    else:
        shown = await _picture(room, file, FIT)
    return _html(pages.file_page(room.thread, file, kind, shown))


@get("/{number:int}/large")
async def get_large(request: AnyRequest, number: FromPath[int]) -> Response[bytes]:
    """A picture, large."""
    room = _room(request)
    file, kind = _file(request, number, "picture")
    return _html(pages.file_page(room.thread, file, kind, await _picture(room, file, LARGE), "../"))


@get("/{number:int}/pages/{page:int}")
async def get_page(request: AnyRequest, number: FromPath[int], page: FromPath[int]) -> Response[bytes]:
    """One page of a document, from 1."""
    room = _room(request)
    file, kind = _file(request, number, "pages")
    return _html(pages.file_page(room.thread, file, kind, await _page(room, file, page, "../../"), "../../"))


@get("/{number:int}/picture/{edge:int}")
async def get_picture(request: AnyRequest, number: FromPath[int], edge: FromPath[int]) -> Response[bytes]:
    """A painted picture, as its page shows it."""
    file, _ = _file(request, number, "picture")
    if edge not in {FIT, LARGE}:
        raise HTTPException(status_code=404)
    return await _jpeg(_room(request), file, 1, edge)


@get("/{number:int}/pages/{page:int}/picture")
async def get_page_picture(request: AnyRequest, number: FromPath[int], page: FromPath[int]) -> Response[bytes]:
    """A painted page of a document, as its page shows it."""
    file, _ = _file(request, number, "pages")
    return await _jpeg(_room(request), file, page, FIT)


@get("/{number:int}/media")
async def get_media(request: AnyRequest, number: FromPath[int]) -> Response[bytes] | Stream:
    """Bytes of video or sound, for a player and nothing else."""
    file, kind = _file(request, number, *_PLAYED)
    if destination(request.scope) not in _PLAYED.values():
        raise HTTPException(status_code=404)
    try:
        asked = span_of(request.headers.get("range"), file.size)
    except Unsatisfiable:
        return Response(b"", status_code=416, headers={"content-range": f"bytes */{file.size}"}, media_type=kind.code)
    span = asked or Span(0, file.size)
    headers = {"accept-ranges": "bytes", "content-length": str(span.end - span.start)}
    if asked:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    return Stream(_room(request).stretch(number, span), status_code=206 if asked else 200, media_type=kind.code, headers=headers)


async def _jpeg(room: Room, file: Exhibit, page: int, edge: int) -> Response[bytes]:
    if not 0 < page <= pages.PAGES_MAX:
        raise HTTPException(status_code=404)
    try:
        painted = await room.paint(file, page - 1, edge)
    except NotShown as error:
        raise HTTPException(status_code=404) from error
    return Response(painted.jpeg, media_type="image/jpeg")


async def _picture(room: Room, file: Exhibit, edge: int) -> Html:
    try:
        painted = await room.paint(file, 0, edge)
    except NotShown as error:
        return pages.not_shown(room.thread, looked=error.looked)
    large = edge == LARGE
    base = "" if large else f"{file.number}/"
    return pages.picture(file, painted.said, f"{base}picture/{edge}", large=large)


async def _page(room: Room, file: Exhibit, page: int, base: str) -> Html:
    if not 0 < page <= pages.PAGES_MAX:
        raise HTTPException(status_code=404)
    try:
        return pages.document(file, (await room.paint(file, page - 1, FIT)).said, page, base)
    except NotShown as error:
        return pages.not_shown(room.thread, looked=error.looked)


def _refuse(_: AnyRequest, error: HTTPException) -> Response[str]:
    return Response("Not here.\n", status_code=error.status_code, media_type=MediaType.TEXT)


def _refuse_unknown(_: AnyRequest, error: Exception) -> Response[str]:
    """Answer a fault that nobody foresaw; where it happened goes to standard error, what was held does not."""
    places = "".join(traceback.format_tb(error.__traceback__)[-6:])
    print(f"unforeseen {type(error).__name__}\n{places}", file=sys.stderr)
    return Response("The viewer has failed here; nothing is lost.\n", status_code=500, media_type=MediaType.TEXT)


def create_application(exhibits: Exhibits, path: str) -> Litestar:
    """Return the application for a thread; all of its addresses begin with `path`."""
    return Litestar(
        [get_list, get_style, get_file, get_large, get_page, get_picture, get_page_picture, get_media],
        path=path,
        state=State({"room": Room(exhibits)}),
        exception_handlers={HTTPException: _refuse, Exception: _refuse_unknown},
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
