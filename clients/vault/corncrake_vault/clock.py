# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one place where the vault asks what day it is.

Rules of this file: days, never a finer time. Everything else is given the day, so that tests travel in time.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

from corncrake_crypto.encoding import parse_day

TODAY_VARIABLE = "CORNCRAKE_TODAY"
"""For tests and demonstrations only: a day `YYYY-MM-DD` that stands for the clock's, or `@` and a file that holds it."""


def is_fixed() -> bool:
    """Say whether the day is not the machine's."""
    return bool(os.environ.get(TODAY_VARIABLE))


def today() -> date:
    """Return the day by the machine's clock, in UTC.

    Raises:
        FileError: `encoding`, when the variable is set to something that is no day.
    """
    said = os.environ.get(TODAY_VARIABLE, "")
    if said.startswith("@"):
        said = Path(said[1:]).read_text(encoding="ascii").strip()
    return parse_day(said) if said else datetime.now(tz=UTC).date()
