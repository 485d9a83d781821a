# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the server is well. Nothing here says anything about reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import MediaType, Request, Response, get

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.prekeys import epoch_days, epoch_of
from corncrake_server.api.state import rooms
from corncrake_server.services.blocks import MOST_WIRE

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from corncrake_server.api.state import Rooms
    from corncrake_server.services.services import Services

_WEEKS = 4


class Health(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each check by itself, and whether all are well; and what will not be well before long, in words."""

    ok: bool
    checks: dict[str, bool]
    soon: list[str]


@get("/v1/health")
async def get_health(request: Request[Any, Any, Any]) -> Response[Health]:
    """Answer 200 when all is well, 503 when something is not.

    `database`: it answers. `charter`: one is in force. `prekeys`: every desk has enough for this week and the next. `publication`:
    none was left half done, and if it is this process that publishes, the newest head is of yesterday at least. `disk`: there is
    room for reports. `blocks`: there is room for blocks of files. `soon` names the reviewers whose weekly keys run out within four
    weeks, which is no secret, and changes nothing of the rest: a desk does without somebody who is away.
    """
    here = rooms(request)
    checks = {
        "database": await _is_true(_database(here.services)),
        "charter": await _is_true(_charter(here.services)),
        "prekeys": await _is_true(_prekeys(here.services)),
        "publication": await _is_true(_publication(here)),
        "disk": await _is_true(_disk(here.services)),
        "blocks": await _is_true(_blocks(here.services)),
    }
    ok = all(checks.values())
    return Response(Health(ok=ok, checks=checks, soon=await _soon(here.services)), status_code=200 if ok else 503, media_type=MediaType.JSON)


async def _is_true(check: Awaitable[bool]) -> bool:
    try:
        return await check
    except CorncrakeError:
        return False


async def _soon(here: Services) -> list[str]:
    epoch = epoch_of(here.clock.today())
    try:
        lacking = await here.organisation.running_out(range(epoch, epoch + _WEEKS + 1))
    except CorncrakeError:
        return []
    return [f"prekeys: {who} at {desk} has none from {day_text(epoch_days(first)[0])} on" for (desk, who), first in sorted(lacking.items())]


async def _database(here: Services) -> bool:
    await here.log.head()
    return True


async def _charter(here: Services) -> bool:
    return here.clock.today() <= (await here.organisation.charter()).charter.expires


async def _prekeys(here: Services) -> bool:
    epoch = epoch_of(here.clock.today())
    return not await here.organisation.desks_without_prekeys((epoch, epoch + 1))


async def _publication(here: Rooms) -> bool:
    publication = here.services.publication
    return not await publication.is_unfinished() and not (here.publishes and await publication.is_late())


async def _disk(here: Services) -> bool:
    here.disk.check_room(0)
    return True


async def _blocks(here: Services) -> bool:
    here.block_disk.check_room(MOST_WIRE)
    here.room.check(MOST_WIRE)
    return True
