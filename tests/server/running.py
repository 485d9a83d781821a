# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real server process with an organisation's documents in it, and a courier to ask it.

Rules of this file: the server is the command that an operator runs, in a folder of its own, on a loopback port; it is ended by
its process id. Its day is `TODAY`, so that what the simulated organisation signed is in force.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, Final

import httpx

from corncrake_crypto.charter import Courier, Log, sign_charter
from corncrake_crypto.edition import tile_hash
from corncrake_crypto.encoding import b64url, day_text, root_text, unb64url
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.merkle import EMPTY_ROOT
from corncrake_crypto.note import text_hash, unverified_text, write_bundle
from corncrake_crypto.padding import REPORT_CLASSES
from corncrake_crypto.parcel import Parcel, Ranges, write_parcel
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.request_signature import sign_request
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_server.__main__ import main
from corncrake_server.control import Order, ask
from tests.simulators.organisation import EPOCH, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

PATIENCE_S: Final = 60
LOWEST_PORT: Final = 20_000
PORTS_EACH: Final = 2_000
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: without it each request reads all the machine's certificates, which takes 20 ms of a core."""


def _ports() -> Iterator[int]:
    """Loopback ports that nobody has, each once.

    Each of the processes that share the tests has a range of its own, below those that the kernel gives to connections: whoever is to listen on
    one comes to that some time later.
    """
    first = LOWEST_PORT + PORTS_EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(range(first, first + PORTS_EACH))
    yield from filter(_is_free, itertools.chain(ports[os.getpid() % PORTS_EACH :], itertools.cycle(ports)))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_PORTS: Final = _ports()


def free_port() -> int:
    """A loopback port that nobody has."""
    return next(_PORTS)


def wait_for_socket(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server listens on a Unix socket: its file is there a little earlier."""
    deadline = time.monotonic() + PATIENCE_S
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path), verify=NO_TLS), timeout=PATIENCE_S) as client:
        while True:
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server does not answer"
            try:
                client.get("http://server/v1/health")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return


def failure(answer: httpx.Response) -> tuple[int, str]:
    """The status of a refusal, and its word."""
    said = answer.json()
    assert set(said) == {"failure", "detail"}
    return answer.status_code, said["failure"]


class RunningServer:
    """One data folder, and the process that serves it."""

    def __init__(self, folder: Path, database_url: str, **settings: str | int) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        named = {"data_dir": str(self.data), "database_url": database_url, "publish_at": "", "disk_reserve": 1 << 20, **settings}
        self.environment = os.environ | {f"CORNCRAKE_{name.upper()}": str(value) for name, value in named.items()}
        self.environment["CORNCRAKE_TODAY"] = day_text(TODAY)
        self.organisation = SimulatedOrganisation()
        self.courier = SigningKey.generate()
        self.process: subprocess.Popen[bytes] | None = None
        self.log_origin = ""
        self.log_key = b""
        self.charter = b""

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the server to its end."""
        out, err = io.StringIO(), io.StringIO()
        before, mask = dict(os.environ), os.umask(0o022)
        os.environ.update(self.environment)
        try:
            # The command's own entry, without a new interpreter for each: a server takes two seconds to load.
            with redirect_stdout(out), redirect_stderr(err):
                status = main(words)
        finally:
            os.environ.clear()
            os.environ.update(before)
            os.umask(mask)
        return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())

    def prepare(self) -> None:
        """Make the folder, the tables, the log key and the charter."""
        made = self.command("init", "--origin", self.origin)
        assert made.returncode == 0, made.stderr
        _, self.log_origin, key = made.stdout.split()
        self.log_key = unb64url(key, 32)
        self.charter = self.sign_charter()
        answer = self.bring(self.charter)
        assert answer.returncode == 0, answer.stderr

    def sign_charter(self, **changes: Any) -> bytes:
        """A charter of the organisation for this server."""
        fields: dict[str, Any] = {
            "origin": self.origin,
            "log": Log(origin=self.log_origin, key=b64url(self.log_key)),
            "couriers": (Courier(id="carrier", key=b64url(self.courier.public)),),
        }
        return sign_charter(self.organisation.charter(**fields | changes), self.organisation.key)

    def bring(self, charter: bytes) -> subprocess.CompletedProcess[str]:
        """Have the operator's command take a charter."""
        note, form = self.folder / "charter.note", self.folder / "form.json"
        note.write_bytes(charter)
        form.write_bytes(self.organisation.form)
        return self.command("charter", str(note), "--form", str(form))

    def start(self) -> None:
        """Start serving, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            words = [sys.executable, "-m", "corncrake_server", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "the server does not answer"
            try:
                httpx.get(f"{self.origin}/v1/health", timeout=5, verify=NO_TLS)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return

    def end(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """End the process; return its status."""
        assert self.process is not None
        self.process.send_signal(sent)
        status = self.process.wait(PATIENCE_S)
        self.process = None
        return status

    # -- asking ------------------------------------------------------------------------------------------------------------

    def get(self, path: str, **more: Any) -> httpx.Response:
        """GET, unsigned."""
        return httpx.get(self.origin + path, timeout=PATIENCE_S, verify=NO_TLS, **more)

    def send(self, body: bytes, *, desk: str = "legal", epoch: int = EPOCH) -> httpx.Response:
        """Send a report."""
        return httpx.post(f"{self.origin}/v1/desks/{desk}/epochs/{epoch}/reports", content=body, timeout=PATIENCE_S, verify=NO_TLS)

    def put_block(self, block: str, body: bytes, **headers: str) -> httpx.Response:
        """Send a block."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.put(f"{self.origin}/v1/blocks/{block}", content=body, headers=named, timeout=PATIENCE_S, verify=NO_TLS)

    def signed(self, method: str, path: str, body: bytes = b"", **changes: Any) -> dict[str, str]:
        """The headers of a courier's request."""
        bare, _, query = path.partition("?")
        now = int(time.time())
        fields: dict[str, Any] = {
            "method": method,
            "authority": self.origin,
            "path": bare,
            "query": query,
            "body_sha256": hashlib.sha256(body).digest(),
            "created": now,
            "expires": now + 120,
            "nonce": random_bytes(16),
        }
        fields |= changes
        return sign_request(fields.pop("key", self.courier), fields.pop("keyid", "carrier"), **fields)

    def fetch(self, path: str, **headers: str) -> httpx.Response:
        """GET as the courier."""
        return self.get(path, headers=self.signed("GET", path) | headers)

    def push(self, reviewer: str, number: int, parcel: bytes) -> httpx.Response:
        """Bring a parcel as the courier."""
        path = f"/v1/courier/inbox/{reviewer}/{number}"
        return httpx.put(self.origin + path, content=parcel, headers=self.signed("PUT", path, parcel), timeout=PATIENCE_S, verify=NO_TLS)

    def parcel(self, reviewer: str, number: int, members: list[tuple[str, bytes]], *, key: SigningKey | None = None, **changes: Any) -> bytes:
        """An outbound parcel of a reviewer."""
        fields: dict[str, Any] = {
            "v": 1,
            "kind": "outbound",
            "from_id": reviewer,
            "number": number,
            "root": root_text(self.organisation.root),
            "ranges": Ranges(log_from=0, log_to=0),
            "members": (),
            "day": day_text(TODAY),
        }
        sink = io.BytesIO()
        listed = [(name, len(data), hashlib.sha256(data).hexdigest(), [data]) for name, data in members]
        write_parcel(Parcel(**fields | changes), listed, sink, key=key or self.organisation.reviewers[reviewer])
        return sink.getvalue()

    def prekeys(self, reviewer: str, epochs: Iterable[int] = (EPOCH, EPOCH + 1), **changes: Any) -> tuple[str, bytes]:
        """The member with a reviewer's prekeys, of this week and the next if nothing else is said."""
        notes = [self.organisation.prekey(reviewer, epoch=epoch, **changes) for epoch in epochs]
        return "prekeys.json", write_bundle(notes)

    def edition(self, number: int, *tiles: bytes, **changes: Any) -> list[tuple[str, bytes]]:
        """The members of an edition of the voice `ana`."""
        tiles = tiles or (self.organisation.tile(),)
        ref = CharterRef(sequence=1, sha256=text_hash(unverified_text(self.charter)))
        fields: dict[str, Any] = {
            "number": number,
            "charter": ref,
            "tiles": tuple(map(tile_hash, tiles)),
            "bits": (len(tiles) - 1).bit_length(),
            "log": LogHead(origin=self.log_origin, size=0, root=b64url(EMPTY_ROOT)),
        }
        head = self.organisation.head(**fields | changes)
        return [("edition-legal.note", head), *((f"tile-legal-{at:05d}.bin", tile) for at, tile in enumerate(tiles))]

    def open_desk(self) -> None:
        """Bring what a desk needs before anybody can report to it: prekeys of both reviewers, and a first edition."""
        for reviewer, members in (("ana", [self.prekeys("ana"), *self.edition(1)]), ("bo", [self.prekeys("bo")])):
            answer = self.push(reviewer, 1, self.parcel(reviewer, 1, members))
            assert answer.status_code == 201, answer.text

    def report(self, size: int = REPORT_CLASSES[0]) -> bytes:
        """A sealed report to both reviewers; what is in it is nothing to a server."""
        return seal(random_bytes(16) + bytes(size - 16), [identity.recipient for identity in self.organisation.identities.values()])

    def ask_to_publish(self) -> None:
        """Ask the running server to publish, which may be killed while it does; what it answers is nothing to us."""
        with suppress(CorncrakeError):
            asyncio.run(ask(self.data, Order(do="publish")))

    def publish(self) -> None:
        """Publish by the operator's command."""
        done = self.command("publish")
        assert done.returncode == 0, done.stderr


@contextmanager
def open_server(folder: Path, **settings: str | int) -> Generator[RunningServer]:
    """A running server on SQLite with an open desk, ended when the block ends."""
    running = RunningServer(folder, "", **settings)
    running.prepare()
    running.start()
    running.open_desk()
    yield running
    running.end()
