# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a handler finds on the application: the services, and the readers of bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from litestar import Request

    from corncrake_server.api.bodies import BodyReader
    from corncrake_server.services.services import Services


@dataclass(frozen=True, slots=True)
class Rooms:
    """Handed to every handler. `publishes`: this process has a schedule of publications."""

    services: Services
    reports: BodyReader
    blocks: BodyReader
    parcels: BodyReader
    publishes: bool


def rooms(request: Request[Any, Any, Any]) -> Rooms:
    """Return what the application keeps for its handlers."""
    return cast("Rooms", request.app.state.rooms)


def services(request: Request[Any, Any, Any]) -> Services:
    """Return the services."""
    return rooms(request).services
