# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whole worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.paths.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    here = World(tmp_path, monkeypatch)
    try:
        yield here
    finally:
        here.stop()
