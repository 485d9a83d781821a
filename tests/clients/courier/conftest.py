# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real server on a Unix socket, two real vaults and a real courier: all as separate programs, on one day, which no midnight ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from corncrake_crypto.charter import OpenedCharter, open_charter
from corncrake_crypto.encoding import b64url, day_text, parse_root
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.form import Form, Question, form_hash, write_form
from corncrake_crypto.note import read_bundle
from corncrake_crypto.prekeys import choose_recipients, epoch_of
from corncrake_crypto.receipt import report_id
from corncrake_crypto.report import Answer, File, ReportDraft, build_report
from corncrake_crypto.seal import seal
from tests.simulators.organisation import TODAY, SimulatedOrganisation
from tests.simulators.server import SimulatedReporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "http://127.0.0.1:18080"
PATIENCE_S = 60


@dataclass
class Told:
    """What a program answered."""

    code: int
    data: dict[str, Any]
    err: str


@dataclass
class Town:
    """The whole organisation, in one folder."""

    folder: Path
    root: str = ""
    origin: str = ORIGIN
    server: subprocess.Popen[bytes] | None = None
    form: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.form = write_form(
            Form(
                v=1,
                desk="legal",
                languages=("en",),
                title={"en": "Tell us"},
                about={"en": "Two lawyers read this."},
                promise_days=7,
                questions=(Question(id="story", kind="story", label={"en": "What happened?"}),),
                consent=(),
            )
        )
        (self.folder / "form.json").write_bytes(self.form)

    @property
    def socket(self) -> str:
        return str(self.folder / "s")

    def program(self, module: str, *words: str) -> Told:
        environment = os.environ | {"CORNCRAKE_PASSPHRASE": "crake in the tall wet grass"}
        done = subprocess.run([sys.executable, "-m", module, *words], env=environment, cwd=self.folder, capture_output=True, check=False, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        try:
            data = json.loads(done.stdout)
        except ValueError:
            data = {"text": done.stdout}
        return Told(done.returncode, data, done.stderr)

    def vault(self, who: str, *words: str) -> Told:
        return self.program("corncrake_vault", "--store", who, *words, "--json")

    def courier(self, command: str, *words: str, state: str = "state") -> Told:
        place = ["--server", self.origin, "--uds", self.socket, "--root", self.root, "--key", "courier.key", "--state", state]
        return self.program("corncrake_courier", command, *place, *words, "--json")

    def operate(self, *words: str) -> Told:
        told = self.program("corncrake_server", *words, "--data", "data")
        assert told.code == 0, told.err
        return told

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.HTTPTransport(uds=self.socket), base_url=self.origin, timeout=PATIENCE_S)

    def found(self) -> None:
        """Make keys, sign the charter, start the server and open the desk."""
        self.root = self.vault("org", "organisation", "create").data["root"]
        self.vault("org", "organisation", "shares", "2", "3", "sheets")
        self.vault("org", "organisation", "test-shares", "--share", "sheets/share-1.txt", "--share", "sheets/share-3.txt")
        reviewers = [
            {"id": who, "identity": self.vault(who, "init", "--reviewer", who, "--root", self.root).data["identity"]} for who in ("ana", "bo")
        ]
        courier = self.program("corncrake_courier", "keygen", "--id", "kim", "--key", "courier.key", "--json").data
        log = self.operate("init", "--origin", self.origin).data["text"].split()
        spec = {
            "organisation": {"names": {"en": "The Organisation"}},
            "origin": self.origin,
            "log": {"origin": log[1], "key": log[2]},
            "desks": [{"id": "legal", "names": {"en": "Legal"}, "languages": ["en"], "reviewers": reviewers, "min": 2, "voices": ["ana"]}],
            "couriers": [courier],
            "release_keys": [],
        }
        (self.folder / "spec.json").write_text(json.dumps(spec))
        signed = self.vault("org", "organisation", "charter", "spec.json", "--form", "form.json", "--out", "charter.note")
        assert signed.code == 0, signed.err
        self.operate("charter", "charter.note", "--form", "form.json")
        self.start()
        for who in ("ana", "bo"):
            assert self.vault(who, "charter", "charter.note", "--form", "form.json").code == 0
            assert self.vault(who, "prekeys", "--weeks", "2").code == 0
            self.carry_back(who)

    def carry_back(self, who: str) -> dict[str, Any]:
        """Export from a vault and push."""
        told = self.vault(who, "export", "back.parcel")
        assert told.code == 0, told.err
        pushed = self.courier("push", "back.parcel")
        assert pushed.code == 0, pushed.err
        return told.data

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            command = [sys.executable, "-m", "corncrake_server", "serve", "--data", "data", "--uds", self.socket, "--publish-at", ""]
            self.server = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.server.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < deadline, "the server does not answer"
            try:
                with self.client() as client:
                    client.get("/v1/health")
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(PATIENCE_S)

    def reporter(self) -> SimulatedReporter:
        outside = SimulatedOrganisation()
        outside.root = parse_root(self.root)
        return SimulatedReporter(outside)

    def send(self, reporter: SimulatedReporter, text: str, files: tuple[File, ...] = ()) -> str:
        """Send a report as a client does, its blocks too; return its id."""
        epoch = epoch_of(TODAY)
        with self.client() as client:
            opened: OpenedCharter = open_charter(client.get("/v1/charter").content, root=parse_root(self.root), origin=self.origin, today=TODAY)
            notes = read_bundle(client.get(f"/v1/desks/legal/epochs/{epoch}/prekeys").content)
            chosen = choose_recipients(opened.charter, "legal", epoch, notes, TODAY)
            draft = ReportDraft(
                kind="first",
                origin=self.origin,
                desk="legal",
                charter=opened.ref,
                epochs=tuple(SealedTo(reviewer=to.reviewer, epoch=to.epoch, number=to.number) for to in chosen.stanzas),
                message=b64url(os.urandom(16)),
                seen=(),
                left_out=chosen.left_out,
                reply_tag=b64url(reporter.tag_key),
                form=form_hash(self.form),
                language="en",
                day=TODAY,
                answers=(Answer(question="story", text=text),),
                files=files,
            )
            sealed = seal(build_report(draft, reporter.key, reporter.identity.recipient), chosen.recipients)
            for block, data in reporter.blocks.items():
                assert client.put(f"/v1/blocks/{block}", content=data).status_code in {200, 201}
            answer = client.post(f"/v1/desks/legal/epochs/{epoch}/reports", content=sealed, headers={"content-type": "application/octet-stream"})
            assert answer.status_code == 201, answer.text
        return report_id(sealed)


def set_day(patched: pytest.MonkeyPatch) -> None:
    """Let it be the same day for all programs."""
    patched.setenv("CORNCRAKE_TODAY", day_text(TODAY))


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """An organisation that was set up once; each test gets a copy, so that none sees another's."""
    town = Town(tmp_path_factory.mktemp("town"))
    with pytest.MonkeyPatch.context() as patched:
        set_day(patched)
        try:
            town.found()
        finally:
            town.stop()
    return town


@pytest.fixture
def town(founded: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    set_day(monkeypatch)
    folder = tmp_path / "t"
    shutil.copytree(founded.folder, folder, ignore=shutil.ignore_patterns("s", "server.log"))
    town = Town(folder, founded.root)
    try:
        town.start()
        yield town
    finally:
        town.stop()
