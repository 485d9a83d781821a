# SPDX-License-Identifier: AGPL-3.0-or-later
"""What time it is. Everything else is handed a `Clock`; nothing else asks the system.

Rules of this file: days are UTC. For tests and demonstrations `CORNCRAKE_TODAY` fixes the day: `YYYY-MM-DD`, or `@` and a file that
holds it and is read each time.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Protocol

from corncrake_crypto.encoding import parse_day


class Clock(Protocol):
    """Days for what is written down; seconds only for waiting and for a courier's signature."""

    def today(self) -> date:
        """Return the day, UTC."""
        ...

    def now(self) -> int:
        """Return whole seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...

    def uptime(self) -> float:
        """Return seconds since this machine started, its sleep included; setting the clock does not change them."""
        ...


TODAY_VARIABLE: Final = "CORNCRAKE_TODAY"
"""For tests and demonstrations only: a day `YYYY-MM-DD` that stands for the clock's, or `@` and a file that holds it."""


def is_fixed() -> bool:
    """Say whether the day is not the machine's."""
    return bool(os.environ.get(TODAY_VARIABLE))


class SystemClock:
    """The machine's clock, its day fixed by `CORNCRAKE_TODAY` if that is set."""

    def __init__(self) -> None:
        """Read the environment once.

        Raises:
            FileError: `encoding`, when `CORNCRAKE_TODAY` is no day.
        """
        fixed = os.environ.get(TODAY_VARIABLE, "")
        self._file = Path(fixed[1:]) if fixed.startswith("@") else None
        self._fixed = parse_day(fixed) if fixed and self._file is None else None

    def today(self) -> date:
        """Return the day, UTC."""
        if self._file is not None:
            return parse_day(self._file.read_text(encoding="ascii").strip())
        return self._fixed or datetime.now(UTC).date()

    def now(self) -> int:
        """Return whole seconds since 1970."""
        return int(time.time())

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def uptime(self) -> float:
        """Return seconds since this machine started, its sleep included; setting the clock does not change them."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
