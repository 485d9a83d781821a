# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public logs, the one in force and former ones: checkpoint and tiles, as C2SP tlog-tiles has them."""

import re
from typing import Any

from litestar import MediaType, Request, Response, get

from corncrake_crypto.errors import Failure
from corncrake_server.api.state import services
from corncrake_server.refusals import NotHere

AnyRequest = Request[Any, Any, Any]
_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise NotHere("there is no such log", Failure.RANGE)
    return int(text)


@get("/log/{log:str}/checkpoint", media_type=MediaType.TEXT)
async def get_checkpoint(request: AnyRequest, log: str) -> Response[bytes]:
    """The newest signed checkpoint."""
    return Response(await services(request).log_reader.checkpoint(_number(log)), media_type=MediaType.TEXT)


@get("/log/{log:str}/tile/{path:path}")
async def get_tile(request: AnyRequest, log: str, path: str) -> Response[bytes]:
    """A tile of hashes, `{L}/{N…}[.p/W]`, or a bundle of entries, `entries/{N…}[.p/W]`."""
    tile = await services(request).log_reader.tile(_number(log), "tile/" + path.lstrip("/"))
    return Response(tile, media_type="application/octet-stream")
