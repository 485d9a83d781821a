# SPDX-License-Identifier: AGPL-3.0-or-later
"""A passphrase is changed while other commands run, or the change is killed: one passphrase opens the vault afterwards, and only one."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.errors import StoreError
from corncrake_vault import vault as vault_module
from corncrake_vault.keys import passphrase as passphrase_module
from corncrake_vault.keys.passphrase import KEY_FILE, NEXT_KEY_FILE
from corncrake_vault.store import database, folders
from corncrake_vault.store.database import DATABASE_FILE, Store
from corncrake_vault.vault import change_passphrase, unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from tests.clients.vault.conftest import Desk

pytestmark = pytest.mark.needs_system

OTHER = "another crake in the short dry hay"
THIRD = "a third one on the wide flat marsh"
PATIENCE_S = 300
MOMENTS: dict[str, tuple[Any, str]] = {
    "before the next key file": (vault_module, "create_key_file"),
    "before the store": (Store, "change_key"),
    "before the key file": (vault_module, "take_place"),
}
"""What a change of the passphrase does next."""
_LOOP = """
import pathlib, sys, time, datetime
from corncrake_crypto.errors import StoreError
from corncrake_vault.vault import unlock_vault
folder, passphrase, day, end = pathlib.Path(sys.argv[1]), sys.argv[2], datetime.date.fromisoformat(sys.argv[3]), pathlib.Path(sys.argv[4])
latest = time.monotonic() + 600
print("ready", flush=True)
while not end.exists() and time.monotonic() < latest:
    try:
        unlock_vault(folder, passphrase, day).store.close()
    except StoreError:
        pass
"""


def opening(folder: Path) -> list[str]:
    """Which passphrases open a vault; each is tried twice, since the first unlock may end a change."""
    found: list[str] = []
    for passphrase in (OTHER, PASSPHRASE, THIRD) * 2:
        try:
            with unlock_vault(folder, passphrase, TODAY).store as store:
                assert store.fact("reviewer") == b"ana"
            found.append(passphrase)
        except StoreError:
            continue
    assert len(found) == 2
    assert found[0] == found[1]
    return found[:1]


def command(desk: Desk, passphrase: str, *words: str) -> subprocess.Popen[str]:
    """Start a command of ana's vault in a process of its own."""
    environment = os.environ | {"CORNCRAKE_PASSPHRASE": passphrase, "CORNCRAKE_TODAY": TODAY.isoformat()}
    typed = [sys.executable, "-m", "corncrake_vault", "--store", str(desk.store), *words]
    return subprocess.Popen(typed, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def change_to(desk: Desk, passphrase: str) -> tuple[str, ...]:
    path = desk.folder / f"new-{passphrase[:5]}"
    path.write_text(passphrase + "\n")
    return "passphrase", "--new-passphrase-file", str(path)


def fill(desk: Desk, megabytes: int) -> bytes:
    """Make the vault so large that its key is not changed in a moment; return what is in it."""
    data = os.urandom(1 << 20)
    with unlock_vault(desk.store, PASSPHRASE, TODAY).store as store, store.transaction():
        for place in range(megabytes):
            store.set_fact(f"much-{place}", data)
    return data


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_command_gets_in_while_the_passphrase_is_changed(desk: Desk, moment: str) -> None:
    place, name = MOMENTS[moment]
    step: Callable[..., Any] = getattr(place, name)
    said: list[tuple[int, str]] = []

    def others_come(*given: Any) -> Any:
        running = [command(desk, PASSPHRASE, "status"), command(desk, OTHER, "status"), command(desk, PASSPHRASE, *change_to(desk, THIRD))]
        for one in running:
            _, err = one.communicate(timeout=PATIENCE_S)
            said.append((one.returncode, err))
        return step(*given)

    desk.monkeypatch.setattr(place, name, others_come)
    assert desk.run(*change_to(desk, OTHER)).code == 0
    assert [code for code, _ in said] == [1, 1, 1]
    assert "in use by another command" in said[0][1]
    assert opening(desk.store) == [OTHER]
    assert not (desk.store / NEXT_KEY_FILE).exists()


@pytest.mark.parametrize("wanted", [(OTHER,), (OTHER, THIRD)])
def test_commands_in_a_loop_and_changes_at_once_leave_the_passphrase_that_was_said(desk: Desk, wanted: tuple[str, ...]) -> None:
    data, end = fill(desk, 12), desk.folder / "end"
    loop = subprocess.Popen(
        [sys.executable, "-c", _LOOP, str(desk.store), PASSPHRASE, TODAY.isoformat(), str(end)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert loop.stdout is not None
    assert loop.stdout.readline() == b"ready\n"
    changes = [command(desk, PASSPHRASE, *change_to(desk, one)) for one in wanted]
    done: list[str] = []
    for one, passphrase in zip(changes, wanted, strict=True):
        _, err = one.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in err
        done += [passphrase] if one.returncode == 0 else []
    end.touch()
    loop.communicate(timeout=PATIENCE_S)
    assert loop.returncode == 0
    assert opening(desk.store) == (done or [PASSPHRASE])
    with unlock_vault(desk.store, opening(desk.store)[0], TODAY).store as store:
        assert store.fact("much-11") == data


class CutError(Exception):
    """The power went."""


def cut(*_: object) -> None:
    raise CutError


def begin_change(desk: Desk, passphrase: str, before: str) -> None:
    """Change the passphrase, and be cut off before a step."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(*MOMENTS[before], cut)
        with pytest.raises(CutError):
            desk.run(*change_to(desk, passphrase))


def test_a_command_that_ends_a_change_leaves_the_beginning_of_a_later_one_alone(desk: Desk) -> None:
    begin_change(desk, OTHER, "before the key file")
    desk.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", OTHER)

    def another_is_quicker(path: Path, key: bytes) -> Store:
        store = Store(path, key)
        desk.monkeypatch.setattr(vault_module, "Store", Store)
        begin_change(desk, THIRD, "before the store")
        return store

    desk.monkeypatch.setattr(vault_module, "Store", another_is_quicker)
    assert desk.run("status").code == 0
    assert opening(desk.store) == [OTHER]


def _change_and_die(folder: Path, line: int) -> None:
    """Change the passphrase, and be killed before the line that is the so manieth to be run, as long as there are so many."""
    files = {module.__file__ for module in (vault_module, passphrase_module, database, folders)}
    passphrase_module.MEMORY_KIB, passphrase_module.PASSES = 1_024, 1  # type: ignore[misc]
    vault, run = unlock_vault(folder, PASSPHRASE, TODAY), 0

    def watch(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal run
        run += event == "line"
        if run == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return watch if frame.f_code.co_filename in files else None

    sys.settrace(watch)
    change_passphrase(vault, folder, OTHER)
    vault.store.close()
    sys.settrace(None)


def test_a_change_killed_at_any_line_leaves_one_passphrase(desk: Desk) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.clients.vault.test_passphrase_at_once"])
    left: list[str] = []
    code: int | None = -signal.SIGKILL
    while code == -signal.SIGKILL:
        copy = shutil.copytree(desk.store, desk.folder / "copy")
        dying = processes.Process(target=_change_and_die, args=(copy, len(left) + 1))
        dying.start()
        dying.join(PATIENCE_S)
        code = dying.exitcode
        left += opening(copy)
        assert sorted(path.name for path in copy.iterdir() if path.stat().st_size) == [KEY_FILE, DATABASE_FILE]
        shutil.rmtree(copy)
    assert code == 0
    assert left == sorted(left, key=[PASSPHRASE, OTHER].index)
    assert left.count(PASSPHRASE) > len(left) // 4
    assert left.count(OTHER) > 1


@pytest.mark.parametrize("percent", [1, 50, 90])
def test_a_change_killed_while_the_store_is_written_anew_leaves_one_passphrase_and_all_data(desk: Desk, percent: int) -> None:
    data = fill(desk, 12)
    enough = (desk.store / DATABASE_FILE).stat().st_size * percent // 100
    journal = desk.store / f"{DATABASE_FILE}-journal"
    dying, deadline = command(desk, PASSPHRASE, *change_to(desk, OTHER)), time.monotonic() + PATIENCE_S
    while dying.poll() is None:
        assert time.monotonic() < deadline, "the change does not get on"
        with contextlib.suppress(FileNotFoundError):
            if (desk.store / NEXT_KEY_FILE).exists() and journal.stat().st_size >= enough:
                dying.kill()
                break
    dying.communicate(timeout=PATIENCE_S)
    (opens,) = opening(desk.store)
    with unlock_vault(desk.store, opens, TODAY).store as store:
        assert all(store.fact(f"much-{place}") == data for place in range(12))
