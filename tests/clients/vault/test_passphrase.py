# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passphrases: a wrong one, a new one, and a change that was cut off."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.errors import StoreError
from corncrake_vault import vault as vault_module
from corncrake_vault.keys.passphrase import KEY_FILE, NEXT_KEY_FILE, create_key_file
from corncrake_vault.store.database import Store
from corncrake_vault.vault import create_vault, unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.conftest import Desk

OTHER = "another crake in the short dry hay"


def change(desk: Desk, passphrase: str = OTHER) -> int:
    path = desk.folder / "new"
    path.write_text(passphrase + "\n")
    return desk.run("passphrase", "--new-passphrase-file", str(path)).code


def opens(folder: Path, passphrase: str) -> bool:
    try:
        with unlock_vault(folder, passphrase, TODAY).store as store:
            return store.fact("reviewer") == b"ana"
    except StoreError:
        return False


def test_a_new_passphrase_opens_the_vault_and_the_old_one_does_not(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.bring(desk.server.parcel())
    assert change(desk) == 0
    assert not opens(desk.store, PASSPHRASE)
    assert opens(desk.store, OTHER)
    desk.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", OTHER)
    assert "bridge" in str(desk.run("show", "1").data)


def test_a_wrong_passphrase_says_so_and_changes_nothing(desk: Desk) -> None:
    before = {path: path.read_bytes() for path in desk.store.iterdir() if path.is_file()}
    desk.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", "not this one at all")
    said = desk.run("list")
    assert (said.code, said.data["failure"]) == (1, "store")
    assert "passphrase does not open" in said.err
    assert {path: path.read_bytes() for path in desk.store.iterdir() if path.is_file()} == before


def test_a_passphrase_that_is_too_short_is_refused_and_the_old_one_stays(desk: Desk) -> None:
    assert change(desk, "short") == 1
    assert opens(desk.store, PASSPHRASE)


@pytest.mark.parametrize("words", [["passphrase"], ["backup", "COPY"]])
def test_a_new_passphrase_that_no_file_could_give_again_is_refused_and_the_old_one_stays(desk: Desk, words: list[str]) -> None:
    path = desk.folder / "new"
    path.write_bytes("contraseña nueva, escrita de otra manera\n".encode("latin-1"))
    said = desk.run(*(str(desk.folder / word) if word.isupper() else word for word in words), "--new-passphrase-file", str(path))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not (desk.folder / "COPY").exists()
    assert opens(desk.store, PASSPHRASE)


def test_a_vault_whose_key_file_found_no_room_can_be_made_when_there_is_some(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = desk.folder / "new"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space"):
            create_vault(folder, PASSPHRASE, TODAY)
    create_vault(folder, PASSPHRASE, TODAY).store.close()


def test_a_vault_that_is_there_keeps_its_key_file_though_another_is_made_when_no_file_can_be_opened(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (desk.store / KEY_FILE).read_bytes()

    def none_left(*_: object) -> int:
        # The kernel looks for a free number before it looks whether the file is there.
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", none_left)
        with pytest.raises(StoreError, match="Too many open files"):
            create_key_file(desk.store, PASSPHRASE)
    assert (desk.store / KEY_FILE).read_bytes() == before


def test_an_old_key_file_with_the_old_passphrase_does_not_open_what_is_there_now(desk: Desk) -> None:
    old = (desk.store / KEY_FILE).read_bytes()
    assert change(desk) == 0
    (desk.store / KEY_FILE).write_bytes(old)
    assert not opens(desk.store, PASSPHRASE)


class CutError(Exception):
    """The power went."""


@pytest.mark.parametrize("after", ["the next key file", "the store"])
def test_a_change_that_is_cut_off_leaves_a_vault_that_one_of_the_two_opens(desk: Desk, after: str) -> None:
    def cut(*_: object) -> None:
        raise CutError

    with desk.monkeypatch.context() as patched:
        if after == "the next key file":
            patched.setattr(Store, "change_key", cut)
        else:
            patched.setattr(vault_module, "take_place", cut)
        with pytest.raises(CutError):
            change(desk)
    assert (desk.store / NEXT_KEY_FILE).exists()
    right, wrong = (PASSPHRASE, OTHER) if after == "the next key file" else (OTHER, PASSPHRASE)
    assert opens(shutil.copytree(desk.store, desk.folder / "copy"), right)
    assert not opens(desk.store, wrong)
    assert opens(desk.store, right)
    assert not (desk.store / NEXT_KEY_FILE).exists()
    assert opens(desk.store, right)
