# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public log: checkpoint and tiles, as C2SP tlog-tiles has them."""

from typing import Any

from litestar import MediaType, Request, Response, get

from corncrake_server.api.state import services

AnyRequest = Request[Any, Any, Any]


@get("/log/1/checkpoint", media_type=MediaType.TEXT)
async def get_checkpoint(request: AnyRequest) -> Response[bytes]:
    """The newest signed checkpoint."""
    return Response(await services(request).log_reader.checkpoint(), media_type=MediaType.TEXT)


@get("/log/1/tile/{path:path}")
async def get_tile(request: AnyRequest, path: str) -> Response[bytes]:
    """A tile of hashes, `{L}/{N…}[.p/W]`, or a bundle of entries, `entries/{N…}[.p/W]`."""
    tile = await services(request).log_reader.tile("tile/" + path.lstrip("/"))
    return Response(tile, media_type="application/octet-stream")
