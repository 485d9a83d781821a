# SPDX-License-Identifier: AGPL-3.0-or-later
"""The services of one process, side by side: what a request handler is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corncrake_server.clock import Clock
    from corncrake_server.ports.documents import Documents
    from corncrake_server.ports.log import Log, LogKeys
    from corncrake_server.ports.reports import Reports
    from corncrake_server.ports.retention import Retention
    from corncrake_server.ports.room import Disk
    from corncrake_server.services.blocks import BlockShelf
    from corncrake_server.services.couriers import CourierDoor
    from corncrake_server.services.expiry import Expiry
    from corncrake_server.services.inbox import Inbox
    from corncrake_server.services.intake import Intake
    from corncrake_server.services.log_reader import LogReader
    from corncrake_server.services.organisation import Organisation
    from corncrake_server.services.publication import Publication
    from corncrake_server.services.quota import BlockRoom


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a request may need."""

    clock: Clock
    disk: Disk
    block_disk: Disk
    documents: Documents
    reports: Reports
    log: Log
    log_keys: LogKeys
    organisation: Organisation
    intake: Intake
    blocks: BlockShelf
    room: BlockRoom
    retention: Retention
    expiry: Expiry
    couriers: CourierDoor
    inbox: Inbox
    log_reader: LogReader
    publication: Publication
