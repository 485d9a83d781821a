# SPDX-License-Identifier: AGPL-3.0-or-later
"""A backup is of one moment, whatever else runs, and a vault that comes back from it has a live key for every week that it announces."""

from __future__ import annotations

import shutil
from threading import Thread
from typing import TYPE_CHECKING, Any

from corncrake_crypto.note import read_bundle
from corncrake_crypto.prekeys import open_prekey
from corncrake_vault.store.database import Store
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.exports import exported, serve
from tests.clients.vault.machine import PASSPHRASE, Said
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

    from tests.clients.vault.conftest import Desk


def back_up(desk: Desk) -> None:
    words = desk.folder / "passphrase"
    words.write_text(PASSPHRASE + "\n")
    said = desk.run("backup", str(desk.folder / "copy"), "--new-passphrase-file", str(words))
    assert said.code == 0, said


def bring_back(desk: Desk) -> None:
    """Lose the vault, and put the backup into its place."""
    shutil.rmtree(desk.store)
    shutil.copytree(desk.folder / "copy", desk.store)


def test_a_passphrase_that_is_too_short_leaves_room_for_the_next_try(desk: Desk) -> None:
    words = desk.folder / "passphrase"
    words.write_text("crake\n")
    said = desk.run("backup", str(desk.folder / "copy"), "--new-passphrase-file", str(words))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    back_up(desk)


def test_an_import_while_a_backup_is_made_leaves_it_of_one_moment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.take(desk.reporter().report("While it was being copied."))
    desk.server.publish()
    parcel, said = desk.server.parcel(), list[Said]()
    meanwhile = Thread(target=lambda: said.append(desk.bring(parcel)))
    each = Store.each

    def read(store: Store, statement: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        yield from each(store, statement, values)
        if statement == "SELECT * FROM facts":
            meanwhile.start()
            meanwhile.join(timeout=2)

    monkeypatch.setattr(Store, "each", read)
    back_up(desk)
    meanwhile.join()
    assert said[0].code == 0, said[0].err
    bring_back(desk)
    again = desk.bring(desk.server.parcel())
    assert again.code == 0, again.err
    assert len(again.data["reports"]) == 1


def weekly_keys(desk: Desk, members: Mapping[str, bytes]) -> set[tuple[int, int]]:
    """Return weeks and numbers of the weekly keys in an export."""
    key, root = desk.organisation.reviewers["ana"].public, desk.organisation.root
    keys = [open_prekey(note, root=root, reviewer="ana", identity=key) for note in read_bundle(members["prekeys.json"])]
    return {(one.epoch, one.number) for one in keys}


def test_a_vault_that_came_back_has_a_live_key_for_every_week_that_it_announces(desk: Desk) -> None:
    assert desk.bring(desk.server.parcel()).code == 0
    assert desk.run("prekeys", "--weeks", "26").code == 0
    serve(desk, exported(desk)[1])
    back_up(desk)
    bring_back(desk)
    assert desk.bring(desk.server.parcel()).code == 0
    members = exported(desk)[1]
    with unlock_vault(desk.store, PASSPHRASE, TODAY).store as store:
        live = {(int(epoch), int(number)) for epoch, number in store.rows("SELECT epoch, number FROM prekey_secrets")}
    announced = weekly_keys(desk, members)
    assert len(announced) == 26
    assert announced <= live


def test_a_vault_that_came_back_learns_of_weeks_that_its_first_parcel_did_not_show(desk: Desk) -> None:
    assert desk.bring(desk.server.parcel()).code == 0
    serve(desk, exported(desk)[1])
    back_up(desk)
    assert desk.run("prekeys", "--weeks", "26").code == 0
    lost = exported(desk)[1]
    bring_back(desk)
    assert desk.bring(desk.server.parcel()).code == 0, "pulled before the lost vault's last export was pushed"
    serve(desk, lost)
    assert desk.bring(desk.server.parcel()).code == 0
    members = exported(desk)[1]
    with unlock_vault(desk.store, PASSPHRASE, TODAY).store as store:
        live = {(int(epoch), int(number)) for epoch, number in store.rows("SELECT epoch, number FROM prekey_secrets")}
    announced = weekly_keys(desk, members)
    assert {epoch for epoch, _ in announced} == {epoch for epoch, _ in weekly_keys(desk, lost)}
    assert announced <= live
