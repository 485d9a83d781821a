# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks of what goes over a reporter's line: the page, and a look for an answer."""

from __future__ import annotations

import gzip
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.edition import SEALED_REPLY, write_tile
from corncrake_crypto.identities import Identity
from corncrake_crypto.note import read_bundle
from corncrake_crypto.padding import REPLY_CLASS
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.seal import seal
from tests.bench.measure import Figure, from_values
from tests.server.running import RunningServer
from tests.simulators.organisation import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

PAGE: Final = Path(__file__).resolve().parents[2] / "clients" / "web" / "dist"
SCRIPT_LIMIT_KIB: Final = 70.0
LIVE: Final = 512
"""Replies of a tile, and of an edition that somebody looks at."""
TILES: Final = 16
"""Tiles of the editions in between, so that many replies are made in few of them."""
FEW: Final = 100
MANY: Final = 100_000


def _compressed(scripts: Iterable[Path]) -> float:
    """What scripts weigh on the line, each by itself, in KiB."""
    return sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) / 1024


def _first_load() -> set[Path]:
    """The page's script, what it imports before it runs, and the word lists, which every visit fetches."""
    found = {PAGE / name for name in re.findall(r'<(?:script|link)[^>]+(?:src|href)="/([^"]+\.js)"', (PAGE / "index.html").read_text())}
    assert found, "the page names no script"
    waiting = list(found)
    while waiting:
        named = re.findall(r'(?:from|^import|[;}]import)\s*"\./([^"]+\.js)"', waiting.pop().read_text())
        fresh = {PAGE / "assets" / name for name in named} - found
        found |= fresh
        waiting += fresh
    lists = set(PAGE.glob("assets/english-*.js")) | set(PAGE.glob("assets/spanish-*.js"))
    assert len(lists) == 2
    return found | lists


def bench_page_script_gzip() -> Figure:
    """What every visit loads before anything is attached, compressed."""
    scripts = set(PAGE.rglob("*.js"))
    assert scripts, "the page is not built"
    first = _first_load()
    later = scripts - first
    rest = f"{len(later)} more, when files are attached: {_compressed(later):.1f} KiB"
    how = f"the {len(first)} scripts that every visit loads, each by gzip -9, against the aim; {rest}"
    return from_values([_compressed(first)], SCRIPT_LIMIT_KIB, "KiB", how)


def bench_saved_page_gzip() -> Figure:
    """The one-file edition, compressed: what somebody carries, and what a download of it costs."""
    whole = PAGE / "saved.html"
    how = f"saved.html by gzip -9; {whole.stat().st_size / 1024:.0f} KiB on the disk, everything in it, also what cleans files"
    return from_values([_compressed([whole])], None, "KiB", how)


def _bytes(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return len(answer.content) + sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)


def _look(server: RunningServer, number: int) -> int:
    """Bytes that come down when somebody looks for an answer."""
    desk = "/v1/desks/legal"
    charter = server.get("/v1/charter")
    form = server.organisation.charter().desks[0].form
    heads = server.get(f"{desk}/heads")
    assert len(read_bundle(heads.content)) == 1
    rest = (f"/v1/forms/{form}", f"{desk}/epochs/{EPOCH}/prekeys", f"{desk}/editions/ana/{number}/0")
    return _bytes(charter) + _bytes(heads) + sum(_bytes(server.get(path)) for path in rest)


def _publish(server: RunningServer, tiles: list[bytes], number: int, replies: int) -> int:
    """Bring editions after `number` until at least `replies` more were made; return the last one's number."""
    while replies > 0:
        number += 1
        replies -= len(tiles) * LIVE
        answer = server.push("ana", number, server.parcel("ana", number, server.edition(number, *tiles, slots=LIVE)))
        assert answer.status_code == 201, answer.text
    return number


def bench_board_look_bytes() -> Figure:
    """A look must not become dearer with the replies ever made."""
    sealed = seal(bytes(REPLY_CLASS), [Identity.generate().recipient])
    assert len(sealed) == SEALED_REPLY
    tiles = [write_tile([(random_bytes(16), sealed[:-16] + random_bytes(16)) for _ in range(LIVE)], LIVE) for _ in range(TILES)]
    looks: dict[int, int] = {}
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder:
        server = RunningServer(Path(folder), f"sqlite+aiosqlite:///{folder}/database.sqlite")
        server.prepare()
        server.start()
        try:
            server.open_desk()
            looks[FEW] = _look(server, _publish(server, tiles[:1], 1, FEW))
            in_between = _publish(server, tiles, 1 + -(-FEW // LIVE), MANY)
            looks[MANY] = _look(server, _publish(server, tiles[:1], in_between, LIVE))
        finally:
            server.end()
    how = f"bytes down of one look after {MANY} replies ever made, against after {FEW}, {LIVE} of them live each time"
    return from_values([float(looks[MANY])], float(looks[FEW]), "bytes", how)
