# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a file is to be: a stick that is gone and a name that is too long are said, and end nothing with a traceback.

Rules of this file: it looks, and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.errors import Failure, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def exists(path: Path) -> bool:
    """Say whether something lies at a path.

    Raises:
        UsageError: `misuse`: it cannot be looked at.
    """
    try:
        return path.exists()
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{path.name[:80]} cannot be looked at: {error.strerror}") from error
