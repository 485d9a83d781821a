# SPDX-License-Identifier: AGPL-3.0-or-later
"""The day by this machine's clock, UTC.

Rules of this file: no time finer than a day.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Final

from corncrake_crypto.encoding import parse_day

TODAY_VARIABLE: Final = "CORNCRAKE_TODAY"
"""For tests and demonstrations: a day `YYYY-MM-DD` that stands for the clock's."""


def today() -> date:
    """Return the day.

    Raises:
        FileError: `encoding`, when `TODAY_VARIABLE` holds no day.
    """
    said = os.environ.get(TODAY_VARIABLE)
    return parse_day(said) if said else datetime.now(UTC).date()
