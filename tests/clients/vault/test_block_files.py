# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed blocks lie beside the database: whole, durable before they are spoken of, and nothing is left of what was refused."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.block import plan
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS, wire_size
from corncrake_vault.store.schema import STEPS
from corncrake_vault.threads.expected import AHEAD
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.exports import exported, wanted
from tests.clients.vault.films import Film, film_of
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def bring_film(desk: Desk, film: Film) -> dict[str, bytes]:
    """Bring a report with one file, ask for its blocks, and return them."""
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    exported(desk)
    return dict(film.blocks())


def kept(desk: Desk) -> dict[str, Path]:
    return {path.name: path for path in (desk.store / "blocks").glob("*/*")}


@pytest.mark.parametrize(("size", "block_class"), [(600_000, BLOCK_CLASS), (15 << 20, LARGE_BLOCK_CLASS)])
def test_a_file_of_each_class_arrives_and_its_blocks_lie_sealed_as_they_came(desk: Desk, size: int, block_class: int) -> None:
    data = secrets.token_bytes(size)
    desk.server.blocks = blocks = bring_film(desk, film_of(data))
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, said.data["blocks"]) == (0, len(blocks)), said.err
    files = kept(desk)
    assert {name: path.read_bytes() for name, path in files.items()} == blocks
    assert {path.stat().st_size for path in files.values()} == {wire_size(1, block_class)}
    assert {(path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777, path.stat().st_mtime) for path in files.values()} == {(0o600, 0o700, 0)}
    saved = desk.run("save", "1", str(desk.folder / "saved")).data["files"][0]
    assert (Path(saved["path"]).read_bytes(), saved["signed"]) == (data, True)


def test_a_file_that_says_a_class_other_than_its_blocks_have_is_not_taken(desk: Desk) -> None:
    film = film_of(secrets.token_bytes(1_000))
    bring_film(desk, film)
    large = Film(15 << 20, lambda start, end: bytes(end - start), film.secret)
    desk.server.blocks = dict([next(large.blocks())])
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, said.data["blocks"], [fault["failure"] for fault in said.data["faults"]]) == (1, 0, ["block"])


def test_a_refused_parcel_leaves_no_block_behind(desk: Desk) -> None:
    desk.server.blocks = bring_film(desk, film_of(secrets.token_bytes(600_000)))
    parcel = bytearray(desk.server.parcel(1))
    parcel[-3_000] ^= 1
    said = desk.bring(bytes(parcel))
    assert (said.code, said.data["failure"]) == (1, "altered")
    assert kept(desk) == {}
    assert desk.run("show", "1").data["messages"][0]["files"][0]["blocks"] == {"asked": 3}


def test_names_are_durable_before_the_transaction_that_speaks_of_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = desk.server.blocks = bring_film(desk, film_of(b"the bridge"))
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)  # noqa: PTH115 - a descriptor's
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    assert desk.bring(desk.server.parcel(1)).code == 0
    at = synced.index(f"{block}.part")
    assert synced[at + 1] == block[:2]


def test_what_a_cut_off_import_left_is_swept_by_the_next(desk: Desk) -> None:
    desk.server.blocks = bring_film(desk, film_of(secrets.token_bytes(1_000)))
    assert desk.bring(desk.server.parcel(1)).code == 0
    good = kept(desk)
    for name in ("00" * 16, f"{'11' * 16}.part"):
        (desk.store / "blocks" / name[:2]).mkdir(exist_ok=True)
        (desk.store / "blocks" / name[:2] / name).write_bytes(b"left")
    desk.server.publish()
    assert desk.bring(desk.server.parcel(1)).code == 0
    assert kept(desk) == good


def test_a_block_whose_file_is_gone_is_asked_for_again(desk: Desk) -> None:
    desk.server.blocks = blocks = bring_film(desk, film_of(secrets.token_bytes(600_000)))
    assert desk.bring(desk.server.parcel(1)).code == 0
    lost = list(blocks)[1]
    kept(desk)[lost].unlink()
    assert desk.run("save", "1", str(desk.folder / "saved")).data["files"][0]["failure"] == "incomplete"
    assert wanted(exported(desk)[1]) == [lost]
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 1
    assert desk.run("save", "1", str(desk.folder / "saved")).code == 0


def test_a_report_that_claims_millions_of_blocks_costs_no_more_rows_than_its_share(desk: Desk) -> None:
    count = plan(60 << 30).data_blocks
    files = tuple(film_of(b"").file(name=f"{n}", size=60 << 30, class_=LARGE_BLOCK_CLASS, blocks=count) for n in range(20))
    desk.server.take(desk.reporter().report(files=files))
    assert desk.bring(desk.server.parcel()).data["kept_aside"] == []
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    with vault.store:
        assert vault.store.row("SELECT count(*) FROM blocks") == (AHEAD,)
    assert desk.run("show", "1").data["blocks_waiting"] == 20 * count
    assert len(wanted(exported(desk)[1])) == AHEAD


def test_threads_take_turns_by_bytes(desk: Desk) -> None:
    film, small = film_of(bytes(15 << 20)), film_of(bytes(400_000))
    desk.server.take(desk.reporter().report(files=(film.file(),)))
    desk.server.take(desk.reporter().report(files=(small.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    asked = wanted(exported(desk)[1])
    assert asked == [*dict(small.blocks()), *dict(film.blocks())]


BACK: tuple[str, ...] = (
    *(f"DROP TABLE {words.split()[2]}" for step in STEPS[3:] for words in step if words.startswith("CREATE TABLE")),
    "DROP INDEX blocks_not_here",
    "DROP TABLE derived_blocks",
    "DROP TABLE derivatives",
    "DROP TABLE files",
    "ALTER TABLE blocks DROP COLUMN length",
    "ALTER TABLE blocks DROP COLUMN mark",
    "ALTER TABLE blocks ADD COLUMN sealed BLOB",
    "UPDATE blocks SET sealed = x'00'",
    "CREATE INDEX blocks_not_here ON blocks (message) WHERE sealed IS NULL",
    "DELETE FROM facts WHERE name = 'files'",
    "PRAGMA user_version = 2",
)
"""What makes a store of today one of the version that kept blocks in rows."""


def test_a_vault_that_kept_blocks_in_rows_asks_for_them_again(desk: Desk) -> None:
    data = secrets.token_bytes(600_000)
    desk.server.blocks = blocks = bring_film(desk, film_of(data))
    assert desk.bring(desk.server.parcel(1)).code == 0
    vault = unlock_vault(desk.store, PASSPHRASE, TODAY)
    with vault.store, vault.store.transaction():
        for statement in BACK:
            vault.store.run(statement)
    assert desk.run("show", "1").data["messages"][0]["files"][0]["blocks"] == {"waiting": 3}
    assert wanted(exported(desk)[1]) == list(blocks)
    desk.server.publish()
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 3
    saved = desk.run("save", "1", str(desk.folder / "saved")).data["files"][0]
    assert Path(saved["path"]).read_bytes() == data
