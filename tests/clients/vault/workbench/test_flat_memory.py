# SPDX-License-Identifier: AGPL-3.0-or-later
"""A long film and a thick document take no more memory of the viewer than short ones: its own process is measured while both are looked at."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.vault.exports import exported
from tests.clients.vault.films import Film, film_of
from tests.clients.vault.workbench import media

if TYPE_CHECKING:
    from tests.clients.vault.workbench.conftest import Thread, Viewing

pytestmark = pytest.mark.needs_system

ABOVE_START_MIB = 64
BLOCKS_AT_ONCE = 24
"""Blocks of one parcel: 100 MB."""
STRETCH = 4 << 20
PAGES = 60
HEAD = b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"


def peak_mib(viewing: Viewing) -> float:
    """The most memory that the viewer's own process has had so far."""
    status = Path(f"/proc/{viewing.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def data(start: int, end: int) -> bytes:
    """A film as far as its first bytes say: silence behind them."""
    return HEAD[start:end] + bytes(end - max(start, min(end, len(HEAD))))


def bring(thread: Thread, film: Film, paper: Film) -> None:
    """Bring both, parcel by parcel."""
    desk = thread.desk
    desk.server.take(desk.reporter().report(files=(film.file("film.mp4"), paper.file("paper.pdf"))))
    desk.server.blocks = dict(paper.blocks())
    assert desk.bring(desk.server.parcel()).code == 0
    blocks = film.blocks()
    while part := dict(islice(blocks, BLOCKS_AT_ONCE)):
        exported(desk)
        desk.server.blocks = part
        assert desk.bring(desk.server.parcel(1)).code == 0


def test_winding_through_a_film_and_turning_all_pages_of_a_document_takes_no_more_memory_than_a_few_of_them(thread: Thread, tier: str) -> None:
    size = 2 << 30 if tier == "slow" else 300_000_000
    bring(thread, Film(size, data), film_of(media.scans(PAGES)))
    viewing = thread.view()
    start = peak_mib(viewing)
    viewing.enter()
    painted = 0
    for number in range(PAGES):
        page = viewing.get(f"2/pages/{number + 1}").body.decode()
        assert f"Page {number + 1} of {PAGES}" in page
        painted += len(viewing.get(f"2/pages/{number + 1}/picture").body)
        # To and fro through the film: its beginning, its end, the second stretch, the last but one.
        step = number // 2 if number % 2 == 0 else PAGES - 1 - number // 2
        at = size // PAGES * step
        answer = viewing.get("1/media", Sec_Fetch_Dest="video", Range=f"bytes={at}-{at + STRETCH - 1}")
        assert (answer.status, answer.body) == (206, data(at, at + STRETCH))
    # More than could be kept: it is not for want of pictures that memory stayed flat.
    assert painted > ABOVE_START_MIB << 20
    assert peak_mib(viewing) - start < ABOVE_START_MIB
