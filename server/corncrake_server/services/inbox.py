# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers send: an outbound parcel is applied whole or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from corncrake_crypto.errors import Failure
from corncrake_server.refusals import Unsigned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from corncrake_server.clock import Clock
    from corncrake_server.ports import Documents, LogKey, Spool
    from corncrake_server.services.organisation import Organisation


class Inbox:
    """Applies parcels."""

    def __init__(self, organisation: Organisation, documents: Documents, spool: Spool, log: LogKey, clock: Clock) -> None:
        """Keep the parts."""
        self._organisation = organisation
        self._documents = documents
        self._spool = spool
        self._log = log
        self._clock = clock

    async def receive(self, reviewer: str, number: int, digest: bytes, length: int, pieces: AsyncIterator[bytes]) -> bool:
        raise NotImplementedError
