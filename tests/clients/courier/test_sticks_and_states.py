# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stick that is pulled out or cannot be used, two couriers of one state at once, and a log that has no end."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING, Any, cast

import pytest

from corncrake_courier import __main__, pull, push
from corncrake_courier.keys import make_key, read_key
from corncrake_courier.log import MOST_LEAVES, fetch_log
from corncrake_courier.state import State, held, load
from corncrake_crypto.checkpoint import Checkpoint, sign_checkpoint
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from tests.simulators.organisation import TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corncrake_courier.server import Server
    from corncrake_crypto.signatures import SigningKey
    from tests.clients.courier.conftest import Told, Town


def in_this_process(town: Town, command: str, *words: str) -> int:
    """Run the courier here, where a test can have something happen to it."""
    folder = town.folder
    place = [
        "--server",
        town.origin,
        "--uds",
        town.socket,
        "--root",
        town.root,
        "--key",
        str(folder / "courier.key"),
        "--state",
        str(folder / "state"),
    ]
    return __main__.main([command, *place, *words])


def test_a_stick_that_is_pulled_out_while_a_parcel_is_pushed_is_said(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert town.vault("ana", "export", "back.parcel").code == 0

    def pulled_out(_: Path) -> Iterator[bytes]:
        yield b"x"
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(push, "_chunks", pulled_out)
        assert in_this_process(town, "push", str(town.folder / "back.parcel")) == 1
    assert "run it again" in capsys.readouterr().err
    assert town.courier("push", "back.parcel").data["new"] is True


def test_a_place_that_cannot_be_looked_at_is_said(town: Town) -> None:
    told = town.courier("pull", "--out", "x" * 300)
    assert (told.code, told.data["failure"]) == (1, "store")


def test_a_push_while_a_pull_runs_is_told_to_wait_and_nothing_of_it_is_lost(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert town.vault("ana", "export", "back.parcel").code == 0
    pushed: list[Told] = []
    fetch = pull.fetch_deletions

    def meanwhile(*parts: Any) -> Any:
        pushed.append(town.courier("push", "back.parcel"))
        return fetch(*parts)

    with monkeypatch.context() as patched:
        patched.setattr(pull, "fetch_deletions", meanwhile)
        assert in_this_process(town, "pull", "--out", str(town.folder / "in.parcel")) == 0
    assert [(told.code, told.data["failure"]) for told in pushed] == [(1, "misuse")]
    assert "wait" in pushed[0].err
    assert town.courier("push", "back.parcel").code == 0
    number = town.vault("ana", "export", "next.parcel").data["number"]
    assert max(asked.number for asked in load(town.folder / "state").asked if asked.reviewer == "ana") == number - 1


class Endless:
    """A server whose log's head names more leaves than anybody can carry, and that gives them."""

    def __init__(self, key: SigningKey, log: str) -> None:
        self.head = sign_checkpoint(Checkpoint(log, MOST_LEAVES + 1, bytes(32), TODAY), key)
        self.asked = 0

    def get(self, path: str, _most: int) -> bytes:
        """Give the head, or a bundle of leaves."""
        self.asked += 1
        assert self.asked < 10, "it is carried"
        return self.head if path.endswith("/checkpoint") else b"\x00\x01x" * 256


def test_a_place_that_knows_no_locks_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError) as raised, held(tmp_path):
        pass
    assert "No locks available" in raised.value.detail


class Fat(Endless):
    """One whose leaves are as long as a bundle of them may be."""

    def __init__(self, key: SigningKey, log: str) -> None:
        super().__init__(key, log)
        self.head = sign_checkpoint(Checkpoint(log, 1 << 20, bytes(32), TODAY), key)

    def get(self, path: str, _most: int) -> bytes:
        """Give the head, or a bundle of leaves."""
        self.asked += 1
        assert self.asked < 80, "it is carried"
        return self.head if path.endswith("/checkpoint") else b"\x03\xe8".ljust(1_002, b"x") * 256


@pytest.mark.parametrize("kind", [Endless, Fat])
def test_a_log_without_end_and_leaves_that_no_vault_takes_fill_no_disk(kind: type[Endless], tmp_path: Path) -> None:
    load(tmp_path)
    organisation = SimulatedOrganisation()
    opened = organisation.opened()
    server = kind(organisation.log_key, opened.charter.log.origin)
    with pytest.raises(CorncrakeError) as raised:
        fetch_log(cast("Server", server), opened, State(), tmp_path, None, lambda _: None)
    assert raised.value.failure is Failure.SIZE
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_key_that_found_no_room_leaves_no_half_of_it_and_one_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "courier.key"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space"):
            make_key(path, "kim")
    made = make_key(path, "kim")
    with pytest.raises(StoreError, match="nothing was overwritten"):
        make_key(path, "kim")
    assert read_key(path).key.public == made.key.public
