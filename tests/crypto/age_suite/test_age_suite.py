# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public age suite (C2SP CCTV, npm `cctv-age`): every file whose features we have, by the reader and by the command.

The suite comes as a JavaScript module; node reads it once for a run. A file succeeds or fails with its class, and what was given out
before a failure has the hash that the file names.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from corncrake_crypto.age_format import encode_header, parse_header
from corncrake_crypto.armor import ArmorReader, ArmorWriter
from corncrake_crypto.errors import FileError
from corncrake_crypto.identities import Identity
from corncrake_crypto.unseal import open_file_key, unseal_stream
from corncrake_vault.age.command import run
from corncrake_vault.age.legacy import Passphrase, X25519Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_crypto.unseal import Unwrapper

CLIENTS: Final = Path(__file__).parents[3] / "clients"
SCRIPT: Final = """
import * as suite from 'cctv-age';
const files = Object.entries(suite).filter(([, data]) => data instanceof Uint8Array);
process.stdout.write(JSON.stringify(Object.fromEntries(files.map(([n, d]) => [n, Buffer.from(d).toString('base64')]))));
"""
WORDS: Final = {
    "no-match": "no match",
    "hmac": "HMAC failure",
    "header": "header failure",
    "payload": "payload failure",
    "armor": "armor failure",
}
KNOWN_KEYS: Final = {"expect", "payload", "identity", "passphrase", "armored", "compressed", "file key", "comment"}
# Features that we do not have, by what stands in a file that needs them.
LEFT_OUT: Final = {b"\n-> p256tag ": "P-256 tag stanza", b"\n-> mlkem768p256tag ": "hybrid P-256 tag stanza"}
FILES_AT_LEAST: Final = 143


@dataclass(frozen=True)
class SuiteFile:
    name: str
    keys: list[tuple[str, str]]
    body: bytes

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.keys if name == key]

    def one(self, key: str) -> str:
        return next(iter(self.all(key)), "")

    @property
    def armored(self) -> bool:
        return self.one("armored") == "yes"

    def unwrappers(self) -> list[Unwrapper]:
        found: list[Unwrapper] = [
            Identity.from_text(text) if text.startswith("AGE-SECRET-KEY-PQ-") else X25519Identity(text) for text in self.all("identity")
        ]
        return [*found, *(Passphrase(text.encode()) for text in self.all("passphrase"))]

    def binary(self) -> bytes:
        if not self.armored:
            return self.body
        reader = ArmorReader(io.BytesIO(self.body))
        return b"".join(iter(lambda: reader.read(65_536), b""))


def parsed(name: str, raw: bytes) -> SuiteFile:
    head, _, body = raw.partition(b"\n\n")
    keys = [(key, value) for key, _, value in (line.partition(": ") for line in head.decode().split("\n"))]
    compressed = dict(keys).get("compressed")
    assert compressed in {None, "zlib"}
    return SuiteFile(name, keys, zlib.decompress(body) if compressed else body)


@pytest.fixture(scope="module")
def suite() -> list[SuiteFile]:
    node = Path(sys.executable).parent / "node"
    done = subprocess.run([node, "--input-type=module", "-e", SCRIPT], cwd=CLIENTS, check=True, capture_output=True)
    return [parsed(name, base64.b64decode(data)) for name, data in json.loads(done.stdout).items()]


def left_out(file: SuiteFile) -> str | None:
    if not {key for key, _ in file.keys} <= KNOWN_KEYS:
        return "unknown key"
    return next((reason for mark, reason in LEFT_OUT.items() if mark in file.body), None)


def outcome(file: SuiteFile) -> tuple[str, str]:
    """Return what opening came to, and the hash of what was given out."""
    given_out = hashlib.sha256()
    source = io.BytesIO(file.body)
    try:
        for chunk in unseal_stream(ArmorReader(source) if file.armored else source, file.unwrappers(), strict=False):
            given_out.update(chunk)
    except FileError as error:
        return WORDS[error.failure.value], given_out.hexdigest()
    return "success", given_out.hexdigest()


def by_command(file: SuiteFile, folder: Path) -> tuple[str, str]:
    """The same through the command: exit status, first word on standard error, standard output."""
    argv = ["decrypt"]
    nobody = [] if file.all("passphrase") else [Identity.from_seed(bytes(32)).text]
    for number, text in enumerate(file.all("identity") or nobody):
        (folder / f"i{number}").write_text(f"# a comment\n\n{text}\n")
        argv += ["-i", str(folder / f"i{number}")]
    for number, text in enumerate(file.all("passphrase")):
        (folder / f"p{number}").write_text(text)
        argv += ["--passphrase-file", str(folder / f"p{number}")]
    out, complaint = io.BytesIO(), io.BytesIO()
    status = run(argv, io.BytesIO(file.body), out, complaint)
    word = complaint.getvalue().decode().partition(":")[0]
    assert status == (1 if word else 0)
    return WORDS[word] if word else "success", hashlib.sha256(out.getvalue()).hexdigest()


def expected(file: SuiteFile) -> tuple[str, str]:
    return file.one("expect"), file.one("payload") or hashlib.sha256().hexdigest()


def test_every_file_of_the_suite_comes_out_as_it_says(suite: list[SuiteFile], show: Callable[[str], None]) -> None:
    reasons = {file.name: reason for file in suite if (reason := left_out(file))}
    wrong = {file.name: outcome(file) for file in suite if file.name not in reasons and outcome(file) != expected(file)}
    count = len(suite) - len(reasons)
    why = "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items())) or "none left out"
    show(f"age suite: {len(suite)} files, {count} run, {count - len(wrong)} passed, {len(reasons)} left out ({why})")
    assert wrong == {}
    assert len(suite) >= FILES_AT_LEAST


def test_the_command_says_the_same_of_every_file(suite: list[SuiteFile], tmp_path: Path) -> None:
    wrong = {file.name: found for file in suite if not left_out(file) and (found := by_command(file, tmp_path)) != expected(file)}
    assert wrong == {}


def test_every_header_that_parses_is_written_again_byte_for_byte(suite: list[SuiteFile]) -> None:
    compared = 0
    for file in suite:
        if file.one("expect") in {"success", "payload failure"} and not left_out(file):
            raw = file.binary()
            header, length = parse_header(raw)
            file_key, _ = open_file_key(header, file.unwrappers(), strict=False)
            assert encode_header(header.stanzas, file_key) == raw[:length], file.name
            compared += 1
    assert compared > FILES_AT_LEAST // 4


def test_armor_is_written_as_the_suite_has_it(suite: list[SuiteFile]) -> None:
    for file in suite:
        if file.name in {"armor_x25519", "armor_full_last_line", "armor_hybrid"}:
            sink = io.BytesIO()
            writer = ArmorWriter(sink)
            writer.write(file.binary())
            writer.close()
            assert sink.getvalue().strip() == file.body.strip(), file.name
