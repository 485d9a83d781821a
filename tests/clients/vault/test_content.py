# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes anywhere in a file, opened where they are needed and nowhere else."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_vault.evidence.content import CACHED, READ_MAX, files_of, open_file
from corncrake_vault.threads.opening import FileOnShelf, Here
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.films import Recording, film_of
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corncrake_vault.vault import Vault
    from tests.clients.vault.conftest import Desk

ROOM = 257_536


@pytest.fixture
def opened(desk: Desk) -> Iterator[Vault]:
    """Ana's vault, unlocked."""
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    with vault.store:
        yield vault


def test_any_range_is_what_the_reporter_sent(desk: Desk, opened: Vault) -> None:
    data = secrets.token_bytes(6 * ROOM - 10)
    film = film_of(data)
    desk.server.take(desk.reporter().report(files=(film.file("a.mp4"),)))
    desk.server.blocks = dict(film.blocks())
    assert desk.bring(desk.server.parcel()).code == 0
    ((message, place, number, name, said, live),) = files_of(opened, 1)
    assert (number, name, said, live) == (1, "a.mp4", "video/mp4", False)
    file = open_file(opened, message, place)
    assert (file.size, file.missing) == (len(data), [])
    for start, end in ((0, 10), (ROOM - 1, ROOM + 1), (0, len(data)), (5 * ROOM, len(data) + 99), (7, 7), (len(data), len(data) + 1)):
        assert file.read(start, end) == data[start:end]


def test_only_the_blocks_that_are_needed_are_opened_and_few_are_kept(desk: Desk, opened: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    film = film_of(bytes(8 * ROOM))
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    desk.server.blocks = dict(film.blocks())
    assert desk.bring(desk.server.parcel()).code == 0
    places: list[int] = []
    real = FileOnShelf.data

    def note(shelf: FileOnShelf, here: Here) -> bytes:
        places.append(here.place)
        return real(shelf, here)

    monkeypatch.setattr(FileOnShelf, "data", note)
    file = open_file(opened, 1, 0)
    file.read(3 * ROOM, 3 * ROOM + 5)
    file.read(3 * ROOM + 5, 3 * ROOM + 9)
    assert places == [3]
    for place in range(CACHED + 1):
        file.read(place * ROOM, place * ROOM + 1)
    file.read(3 * ROOM, 3 * ROOM + 1)
    file.read(0, 1)
    assert places == [3, 0, 1, 2, 4, 0]


def test_what_is_missing_is_said_and_the_rest_is_there(desk: Desk, opened: Vault) -> None:
    data = secrets.token_bytes(3 * ROOM)
    film = film_of(data)
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    desk.server.blocks = {block: sealed for place, (block, sealed) in enumerate(film.blocks()) if place != 1}
    desk.bring(desk.server.parcel())
    file = open_file(opened, 1, 0)
    assert file.missing == [(ROOM, 2 * ROOM)]
    assert file.read(2 * ROOM, 3 * ROOM) == data[2 * ROOM :]
    with pytest.raises(CorncrakeError) as raised:
        file.read(ROOM - 5, ROOM + 5)
    assert raised.value.failure is Failure.INCOMPLETE


def test_a_recording_is_what_came_joined_with_its_cuts(desk: Desk, opened: Vault) -> None:
    made = Recording([secrets.token_bytes(100 + index) for index in range(5)])
    desk.server.take(desk.reporter().report(files=(made.file(),)))
    desk.server.blocks = made.block(1) | made.block(2) | made.block(4)
    assert desk.bring(desk.server.parcel()).code == 0
    file = open_file(opened, 1, 0)
    assert file.missing == [(0, 0), (203, 203)]
    assert file.read(0, file.size) == made.pieces[1] + made.pieces[2] + made.pieces[4]


def test_a_range_that_is_none_is_refused(desk: Desk, opened: Vault) -> None:
    film = film_of(bytes(10 << 20))
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    file = open_file(opened, 1, 0)
    for start, end in ((-1, 5), (0, READ_MAX + 1)):
        with pytest.raises(CorncrakeError, match="at once"):
            file.read(start, end)
