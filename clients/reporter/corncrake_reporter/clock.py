# SPDX-License-Identifier: AGPL-3.0-or-later
"""The day by this machine's clock: UTC for all that is sent, and the one where the machine is for what a person does by day.

Rules of this file: no time finer than a day.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from corncrake_crypto.encoding import parse_day

TODAY_VARIABLE: Final = "CORNCRAKE_TODAY"
"""For tests and demonstrations: a day `YYYY-MM-DD` that stands for the clock's, or `@` and a file that holds it."""


def _said() -> date | None:
    said = os.environ.get(TODAY_VARIABLE, "")
    if said.startswith("@"):
        said = Path(said[1:]).read_text(encoding="ascii").strip()
    return parse_day(said) if said else None


def today() -> date:
    """Return the day, UTC.

    Raises:
        FileError: `encoding`, when `TODAY_VARIABLE` holds no day.
    """
    return _said() or datetime.now(UTC).date()


def day_here() -> date:
    """Return the day where this machine is, which begins at its own midnight; for nothing that is sent.

    Raises:
        FileError: as `today`.
    """
    return _said() or datetime.now().astimezone().date()
