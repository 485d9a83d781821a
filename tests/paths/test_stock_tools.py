# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was sealed opens with nothing of Corncrake: npm `age-encryption` and GNU tar, in the two steps of docs/open-without-corncrake.md."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from corncrake_crypto.block import BLOCK_DATA, Block, plan, write_block
from corncrake_crypto.encoding import b64url
from corncrake_crypto.file_identity import FileIdentity
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import LARGE_BLOCK_CLASS
from corncrake_crypto.report import File, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from tests.clients.vault.conftest import Desk
from tests.clients.vault.films import Recording, film_of
from tests.simulators.organisation import SimulatedOrganisation

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
AGE = """
import { Decrypter } from "age-encryption";
import { readFileSync, writeFileSync } from "node:fs";
const [key, from, to] = process.argv.slice(1);
const decrypter = new Decrypter();
decrypter.addIdentity(key);
writeFileSync(to, await decrypter.decrypt(readFileSync(from)));
"""


def age(key: str, sealed: Path, to: Path) -> None:
    """Open one file with an age implementation that is not ours."""
    subprocess.run([NODE, "--input-type=module", "-e", AGE, key, sealed, to], check=True, cwd=ROOT / "clients")


def test_a_report_and_its_file_open_with_age_and_tar(tmp_path: Path) -> None:
    organisation = SimulatedOrganisation()
    secrets = FileIdentity.generate()
    original = os.urandom(BLOCK_DATA + 1_000)
    file = File(
        identity=secrets.identity.text,
        block_key=b64url(secrets.block_key),
        class_=plan(len(original)).block_class,
        blocks=2,
        sha256=hashlib.sha256(original).hexdigest(),
        name="film.mp4",
        type="video/mp4",
        size=len(original),
    )
    draft = organisation.draft(files=(file,))
    reply = Identity.generate()
    sealed = seal(build_report(draft, SigningKey.generate(), reply.recipient), [one.recipient for one in organisation.identities.values()])
    (tmp_path / "report.age").write_bytes(sealed)
    age(organisation.identities["bo"].text, tmp_path / "report.age", tmp_path / "report.tar")
    (tmp_path / "report").mkdir()
    subprocess.run(["tar", "-xf", "report.tar", "-C", "report", "--keep-old-files"], check=True, cwd=tmp_path)
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["reply.key", "report.json"]
    assert (tmp_path / "report" / "reply.key").read_bytes() == reply.recipient.raw
    found = json.loads((tmp_path / "report" / "report.json").read_text())["files"][0]

    whole = b""
    for index in range(2):
        last = index == 1
        head = Block(v=1, file=secrets.tag, index=index, last=True if last else None, of=2 if last else None)
        data = original[index * BLOCK_DATA : (index + 1) * BLOCK_DATA]
        (tmp_path / "b.age").write_bytes(seal(write_block(head, data), [secrets.recipient]))
        age(found["identity"], tmp_path / "b.age", tmp_path / "b.tar")
        whole += subprocess.run(["tar", "-xOf", "b.tar", "data"], check=True, cwd=tmp_path, capture_output=True).stdout
    assert hashlib.sha256(whole).hexdigest() == found["sha256"]
    assert whole == original


def appended(folder: Path) -> bytes:
    """Open the blocks of one file as the guide says, one after the other, and append what is in them."""
    whole = bytearray()
    for block in sorted(folder.glob("*.age")):
        age((folder / "key").read_text().strip(), block, folder / "b.tar")
        whole += subprocess.run(["tar", "-xOf", "b.tar", "data"], check=True, cwd=folder, capture_output=True).stdout
    return bytes(whole)


def test_large_blocks_and_those_of_a_recording_open_with_age_and_tar_and_are_the_original_when_appended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, original = Desk(tmp_path, monkeypatch), os.urandom(15_000_000)
    film, live = film_of(original), Recording([os.urandom(1_000), os.urandom(200_000), os.urandom(3)])
    assert film.file().class_ == LARGE_BLOCK_CLASS
    desk.server.take(desk.reporter().report(files=(film.file(), live.file())))
    desk.server.blocks = dict(film.blocks()) | live.blocks(closed=True)
    assert desk.bring(desk.server.parcel()).code == 0
    assert desk.run("save", "1", str(tmp_path / "sealed"), "--sealed").code == 0
    here = tmp_path / "sealed" / "message-1"
    # Byte for byte what lies on a server.
    blocks = list((here / "file-1").glob("*.age")) + list((here / "file-2").glob("*.age"))
    assert {block.read_bytes() for block in blocks} <= set(desk.server.blocks.values())
    assert len(blocks) == 4 + 3
    assert appended(here / "file-1") == original
    assert appended(here / "file-2") == live.data


def test_what_a_vault_saves_sealed_opens_with_age_and_tar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    reporter, original = desk.reporter(), os.urandom(BLOCK_DATA + 1_000)
    desk.server.take(reporter.report("It happened on the bridge.", files=(reporter.attach("film.mp4", original),)))
    desk.bring(desk.server.parcel())
    assert desk.run("export", str(tmp_path / "out.parcel")).code == 0
    desk.server.blocks = reporter.blocks
    desk.bring(desk.server.parcel(start=len(desk.server.entries)))
    folder = tmp_path / "sealed"
    saved = desk.run("save", "1", str(folder), "--sealed").data
    assert (saved["reports"], saved["blocks"], saved["without_key"]) == (1, 2, 0)
    assert desk.run("save", "1", str(folder), "--sealed").code == 1

    here = folder / "message-1"
    age((here / "report.key").read_text().strip(), here / "report.age", here / "report.tar")
    subprocess.run(["tar", "-xf", "report.tar", "--keep-old-files"], check=True, cwd=here)
    assert "It happened on the bridge." in (here / "report.json").read_text()
    assert appended(here / "file-1") == original
