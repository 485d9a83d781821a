# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the server is well. Nothing here says anything about reports."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get

from corncrake_crypto.errors import CorncrakeError
from corncrake_server.api.state import services


class Health(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each check by itself, and whether all are well."""

    ok: bool
    checks: dict[str, bool]


@get("/v1/health")
async def get_health(request: Request[Any, Any, Any]) -> Response[Health]:
    """Answer 200 when all is well, 503 when something is not: database, charter in force, room on the disk."""
    here = services(request)
    checks = {"database": False, "charter": False, "disk": False}
    try:
        opened = await here.organisation.charter_or_none()
        await here.log.head()
        checks["database"] = True
        checks["charter"] = opened is not None and here.clock.today() <= opened.charter.expires
        here.disk.check_room(0)
        checks["disk"] = True
    except CorncrakeError:
        pass
    ok = all(checks.values())
    return Response(Health(ok=ok, checks=checks), status_code=200 if ok else 503, media_type=MediaType.JSON)
