# SPDX-License-Identifier: Apache-2.0
"""What the generator's modules share: cases written before, and two spellings of bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any


def stored(noun: str, name: str) -> dict[str, Any] | None:
    """Return a case as it is on disk, or None."""
    path = Path(__file__).parent.parent / noun / f"{name}.json"
    return json.loads(path.read_text("ascii")) if path.exists() else None


def b64(data: bytes) -> str:
    """Return `data` as the `…_base64` fields have it."""
    return base64.b64encode(data).decode("ascii")
