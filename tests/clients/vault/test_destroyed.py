# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who recorded a report and later copies the vault, its passphrase too, opens nothing of a destroyed week: no page of the file has its secret."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.identities import Identity
from corncrake_crypto.prekeys import epoch_days, epoch_of
from corncrake_crypto.report import open_report
from corncrake_vault.keys.passphrase import open_key_file
from corncrake_vault.keys.prekeys import KEPT_AFTER
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import EPOCH, TODAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.conftest import Desk

PAGE, RESERVE, SALT, IV = 4_096, 80, 16, 16
"""Of SQLCipher 4: bytes of a page, of its end (initialisation vector and authentication code), and of the salt before the first page."""


def pages(folder: Path) -> bytes:
    """All of a vault's database as who has its key reads it from the disk, free pages and what lies between rows included."""
    key, raw = open_key_file(folder, PASSPHRASE), (folder / "vault.db").read_bytes()
    assert len(raw) % PAGE == 0
    found = b""
    for at in range(0, len(raw), PAGE):
        page = raw[at : at + PAGE]
        begin, end = SALT if at == 0 else 0, PAGE - RESERVE
        decryptor = Cipher(algorithms.AES(key), modes.CBC(page[end : end + IV])).decryptor()
        found += decryptor.update(page[begin:end]) + decryptor.finalize()
    return found


def secrets(folder: Path) -> dict[int, Identity]:
    """The weekly secrets that a copy of a vault holds, by week."""
    with unlock_vault(folder, PASSPHRASE, TODAY).store as store:
        return {int(epoch): Identity.from_seed(bytes(seed)) for epoch, seed in store.rows("SELECT epoch, seed FROM prekey_secrets")}


def test_a_copied_vault_opens_no_recorded_report_of_a_destroyed_week(desk: Desk) -> None:
    recorded = desk.reporter().report()
    desk.server.take(recorded)
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    before = desk.folder / "before"
    shutil.copytree(desk.store, before)
    held = secrets(before)
    assert open_report(recorded, [held[EPOCH]]).report.desk == "legal"
    seed = held[EPOCH].seed
    assert seed in pages(before)
    end = epoch_days(epoch_of(TODAY))[1]
    for days in (14, 28):
        desk.travel(TODAY + timedelta(days=days))
        assert desk.run("status").code in {0, 1}
    desk.travel(end + KEPT_AFTER)
    assert EPOCH not in desk.run("status").data["destroyed_epochs"]
    assert seed in pages(desk.store)
    desk.travel(end + KEPT_AFTER + timedelta(days=1))
    assert EPOCH in desk.run("status").data["destroyed_epochs"]
    stolen = desk.folder / "stolen"
    shutil.copytree(desk.store, stolen)
    left = secrets(stolen)
    assert EPOCH not in left
    assert left, "there are secrets of other weeks, and they do not help"
    with pytest.raises(CorncrakeError):
        open_report(recorded, list(left.values()))
    assert seed not in pages(stolen)
    # What was read in time is still there.
    assert len(desk.run("list").data["threads"]) == 1
