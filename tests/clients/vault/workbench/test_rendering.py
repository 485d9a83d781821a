# SPDX-License-Identifier: AGPL-3.0-or-later
"""A painter that has said all it had to say may be gone before anybody has answered."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from corncrake_vault.evidence import confined
from corncrake_vault.workbench.rendering import Painter
from tests.clients.vault.workbench import media

if TYPE_CHECKING:
    import pytest

HASTY = """
import json, os, time
from corncrake_vault.evidence import wire
picture = wire.frame(wire.DATA, b"\\xff\\xd8\\xff and more")
os.write(1, picture[:8])
os.close(0)
time.sleep(0.3)
os.write(1, picture[8:])
os.write(1, wire.frame(wire.DONE, json.dumps({"type": "image/jpeg", "tool": "hasty", "version": "1"}).encode()))
"""
"""Says what it has made, and listens to no answer."""


class Kept:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    def read(self, start: int, end: int, /) -> bytes:
        return self._data[start:end]


def test_a_picture_counts_when_its_painter_has_left_before_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "PROGRAM", (sys.executable, "-c", HASTY))
    painted = asyncio.run(Painter().paint(Kept(media.picture("PNG", (16, 16))), 0, 2_048))
    assert painted.jpeg == b"\xff\xd8\xff and more"
    assert painted.said.tool == "hasty"
