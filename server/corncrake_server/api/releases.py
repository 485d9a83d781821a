# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page release, for whoever compares the page with it."""

from typing import Any

from litestar import MediaType, Request, Response, get

from corncrake_server.api.state import services
from corncrake_server.refusals import NotHere


@get("/v1/page-release", media_type=MediaType.TEXT)
async def get_page_release(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The newest page release: a note signed by most of the charter's release keys."""
    release = await services(request).documents.release()
    if release is None:
        raise NotHere("no page release was brought here yet")
    return Response(release.note, media_type=MediaType.TEXT)
