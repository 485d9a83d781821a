# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files out of blocks, replies into editions, and the parcel that goes back."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.acknowledgement import open_acknowledgement
from corncrake_crypto.edition import open_edition
from corncrake_crypto.note import read_bundle
from corncrake_crypto.prekeys import epoch_of, open_prekey
from corncrake_crypto.reply import join_replies
from corncrake_vault.terminal import plain
from corncrake_vault.threads.names import safe_name
from tests.clients.vault.exports import exported, look, wanted
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.simulators.server import SimulatedReporter


def test_the_first_export_opens_the_desk(desk: Desk) -> None:
    assert desk.bring(desk.server.parcel()).code == 0
    parcel, members = exported(desk)
    org = desk.organisation
    edition = open_edition(members["edition-legal.note"], root=org.root, desk="legal", reviewer="ana", identity=org.reviewers["ana"].public).edition
    assert (parcel.number, edition.number, edition.bits, edition.slots, edition.day) == (1, 1, 0, 8, TODAY)
    prekeys = [open_prekey(n, root=org.root, reviewer="ana", identity=org.reviewers["ana"].public) for n in read_bundle(members["prekeys.json"])]
    assert [p.epoch for p in prekeys] == [epoch_of(TODAY) + week for week in range(8)]


def test_a_reporter_finds_acknowledgement_and_reply_in_the_edition(desk: Desk) -> None:
    reporter = desk.reporter()
    sealed = reporter.report()
    desk.server.take(sealed)
    desk.server.publish()
    desk.bring(desk.server.parcel())
    acknowledged = look(desk, reporter, exported(desk)[1])
    assert [(len(r.acknowledged), r.text) for r in acknowledged] == [(1, None)]
    assert desk.run("reply", "1", "-", stdin="Can you tell us the hour?\n").code == 0
    _, members = exported(desk)
    assert join_replies(look(desk, reporter, members)) == "Can you tell us the hour?"
    note = open_acknowledgement(
        members["acknowledgement.note"], root=desk.organisation.root, reviewer="ana", identity=desk.organisation.reviewers["ana"].public
    )
    assert note.reports == (hashlib.sha256(sealed).hexdigest(),)


def test_a_file_has_one_number_in_every_command_over_all_messages_of_its_thread(desk: Desk) -> None:
    reporter, other = desk.reporter(), desk.reporter()
    desk.server.take(reporter.report(files=(reporter.attach("a.txt", b"a"), reporter.attach("b.txt", b"b"))))
    desk.server.take(other.report(files=(other.attach("x.txt", b"c"),)))
    desk.server.take(reporter.report(kind="follow_up", files=(reporter.attach("c.txt", b"c"),)))
    desk.server.publish()
    desk.server.blocks = reporter.blocks | other.blocks
    assert desk.bring(desk.server.parcel()).code == 0
    thread = next(t for t in desk.run("list").data["threads"] if t["messages"] == 2)["number"]
    shown = {f["name"]: f["number"] for m in desk.run("show", str(thread)).data["messages"] for f in m["files"]}
    saved = {f["name"]: f["number"] for f in desk.run("save", str(thread), str(desk.folder / "saved")).data["files"]}
    assert shown == saved
    assert sorted(shown.values()) == [1, 2, 3]
    (file,) = desk.run("show", str(3 - thread)).data["messages"][0]["files"]
    assert [(one["thread"], one["file"]) for one in file["may_be_the_same"]] == [(thread, shown["c.txt"])]


def test_a_long_reply_comes_in_parts_and_reads_as_one(desk: Desk) -> None:
    reporter = desk.reporter()
    desk.server.take(reporter.report())
    desk.bring(desk.server.parcel())
    text = "ä long reply " * 600
    assert desk.run("reply", "1", text).code == 0
    found = look(desk, reporter, exported(desk)[1])
    assert len(found) > 1
    assert join_replies(found) == text.strip()


def test_a_reply_that_no_edition_could_hold_is_refused_when_it_is_written(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.bring(desk.server.parcel())
    assert desk.run("reply", "1", "x" * 11_000).data["failure"] == "size"


def test_a_thread_with_nothing_new_in_28_days_has_no_slot(desk: Desk) -> None:
    reporter = desk.reporter()
    desk.server.take(reporter.report())
    desk.bring(desk.server.parcel())
    desk.travel(TODAY + timedelta(days=28))
    assert len(look(desk, reporter, exported(desk)[1])) == 1
    desk.travel(TODAY + timedelta(days=29))
    assert look(desk, reporter, exported(desk)[1]) == []


def test_two_editions_have_no_slot_in_common(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.bring(desk.server.parcel())
    first, second = exported(desk)[1]["tile-legal-00000.bin"], exported(desk)[1]["tile-legal-00000.bin"]
    slots = [{tile[at : at + 7_819] for at in range(0, len(tile), 7_819)} for tile in (first, second)]
    assert slots[0].isdisjoint(slots[1])


def attach(desk: Desk, data: bytes, name: str = "../../etc/passwd") -> SimulatedReporter:
    reporter = desk.reporter()
    desk.server.take(reporter.report(files=(reporter.attach(name, data),)))
    desk.bring(desk.server.parcel())
    return reporter


def test_a_file_comes_with_the_second_parcel_and_is_saved_byte_for_byte(desk: Desk) -> None:
    data = secrets.token_bytes(600_000)
    reporter = attach(desk, data)
    early = desk.run("save", "1", str(desk.folder / "early"))
    assert (early.code, early.data["files"][0]["failure"]) == (1, "incomplete")
    assert list((desk.folder / "early").iterdir()) == []
    _, members = exported(desk)
    assert sorted(wanted(members)) == sorted(reporter.blocks)
    desk.server.blocks = reporter.blocks
    assert desk.bring(desk.server.parcel(1)).data["blocks"] == 3
    said = desk.run("save", "1", str(desk.folder / "saved"))
    assert said.code == 0
    path = Path(said.data["files"][0]["path"])
    assert path.parent == desk.folder / "saved"
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o600
    assert wanted(exported(desk)[1]) == []


def test_saving_twice_overwrites_nothing(desk: Desk) -> None:
    reporter = attach(desk, b"first")
    desk.server.blocks = reporter.blocks
    desk.bring(desk.server.parcel(1))
    folder = desk.folder / "saved"
    desk.run("save", "1", str(folder))
    (path,) = folder.iterdir()
    path.write_bytes(b"my notes")
    desk.run("save", "1", str(folder))
    assert path.read_bytes() == b"my notes"
    assert sorted(p.read_bytes() for p in folder.iterdir()) == [b"first", b"my notes"]


def test_a_block_that_was_swapped_for_another_is_refused(desk: Desk) -> None:
    reporter = attach(desk, secrets.token_bytes(600_000))
    first, second, third = reporter.blocks
    desk.server.blocks = {first: reporter.blocks[second], second: reporter.blocks[first], third: reporter.blocks[third]}
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, said.data["blocks"]) == (1, 1)
    assert "block: 2 blocks of file 1 of thread 1 are" in said.err
    said = desk.run("save", "1", str(desk.folder / "saved"))
    assert (said.code, said.data["files"][0]["failure"]) == (1, "incomplete")
    assert list((desk.folder / "saved").iterdir()) == []


def test_names_of_a_reporter_are_never_paths() -> None:
    hostile = [
        "../../x",
        "..\\..\\x",
        "/etc/passwd",
        "a\x00b",
        ".bashrc",
        "-rf",
        "CON",
        "con.txt",
        "",
        "a" * 400 + ".jpeg",
        "x.gz\n",
        "\u202egpj.exe",
    ]
    for number, said in enumerate(hostile, 1):
        name = safe_name(number, said)
        assert name.startswith(f"{number:03d}-")
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert ".." not in name
        assert len(name) <= 80
        assert os.path.basename(name) == name  # noqa: PTH119 - the point is the text


def test_a_stick_that_is_full_costs_nothing(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.bring(desk.server.parcel())
    said = desk.run("export", "/dev/full/out.parcel")
    assert (said.code, said.data["failure"]) == (1, "store")
    assert "nothing is lost" in said.err
    parcel, _ = exported(desk)
    assert parcel.number == 2


def test_a_mark_stays(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.bring(desk.server.parcel())
    assert desk.run("mark", "1", "verified").code == 0
    assert desk.run("list").data["threads"][0]["state"] == "verified"


def test_a_wrong_passphrase_opens_nothing(desk: Desk) -> None:
    desk.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", "not this one")
    said = desk.run("list")
    assert (said.code, said.data["failure"]) == (1, "store")


def test_nothing_of_a_report_lies_in_the_vault_in_clear(desk: Desk) -> None:
    reporter = desk.reporter()
    desk.server.take(reporter.report("MARKER-of-the-bridge"))
    desk.bring(desk.server.parcel())
    desk.run("reply", "1", "MARKER-of-the-reply")
    for path in desk.store.rglob("*"):
        assert b"MARKER" not in path.read_bytes()


@given(st.text())
def test_no_name_at_all_becomes_a_path(said: str) -> None:
    name = safe_name(1, said)
    assert re.fullmatch(r"001-[A-Za-z0-9_][A-Za-z0-9._-]*", name)
    assert not name.endswith(".")
    assert len(name) <= 80


def test_what_a_reporter_wrote_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\u202ec\nd\u200b") == "a\ufffd[2Jb\ufffdc\nd\ufffd"


def test_a_damaged_store_says_so(desk: Desk) -> None:
    path = desk.store / "vault.db"
    raw = bytearray(path.read_bytes())
    raw[:4_096] = bytes(4_096)
    path.write_bytes(raw)
    said = desk.run("list")
    assert (said.code, said.data["failure"]) == (1, "store")
