# SPDX-License-Identifier: AGPL-3.0-or-later
"""The daily publication: at a time of day, UTC, and at the start when a day was missed."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import CorncrakeError, Failure, UsageError

if TYPE_CHECKING:
    from corncrake_server.clock import Clock
    from corncrake_server.services.publication import Publication

_DAY_SECONDS: Final = 86_400
_LONGEST_SLEEP: Final = 300.0
_AGAIN_SECONDS: Final = 60.0
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def seconds_of(publish_at: str) -> int:
    """Return the seconds after midnight of an `HH:MM`.

    Raises:
        UsageError: `misuse`.
    """
    match = _TIME.fullmatch(publish_at)
    if match is None:
        raise UsageError(Failure.MISUSE, "publish_at is HH:MM")
    return int(match[1]) * 3600 + int(match[2]) * 60


async def publish_daily(publication: Publication, clock: Clock, publish_at: str) -> None:
    """Publish once a day, for ever; a failure is said on standard error and tried again after a minute.

    The clock is asked again every few minutes: a machine that slept, or whose clock was set, still publishes.
    """
    at = seconds_of(publish_at)
    while True:
        passed = clock.now() % _DAY_SECONDS >= at
        if passed:
            try:
                await publication.publish(unless_published_today=True)
            except CorncrakeError as error:
                sys.stderr.write(f"publication failed: {error}\n")
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
        left = at - clock.now() % _DAY_SECONDS
        await asyncio.sleep(min(_LONGEST_SLEEP, float(left if left > 0 else left + _DAY_SECONDS)) or 1.0)
