# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets the runners be imported by name, however pytest imports the tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
