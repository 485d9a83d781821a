# SPDX-License-Identifier: AGPL-3.0-or-later
"""An organisation in which time passes: vaults, a courier and a real server on one clock.

Rules of this file: the server is a process of its own; vaults and the courier run as their command lines do, in this process, since a year has
some hundred commands. Everything that was ever sealed is recorded, as an enemy would, with the keys that the vaults had.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - at run time too, for the dataclass
from typing import TYPE_CHECKING, Any

import httpx

from corncrake_courier.__main__ import main as courier_program
from corncrake_crypto.charter import OpenedCharter, open_charter
from corncrake_crypto.edition import check_heads, newest_heads
from corncrake_crypto.encoding import b64url, parse_root
from corncrake_crypto.errors import FileError
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.form import form_hash
from corncrake_crypto.identities import Identity
from corncrake_crypto.note import read_bundle
from corncrake_crypto.prekeys import choose_recipients, epoch_of
from corncrake_crypto.receipt import report_id
from corncrake_crypto.report import Answer, ReportDraft, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.unseal import unseal
from corncrake_server.__main__ import main as server_program
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE, Said
from tests.clients.vault.offices import Offices
from tests.simulators.organisation import SimulatedOrganisation
from tests.simulators.server import SimulatedReporter

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "http://127.0.0.1:18080"
PATIENCE_S = 60


@dataclass(frozen=True)
class Recorded:
    """A report as somebody recorded it on its way: its id, its day, its bytes, and to whom it was sealed."""

    report: str
    day: date
    sealed: bytes
    stanzas: tuple[SealedTo, ...]


@dataclass
class World(Offices):
    """Everybody; `alive` are the reviewers whose vaults still come to work."""

    origin: str = ORIGIN
    alive: list[str] = field(default_factory=list[str])
    recorded: list[Recorded] = field(default_factory=list[Recorded])
    reporters: list[SimulatedReporter] = field(default_factory=list[SimulatedReporter])
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list["subprocess.Popen[bytes]"])
    parcels: int = 0

    # -- programs ----------------------------------------------------------------------------------------------------------

    def operate(self, *words: str) -> str:
        """Run a command of the server's operator."""
        code, said = self.try_to_operate(*words)
        assert code == 0, said
        return said

    def try_to_operate(self, *words: str) -> tuple[int, str]:
        """Run a command of the server's operator that may fail; return its code and what it says."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = server_program([*words, "--data", str(self.file("data"))])
        return code, said.getvalue()

    def courier(self, command: str, *words: str, socket: str = "s", state: str = "courier") -> Said:
        place = ["--server", self.origin, "--uds", str(self.file(socket)), "--root", self.root, "--key", str(self.file("courier.key"))]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = courier_program([command, *place, "--state", str(self.file(state)), *words, "--json"])
        return Said(code, json.loads(out.getvalue() or "{}"), err.getvalue())

    def client(self, socket: str = "s") -> httpx.Client:
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.file(socket))), base_url=self.origin, timeout=PATIENCE_S)

    def start(self) -> None:
        self.serve("data", "s")

    def serve(self, data: str, socket: str) -> None:
        """Serve a data folder on a socket, and wait until it answers."""
        with self.file("server.log").open("ab") as log:
            command = [sys.executable, "-m", "corncrake_server", "serve", "--data", data, "--uds", str(self.file(socket)), "--publish-at", ""]
            process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env=os.environ.copy())
        self.servers.append(process)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None, self.file("server.log").read_text()
            assert time.monotonic() < deadline, "the server does not answer"
            with contextlib.suppress(httpx.HTTPError), self.client(socket) as client:
                client.get("/v1/health")
                return
            time.sleep(0.1)

    def stop(self) -> None:
        """End all that serve."""
        for process in self.servers:
            process.terminate()
        for process in self.servers:
            process.wait(PATIENCE_S)
        self.servers.clear()

    # -- life --------------------------------------------------------------------------------------------------------------

    def open_for(self, *reviewers: str) -> None:
        """Make organisation, server and courier, and open the desk."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert courier_program(["keygen", "--id", "kim", "--key", str(self.file("courier.key")), "--json"]) == 0
        self.couriers = [json.loads(out.getvalue())]
        log = self.operate("init", "--origin", self.origin).split()
        self.log = {"origin": log[1], "key": log[2]}
        self.found(*reviewers)
        self.operate("charter", str(self.file("1.note")), "--form", str(self.file("form.json")))
        self.start()
        self.alive = list(reviewers)
        for who in self.alive:
            self.work(who)
        self.operate("publish")

    def work(self, who: str) -> None:
        """Have a reviewer make keys, export, and the courier push."""
        assert self.vault(who, "prekeys").code == 0
        parcel = str(self.file(f"from-{who}.parcel"))
        said = self.vault(who, "export", parcel)
        assert said.code == 0, said
        pushed = self.courier("push", parcel)
        assert pushed.code == 0, (who, pushed)

    def put_in_force(self, name: str) -> None:
        """Bring a charter to the server and to everybody who is alive."""
        self.operate("charter", str(self.file(name)), "--form", str(self.file("form.json")))
        for who in self.alive:
            said = self.take(who, name)
            assert said.code == 0, (who, said)

    def carry(self) -> dict[str, Said]:
        """Publish, pull once, import in every vault; return what each said."""
        self.operate("publish")
        parcel = self.file("to-vaults.parcel")
        pulled = self.courier("pull", "--out", str(parcel), "--replace")
        assert pulled.code == 0, pulled
        return {who: self.vault(who, "import", str(parcel)) for who in self.alive}

    def catch_up(self, who: str) -> None:
        """Bring a new vault the log from its beginning."""
        parcel = self.file(f"to-{who}.parcel")
        assert self.courier("pull", "--from", "0", "--out", str(parcel), "--replace").code == 0
        said = self.vault(who, "import", str(parcel))
        assert said.code == 0, said

    def papers(self, client: httpx.Client, clock: date) -> tuple[OpenedCharter, date, tuple[bytes, ...]]:
        """Fetch and check what a client goes by: charter, its today, weekly keys."""
        opened = open_charter(client.get("/v1/charter").content, root=parse_root(self.root), origin=self.origin, today=clock)
        heads = newest_heads(opened, "legal", read_bundle(client.get("/v1/desks/legal/heads").content))
        today = check_heads(opened, heads, clock).today
        return opened, today, read_bundle(client.get(f"/v1/desks/legal/epochs/{epoch_of(today)}/prekeys").content)

    def report(self, text: str = "It happened on the bridge.", *, clock: date | None = None) -> Recorded:
        """Send a first report as a client does whose clock says `clock`."""
        outside = SimulatedOrganisation()
        outside.root = parse_root(self.root)
        reporter = SimulatedReporter(outside)
        with self.client() as client:
            opened, today, notes = self.papers(client, clock or self.day)
            chosen = choose_recipients(opened.charter, "legal", epoch_of(today), notes, today)
            stanzas = tuple(SealedTo(reviewer=to.reviewer, epoch=to.epoch, number=to.number) for to in chosen.stanzas)
            draft = ReportDraft(
                kind="first",
                origin=self.origin,
                desk="legal",
                charter=opened.ref,
                epochs=stanzas,
                message=b64url(os.urandom(16)),
                seen=(),
                left_out=chosen.left_out,
                reply_tag=b64url(reporter.tag_key),
                form=form_hash(self.form),
                language="en",
                day=today,
                answers=(Answer(question="story", text=text),),
                files=(),
            )
            sealed = seal(build_report(draft, reporter.key, reporter.identity.recipient), chosen.recipients)
            path = f"/v1/desks/legal/epochs/{epoch_of(today)}/reports"
            answer = client.post(path, content=sealed, headers={"content-type": "application/octet-stream"})
            assert answer.status_code == 201, answer.text
        recorded = Recorded(report_id(sealed), self.day, sealed, stanzas)
        self.recorded.append(recorded)
        self.reporters.append(reporter)
        return recorded

    # -- what can be opened ------------------------------------------------------------------------------------------------

    def copy_of(self, who: str) -> Path:
        """Copy a vault's folder, as a thief does who also has the passphrase."""
        copy = self.file(f"stolen-{who}")
        shutil.copytree(self.file(who), copy)
        return copy

    def keys_in(self, folder: Path) -> list[Identity]:
        """Every secret that opens reports in a vault, or a copy of one: by its passphrase, past all rules."""
        vault = unlock_vault(folder, PASSPHRASE, self.day)
        with vault.store:
            seeds = vault.store.rows("SELECT seed FROM prekey_secrets UNION ALL SELECT seed FROM recovery_secrets")
        return [Identity.from_seed(bytes(seed)) for (seed,) in seeds]

    def opens(self, keys: list[Identity]) -> set[str]:
        """Which of all recorded reports these keys open."""
        found: set[str] = set()
        for one in self.recorded:
            with contextlib.suppress(FileError):
                unseal(one.sealed, keys)
                found.add(one.report)
        return found

    def unlocked(self, who: str, *words: str) -> dict[str, Any]:
        said = self.vault(who, *words)
        assert said.code == 0, said
        return said.data
