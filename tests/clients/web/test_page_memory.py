# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page costs in memory does not grow with what it sends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.clients.web.bare_walk import memory_of_sending
from tests.clients.web.sent_files import report_that_says, there

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.running import RunningServer

MOST_MIB = 64
SIZES = {"quick": 200_000_000, "full": 300_000_000, "slow": 4 << 30}
PATIENCE_S = {"quick": 120, "full": 300, "slow": 1_800}
STORY = "A long film, and a small phone."


def test_a_film_of_any_size_costs_the_page_less_than_64_mib(address: str, page_server: RunningServer, tmp_path: Path, tier: str) -> None:
    film, profile = tmp_path / "film.bin", tmp_path / "profile"
    film.touch()
    os.truncate(film, SIZES[tier])
    profile.mkdir()
    above = memory_of_sending(address, profile, STORY, film, PATIENCE_S[tier])
    (entry,) = report_that_says(page_server, STORY).files
    assert all(there(page_server, entry))
    assert above < MOST_MIB
