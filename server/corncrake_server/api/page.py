# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built page, and the headers that every answer of this server has.

Rules of this file: the page's files are read once, at the start, and looked up by their exact path: no path of a request ever
reaches the file system. Nothing may be stored by a browser but files whose names are hashes of what is in them, and those
neither, since a cache entry says that somebody was here.
"""

import mimetypes
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from corncrake_crypto.errors import Failure, UsageError
from corncrake_server.refusals import NotHere

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; worker-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types corncrake-worker"
)
HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "geolocation=(), microphone=(self), camera=(self), browsing-topics=(), clipboard-read=()",
    "x-dns-prefetch-control": "off",
}
_SAVED: Final = "/saved.html"
_KEPT: Final = {"content-disposition": 'attachment; filename="report.html"'}
"""The one-file edition is for keeping: opened here, it would be refused by the policy above, and would be no safer than the page itself."""
_MOST_BYTES: Final = 32 << 20
_TYPES: Final = {".js": "text/javascript", ".html": "text/html", ".css": "text/css", ".webmanifest": "application/manifest+json"}


class PageFile(NamedTuple):
    """One file of the page."""

    data: bytes
    media_type: str


def read_page(folder: Path) -> dict[str, PageFile]:
    """Return the files of a built page by their paths, `/` being `index.html`.

    Raises:
        UsageError: `misuse`: there is no page, or it has more than 32 MiB.
    """
    files: dict[str, PageFile] = {}
    room = _MOST_BYTES
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        data = path.read_bytes()
        room -= len(data)
        if room < 0:
            raise UsageError(Failure.MISUSE, "the page's folder holds more than 32 MiB")
        files[f"/{path.relative_to(folder).as_posix()}"] = PageFile(data, kind)
    if "/index.html" not in files:
        raise UsageError(Failure.MISUSE, "the page's folder has no index.html: is it built?")
    files["/"] = files["/index.html"]
    return files


def page_handler(files: dict[str, PageFile]) -> HTTPRouteHandler:
    """Return the handler that serves `files`."""

    @get(["/", "/{path:path}"], include_in_schema=False)
    async def get_page(request: Request[Any, Any, Any]) -> Response[bytes]:
        """One file of the page."""
        found = files.get(request.scope["path"])
        if found is None:
            raise NotHere("there is nothing here of this kind")
        return Response(found.data, media_type=found.media_type, headers=_KEPT if request.scope["path"] == _SAVED else None)

    return get_page
