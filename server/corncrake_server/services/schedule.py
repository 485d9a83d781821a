# SPDX-License-Identifier: AGPL-3.0-or-later
"""The daily publication, and the look for expired blocks after it: at a time of day, UTC, and at the start when a day was missed.

Rules of this file: nothing ends the schedule but the end of the process. What went wrong is said on standard error, without what
it held, and tried again.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import parse_day
from corncrake_crypto.errors import CorncrakeError, Failure, UsageError

if TYPE_CHECKING:
    from datetime import date

    from corncrake_server.clock import Clock
    from corncrake_server.services.expiry import Expiry
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


class Schedule:
    """Publishes once a day."""

    def __init__(self, publication: Publication, clock: Clock, publish_at: str, expiry: Expiry | None = None) -> None:
        """Keep the parts.

        Raises:
            UsageError: `misuse`: `publish_at` is no time of day.
        """
        self._publication = publication
        self._clock = clock
        self._expiry = expiry
        self._at = seconds_of(publish_at)
        # The last head's day does not say it: it lies ahead when the clock was, and then one a day must do as well.
        self._done: date | None = None

    async def run(self) -> None:
        """Publish once a day, for ever.

        The clock is asked again every few minutes: a machine that slept, or whose clock was set, still publishes.
        """
        wait = 0.0
        while True:
            await asyncio.sleep(wait)
            wait = await self.step()

    async def step(self) -> float:
        """Publish if it is time; return after how many seconds to look again."""
        left = self._at - self._clock.now() % _DAY_SECONDS
        today = self._clock.today()
        if left <= 0 and self._done != today:
            if not await self._publish():
                return _AGAIN_SECONDS
            self._done = today
        return min(_LONGEST_SLEEP, float(left if left > 0 else left + _DAY_SECONDS))

    async def _publish(self) -> bool:
        try:
            head = await self._publication.publish(scheduled=True)
        except CorncrakeError as error:
            sys.stderr.write(f"publication failed: {error}\n")
        except Exception as error:  # noqa: BLE001 - a log that stops growing is worse than any error that nobody foresaw
            sys.stderr.write(f"publication failed: unforeseen {type(error).__name__}\n")
        else:
            await self._sweep(parse_day(head.day))
            return True
        return False

    async def _sweep(self, today: date) -> None:
        """Remove blocks that have expired; what goes wrong waits for the next day."""
        if self._expiry is None:
            return
        try:
            await self._expiry.sweep(today)
        except CorncrakeError as error:
            sys.stderr.write(f"not all was removed whose time has come: {error}\n")
        except Exception as error:  # noqa: BLE001 - as above
            sys.stderr.write(f"not all was removed whose time has come: unforeseen {type(error).__name__}\n")
