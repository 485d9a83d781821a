# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-vault age`: what a person at a terminal sees, and what stock age makes of it."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from corncrake_crypto.identities import Identity
from corncrake_vault.age.command import run

CLIENTS = Path(__file__).parents[3] / "clients"
PLAINTEXT = bytes(range(256)) * 300


def age(*argv: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
    out, complaint = io.BytesIO(), io.BytesIO()
    status = run(argv, io.BytesIO(stdin), out, complaint)
    return status, out.getvalue(), complaint.getvalue().decode()


def keygen(folder: Path, name: str = "key") -> tuple[str, str]:
    """Return the path of a new identity's file, and its recipient."""
    status, out, complaint = age("keygen")
    assert (status, complaint) == (0, "")
    (folder / name).write_bytes(out)
    return str(folder / name), out.decode().splitlines()[0].removeprefix("# recipient: ")


def test_keygen_writes_an_identity_under_its_recipient(tmp_path: Path) -> None:
    path, recipient = keygen(tmp_path)
    text = (tmp_path / "key").read_text().splitlines()
    assert Identity.from_text(text[1]).recipient.text == recipient
    assert keygen(tmp_path, "other")[1] != recipient
    assert path


@pytest.mark.parametrize("armor", [[], ["--armor"]])
def test_what_encrypt_writes_decrypt_reads_for_each_recipient(tmp_path: Path, armor: list[str]) -> None:
    (first, one), (second, two) = keygen(tmp_path, "a"), keygen(tmp_path, "b")
    status, sealed, complaint = age("encrypt", "-r", one, "-r", two, *armor, stdin=PLAINTEXT)
    assert (status, complaint) == (0, "")
    assert sealed.isascii() is bool(armor)
    for path in (first, second):
        assert age("decrypt", "-i", path, stdin=sealed) == (0, PLAINTEXT, "")


@pytest.mark.parametrize("keep", [100, 2_000])
def test_a_cut_file_exits_with_1_and_its_failure_class(tmp_path: Path, keep: int) -> None:
    path, recipient = keygen(tmp_path)
    _, sealed, _ = age("encrypt", "-r", recipient, stdin=PLAINTEXT)
    status, out, complaint = age("decrypt", "-i", path, stdin=sealed[:keep])
    assert (status, out) == (1, b"")
    assert complaint.startswith("header: " if keep == 100 else "payload: ")
    assert complaint.count("\n") == 1


def test_somebody_elses_file_exits_with_1_and_no_match(tmp_path: Path) -> None:
    path, _ = keygen(tmp_path, "mine")
    _, recipient = keygen(tmp_path, "theirs")
    _, sealed, _ = age("encrypt", "-r", recipient, stdin=PLAINTEXT)
    status, out, complaint = age("decrypt", "-i", path, stdin=sealed)
    assert (status, out, complaint.split(":")[0]) == (1, b"", "no-match")


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["encrypt"], "misuse"),
        (["decrypt"], "misuse"),
        (["unknown"], "misuse"),
        ([], "misuse"),
        (["encrypt", "-r", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"], "encoding"),
        (["decrypt", "-i", "/nowhere/key"], "store"),
    ],
)
def test_a_wrong_command_line_exits_with_1_and_one_line(argv: list[str], word: str) -> None:
    status, out, complaint = age(*argv)
    assert (status, out, complaint.split(":")[0], complaint.count("\n")) == (1, b"", word, 1)


@pytest.mark.parametrize(("content", "word"), [("# nothing\n", "misuse"), ("AGE-SECRET-KEY-PQ-1X\n", "encoding"), ("\xff", "encoding")])
def test_a_file_without_a_good_identity_is_refused_without_showing_it(tmp_path: Path, content: str, word: str) -> None:
    (tmp_path / "key").write_bytes(content.encode("latin-1"))
    status, _, complaint = age("decrypt", "-i", str(tmp_path / "key"))
    assert (status, complaint.split(":")[0]) == (1, word)
    assert "SECRET" not in complaint


ORACLE = """
import * as age from 'age-encryption';
import { readFileSync } from 'node:fs';
const secret = await age.generateX25519Identity();
const encrypter = new age.Encrypter();
encrypter.addRecipient(await age.identityToRecipient(secret));
const sealed = await encrypter.encrypt(new Uint8Array(readFileSync(0)));
process.stdout.write(JSON.stringify([secret, Buffer.from(sealed).toString('base64'), age.armor.encode(sealed)]));
"""


def test_files_that_another_implementation_sealed_to_an_x25519_key_are_opened(tmp_path: Path) -> None:
    node = Path(sys.executable).parent / "node"
    done = subprocess.run([node, "--input-type=module", "-e", ORACLE], cwd=CLIENTS, input=PLAINTEXT, check=True, capture_output=True)
    secret, sealed, armored = json.loads(done.stdout)
    (tmp_path / "key").write_text(f"{secret}\n")
    for file in (base64.b64decode(sealed), armored.encode()):
        assert age("decrypt", "-i", str(tmp_path / "key"), stdin=file) == (0, PLAINTEXT, "")
