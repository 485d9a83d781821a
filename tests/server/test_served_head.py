# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which head is served where a charter demands cosignatures: the newest that has enough, and never a smaller one than before."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import Witness, Witnesses
from corncrake_crypto.cosignature import cosign
from corncrake_crypto.encoding import b64url
from corncrake_crypto.note import unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_server.storage.database import Database
from corncrake_server.storage.log import SqlLog
from tests.crypto.independent import head
from tests.server.running import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.conftest import MakeServer
    from tests.server.running import RunningServer

KEYS = {f"witness.example/{number}": SigningKey.generate() for number in (1, 2)}
ONE, TWO = KEYS


def demand(server: RunningServer, sequence: int, threshold: int) -> None:
    """Bring a charter that demands so many of two, and wait until the server acts on it."""
    named = tuple(Witness(name=name, key=b64url(key.public)) for name, key in KEYS.items())
    charter = server.sign_charter(sequence=sequence, witnesses=Witnesses(keys=named, threshold=threshold))
    assert server.bring(charter).returncode == 0
    deadline = time.monotonic() + PATIENCE_S
    while server.process is not None and server.get("/v1/charter").content != charter:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def publish(server: RunningServer) -> int:
    """Publish; return the size of the new tree."""
    return int(server.command("publish").stdout.split(" has ")[1].split()[0])


def keep_cosignatures(server: RunningServer, size: int, *names: str) -> None:
    """Keep what witnesses have signed under the head of this size, as the server does when they answer."""
    database = Database(server.environment["CORNCRAKE_DATABASE_URL"])

    async def work() -> None:
        try:
            log = SqlLog(database)
            signed = next(one for one in await log.signed_heads(16) if one.size == size)
            for name in names:
                await log.keep_cosignature(signed, name, cosign(unverified_text(signed.note or b""), name, KEYS[name], 1))
        finally:
            await database.close()

    asyncio.run(work())


def served(server: RunningServer) -> int:
    """The size of the head that everybody gets."""
    return head(server.get("/log/1/checkpoint").content)[1]


@pytest.fixture
def server(make_server: MakeServer) -> RunningServer:
    """A server whose charter demands one cosignature of two."""
    made = make_server()
    demand(made, 2, 1)
    made.start()
    return made


def test_a_charter_that_demands_more_does_not_make_the_log_shrink(server: RunningServer) -> None:
    first = publish(server)
    keep_cosignatures(server, first, ONE, TWO)
    assert served(server) == first
    second = publish(server)
    keep_cosignatures(server, second, ONE)
    assert served(server) == second
    demand(server, 3, 2)
    # The first has two, and whoever has seen the second would call the log shrunken.
    assert served(server) == second
    # What is missing can only come for the newest.
    third = publish(server)
    assert served(server) == third
    keep_cosignatures(server, third, ONE, TWO)
    assert served(server) == third


def test_a_head_that_gets_its_cosignatures_after_a_newer_one_was_served_is_not_gone_back_to(server: RunningServer) -> None:
    first = publish(server)
    assert served(server) == first
    second = publish(server)
    assert served(server) == second
    keep_cosignatures(server, first, ONE)
    assert served(server) == second


def test_a_head_without_enough_stays_unserved_while_an_older_one_has_them(server: RunningServer) -> None:
    first = publish(server)
    keep_cosignatures(server, first, TWO)
    assert served(server) == first
    second = publish(server)
    assert served(server) == first
    keep_cosignatures(server, second, ONE)
    assert served(server) == second


def test_a_server_that_was_restored_does_not_go_back_to_what_had_enough_when_it_was_copied(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    demand(server, 2, 1)
    server.start()
    first = publish(server)
    keep_cosignatures(server, first, ONE)
    assert served(server) == first
    second = publish(server)
    assert server.command("backup", str(tmp_path / "copy")).returncode == 0
    keep_cosignatures(server, second, ONE)
    assert served(server) == second
    server.end()
    assert server.command("migrate", "down", "--remove", "everything").returncode == 0
    if (path := Database(server.environment["CORNCRAKE_DATABASE_URL"]).path) is not None:
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
    assert server.command("restore", str(tmp_path / "copy")).returncode == 0
    server.start()
    assert served(server) == second
