# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a deployment stands on: nginx for real before a real server, and the units that start it."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from corncrake_crypto.receipt import open_receipt, report_id
from tests.server.blocks import LARGE, make_block, new_id
from tests.server.running import PATIENCE_S, RunningServer, free_port, wait_for_socket
from tests.simulators.organisation import EPOCH

DEPLOY = Path(__file__).parents[2] / "deploy"
# Any address of 127.0.0.0/8 is ours; this one stands in no document of the test's own.
CLIENT = "127.0.0.77"
REFUSALS = 60

pytestmark = pytest.mark.needs_system


class Nginx:
    """nginx with the configuration of `deploy`, but for its paths and ports."""

    def __init__(self, folder: Path, changes: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        text = (DEPLOY / "nginx" / "corncrake.conf").read_text()
        named = {
            "/run/nginx.pid": f"{folder}/nginx.pid",
            "/etc/corncrake/tls": str(folder),
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen [::]:443 ssl default_server;": "",
            "listen 80 default_server": f"listen 127.0.0.1:{free_port()} default_server",
            "listen [::]:80 default_server;": "",
            "/run/corncrake/server.sock": f"{folder}/server.sock",
            # What nginx would keep elsewhere if it ever kept any of it.
            "http {\n": "http {\n" + "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")),
            **changes,
        }
        for before, after in named.items():
            assert before in text
            text = text.replace(before, after)
        if os.geteuid() == 0:
            text = "user root;\n" + text
        (folder / "nginx.conf").write_text(text)
        self._make_certificate()
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        words = [nginx, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
        with (folder / "nginx.stderr").open("wb") as said:
            self.process = subprocess.Popen(words, stdout=said, stderr=said)
        self._wait()

    def _make_certificate(self) -> None:
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
        names = ["-keyout", str(self.folder / "privkey.pem"), "-out", str(self.folder / "fullchain.pem")]
        subprocess.run([*words, *names], check=True, capture_output=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, (self.folder / "nginx.stderr").read_text()
            assert time.monotonic() < deadline
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)


@contextmanager
def on_a_socket(folder: Path, **settings: int) -> Generator[RunningServer]:
    """A server on a Unix socket, its desk open."""
    server = RunningServer(folder, "", **settings)
    server.prepare()
    server.start()
    server.open_desk()
    server.end()
    words = [sys.executable, "-m", "corncrake_server", "serve", "--uds", str(folder / "server.sock")]
    with (folder / "log").open("ab") as log:
        process = server.process = subprocess.Popen(words, env=server.environment, stdout=log, stderr=log)
    try:
        wait_for_socket(folder / "server.sock", process)
        yield server
    finally:
        process.kill()
        process.wait(PATIENCE_S)


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[RunningServer]:
    """A server on a Unix socket."""
    with on_a_socket(tmp_path) as server:
        yield server


def trusting() -> ssl.SSLContext:
    """Takes any certificate."""
    insecure = ssl.create_default_context()
    insecure.check_hostname, insecure.verify_mode = False, ssl.CERT_NONE
    return insecure


def from_the_client(trusted: ssl.SSLContext, address: str) -> httpx.Client:
    """Somebody at the client's address."""
    return httpx.Client(transport=httpx.HTTPTransport(verify=trusted, local_address=CLIENT), base_url=address, timeout=PATIENCE_S)


def visit(server: RunningServer, nginx: Nginx) -> httpx.Response:
    """Send a report, and make everybody on the way angry enough to write a line."""
    insecure = trusting()
    with from_the_client(insecure, f"https://127.0.0.1:{nginx.port}") as client:
        # What is sealed is of any bytes; by chance four of them in a row may be the address.
        body = next(body for body in iter(server.report, b"") if not has_the_address(body))
        answer = client.post(f"/v1/desks/legal/epochs/{EPOCH}/reports", content=body)
        open_receipt(answer.content, server.log_origin, server.log_key, report_id(body), "legal")
        assert client.get("/v1/charter").content == server.charter
        assert client.get("/nothing").status_code == 404
        assert client.post("/v1/charter", content=b"x" * 100_000).status_code == 405
        assert client.put("/v1/blocks/x", content=b"x").status_code == 404
    for hostile in (b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/9\r\n\r\n", b"\x00" * 5_000):
        with socket.create_connection(("127.0.0.1", nginx.port), source_address=(CLIENT, 0)) as connection:
            connection.sendall(hostile)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1_000)
    server.end()
    with from_the_client(insecure, f"https://127.0.0.1:{nginx.port}") as client:
        away = client.get("/v1/charter")
        assert (away.status_code, away.headers["content-type"], away.headers["x-content-type-options"]) == (502, "text/plain", "nosniff")
    return answer


def test_large_blocks_go_through_slowly_and_in_parts_and_no_part_lies_in_a_file(behind: RunningServer, tmp_path: Path) -> None:
    nginx, body, name = Nginx(tmp_path, {}), make_block(LARGE), new_id()
    kept = [tmp_path / folder for folder in ("client_body", "proxy")]
    seen: list[Path] = []

    def trickling() -> Iterator[bytes]:
        for at in range(0, LARGE, LARGE // 4):
            yield body[at : at + LARGE // 4]
            time.sleep(0.3)
            seen.extend(path for folder in kept for path in folder.rglob("*") if path.is_file())

    path = f"/v1/blocks/{name}"
    try:
        with httpx.Client(verify=trusting(), base_url=f"https://127.0.0.1:{nginx.port}", timeout=PATIENCE_S) as client:
            answer = client.put(path, content=trickling(), headers={"content-length": str(LARGE)})
            assert answer.status_code == 201
            assert client.head(path).status_code == 200
            assert client.get(path, headers=behind.signed("GET", path)).content == body
            part = client.get(path, headers=behind.signed("GET", path) | {"range": f"bytes={LARGE - 1000}-"})
            assert (part.status_code, part.content) == (206, body[-1000:])
    finally:
        nginx.end()
    assert seen == []


def test_a_page_on_disk_is_answered_through_nginx(behind: RunningServer, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path, {})
    try:
        with httpx.Client(verify=trusting(), base_url=f"https://127.0.0.1:{nginx.port}", timeout=PATIENCE_S) as client:
            asked = client.options("/v1/charter", headers={"origin": "null", "access-control-request-method": "GET"})
            assert (asked.status_code, asked.headers["access-control-max-age"]) == (204, "7200")
            answer = client.get("/v1/charter", headers={"origin": "null"})
            assert (answer.content, answer.headers["access-control-allow-origin"]) == (behind.charter, "null")
            assert "access-control-allow-origin" not in client.get("/v1/charter", headers={"origin": "https://report.example.com"}).headers
    finally:
        nginx.end()


def test_a_refusal_comes_through_though_its_body_was_not_read(tmp_path: Path) -> None:
    # nginx hands a body on as it comes. Whether the server's answer or its closing is seen first would be chance: so, many times.
    with on_a_socket(tmp_path, blocks_most=1):
        nginx, body = Nginx(tmp_path, {}), make_block(LARGE)
        try:
            with httpx.Client(verify=trusting(), base_url=f"https://127.0.0.1:{nginx.port}", timeout=PATIENCE_S) as client:
                for _ in range(REFUSALS):
                    full = client.put(f"/v1/blocks/{new_id()}", content=body)
                    assert (full.status_code, "retry-after" in full.headers) == (507, True)
                    assert client.post("/v1/charter", content=body[:100_000]).status_code == 405
                    assert client.put(f"/v1/blocks/{new_id()}", content=body[:250_000]).status_code == 400
        finally:
            nginx.end()


def has_the_address(raw: bytes) -> bool:
    """Say whether bytes hold the client's address, in one of the forms in which programs write one."""
    forms = [CLIENT.encode(), CLIENT.encode("utf-16-le"), bytes(map(int, CLIENT.split("."))), socket.inet_aton(CLIENT)[::-1]]
    return any(form in raw for form in forms)


def files_with_the_address(folder: Path) -> list[Path]:
    """The files below a folder that hold the client's address."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if has_the_address(path.read_bytes())]


def test_a_report_arrives_through_nginx_and_no_file_holds_the_address(behind: RunningServer, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path, {})
    try:
        assert visit(behind, nginx).status_code == 201
    finally:
        nginx.end()
    assert files_with_the_address(tmp_path) == []


def test_the_search_finds_an_address_where_one_is_logged(behind: RunningServer, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path, {"access_log off;": f"access_log {tmp_path}/access.log;"})
    try:
        visit(behind, nginx)
    finally:
        nginx.end()
    assert files_with_the_address(tmp_path) == [tmp_path / "access.log"]


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_systemd_has_nothing_to_say_about_a_unit(unit: Path, tmp_path: Path) -> None:
    for name in ("corncrake-server", "corncrake-monitor"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/corncrake/bin/", f"{tmp_path}/"))
    said = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_the_unit_lets_the_server_write_to_every_folder_that_the_settings_name() -> None:
    unit = (DEPLOY / "systemd" / "corncrake-server.service").read_text()
    writable = {Path("/var/lib") / name for name in re.findall(r"^StateDirectory=(.+)$", unit, re.MULTILINE)[0].split()}
    settings = (DEPLOY / "server.toml").read_text()
    named = [Path(path) for path in re.findall(r"^(?:# )?(?:data_dir|key_dir) = \"(.+)\"", settings, re.MULTILINE)]
    assert len(named) == 2
    assert {path for path in named if not writable & {path, *path.parents}} == set()


def test_nginx_may_open_as_many_files_as_its_connections_need() -> None:
    text = (DEPLOY / "nginx" / "corncrake.conf").read_text()
    files, connections = (int(re.findall(rf"^ *{name} (\d+);", text, re.MULTILINE)[0]) for name in ("worker_rlimit_nofile", "worker_connections"))
    assert files >= 2 * connections


def test_what_the_server_says_is_bounded_where_it_is_kept() -> None:
    lines = (DEPLOY / "systemd" / "journald@corncrake.conf").read_text().splitlines()
    # journald.conf(5): a journal in memory heeds the Runtime sizes only; without them it takes up to 4 GiB of memory.
    assert "Storage=volatile" in lines
    assert "RuntimeMaxUse=16M" in lines
    assert not [line for line in lines if line.startswith("System")]


def test_systemd_complains_about_a_unit_that_is_wrong(tmp_path: Path) -> None:
    unit = tmp_path / "corncrake-wrong.service"
    unit.write_text("[Service]\nExecStart=/nowhere/corncrake-server\nProtectSystems=strict\n")
    said = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert said.stderr
