# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who comes in, and who does not: token, session, address, and where the viewer listens."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from corncrake_vault.vault import unlock_vault
from corncrake_vault.workbench.gate import HEADERS
from corncrake_vault.workbench.serving import view
from tests.clients.vault.machine import PASSPHRASE
from tests.clients.vault.workbench import media
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.workbench.conftest import Thread, Viewing

TYPED = {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def viewing(thread: Thread) -> Viewing:
    return thread.bring(("bridge.jpg", media.picture()), ("noise.wav", media.sound())).view()


def test_the_token_opens_once_and_its_second_use_is_refused_and_told(viewing: Viewing) -> None:
    path = urlsplit(viewing.address).path
    assert len(path) > 21
    assert viewing.ask(path, TYPED).status == 303
    again = viewing.ask(path, TYPED)
    assert (again.status, again.headers.get("set-cookie")) == (404, None)
    assert "used a second time" in viewing.stop()[2]


def test_a_request_that_is_not_let_in_does_not_spend_the_token(viewing: Viewing) -> None:
    path = urlsplit(viewing.address).path
    refused: tuple[dict[str, str], ...] = (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "image"},
        {},
        TYPED | {"Host": "localhost:" + viewing.host.split(":")[1]},
    )
    assert [viewing.ask(path, headers).status for headers in refused] == [404] * 4
    assert viewing.ask(path, TYPED, "HEAD").status == 404
    assert viewing.ask(path, TYPED).status == 303


def test_without_the_session_there_is_nothing(viewing: Viewing) -> None:
    viewing.enter()
    name, value = viewing.cookie.split("=")
    for cookie in ("", f"{name}=", f"{name}={value[:-1]}", f"{name}={value}x", f"other={value}"):
        for path in ("", "1", "1/picture/2048", "2/media", "style.css"):
            answer = viewing.get(path, Cookie=cookie)
            assert (answer.status, answer.body) == (404, b"Not here.\n")
    assert viewing.get("").status == 200


def test_the_session_is_for_one_path_and_for_no_script_and_no_other_site(viewing: Viewing) -> None:
    answer = viewing.ask(urlsplit(viewing.address).path, TYPED)
    room = answer.headers["location"].rstrip("/")
    parts = {part.strip() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert parts == {f"Path={room}", "HttpOnly", "SameSite=Strict"}
    assert len(room) > 21


def test_only_the_exact_address_is_answered(viewing: Viewing) -> None:
    viewing.enter()
    port = viewing.host.split(":")[1]
    for host in ("evil.example", f"evil.example:{port}", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.example", f"127.1:{port}", ""):
        assert viewing.get("", Host=host).status in {400, 404}, host
    assert viewing.get("", Host=f"127.0.0.1:{port}").status == 200


def test_another_sites_page_gets_nothing_even_with_the_session(viewing: Viewing) -> None:
    viewing.enter()
    for site in ("cross-site", "same-site", "SAME-ORIGIN", ""):
        assert viewing.get("1/picture/2048", Sec_Fetch_Site=site).status == 404, site
    assert viewing.get("1/picture/2048", Sec_Fetch_Site="none", Sec_Fetch_Dest="image").status == 404
    assert viewing.get("1/picture/2048").status == 200


def test_no_trick_with_the_path_leads_anywhere(viewing: Viewing) -> None:
    viewing.enter()
    tricks = ("../", "../1", "%2e%2e/1", "..%2f1", "1/../2", "0", "-1", "3", "99999999999999999999", "1%00", "style.css/..", "1;x")
    tricks += ("1/picture/1", "1/picture/2048/x", "1/media", "1/pages/1", "2/picture/2048", "../../etc/passwd", "schema", "schema/openapi.json")
    assert {path: status for path in tricks if (status := viewing.get(path).status) != 404} == {}
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE"):
        assert viewing.ask(viewing.room, {"Cookie": viewing.cookie, "Sec-Fetch-Site": "same-origin"}, method).status == 404


def test_every_answer_has_the_headers_that_keep_a_browser_quiet(viewing: Viewing) -> None:
    first = viewing.ask(urlsplit(viewing.address).path, TYPED)
    viewing.cookie, viewing.room = first.headers["set-cookie"].split(";")[0], first.headers["location"]
    answers = {
        303: first,
        200: viewing.get("1"),
        206: viewing.get("2/media", Sec_Fetch_Dest="audio", Range="bytes=0-9"),
        416: viewing.get("2/media", Sec_Fetch_Dest="audio", Range="bytes=999999999-"),
        404: viewing.get("7"),
    }
    for status, answer in answers.items():
        assert answer.status == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert not {"server", "date", "etag", "last-modified"} & answer.headers.keys()
    policy = HEADERS["content-security-policy"]
    assert policy == (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'none'; sandbox allow-same-origin"
    )


def _listening(pid: int) -> set[str]:
    """The local addresses on which a process listens, in the kernel's own writing."""
    mine = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found: set[str] = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in mine and (fields[3] == "0A" or table.startswith("udp")):
                found.add(f"{table} {fields[1]}")
    return found


def test_it_listens_on_loopback_and_nowhere_else(viewing: Viewing) -> None:
    port = int(viewing.host.split(":")[1])
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    assert _listening(viewing.process.pid) == {f"tcp {loopback}:{port:04X}"}


def test_ctrl_c_ends_it_and_says_so(viewing: Viewing) -> None:
    viewing.enter()
    code, out, err = viewing.stop()
    assert code == 0
    assert "The viewer has ended: you stopped it." in out
    assert "Traceback" not in err


def test_ctrl_c_ends_it_while_somebody_is_still_listening(thread: Thread) -> None:
    viewing = thread.bring(("noise.wav", media.sound(240))).view().enter()
    with socket.create_connection(("127.0.0.1", int(viewing.host.split(":")[1]))) as slow:
        lines = f"GET {viewing.room}1/media HTTP/1.1\r\nHost: {viewing.host}\r\nCookie: {viewing.cookie}\r\n"
        slow.sendall(f"{lines}Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: audio\r\n\r\n".encode())
        assert slow.recv(64).startswith(b"HTTP/1.1 200")
        code, out, _ = viewing.stop()
    assert code == 0
    assert "The viewer has ended" in out


def test_it_ends_by_itself_when_nobody_looks(thread: Thread) -> None:
    thread.bring(("bridge.jpg", media.picture()))
    vault = unlock_vault(thread.desk.store, PASSPHRASE, TODAY)
    with vault.store:
        assert view(vault, 1, None, 0, browser=False) == "nobody has looked for 0 minutes"


@pytest.mark.parametrize(
    ("words", "failure"),
    [(("9",), "thread"), (("1", "7"), "thread"), (("1", "--idle-minutes", "0"), "misuse"), (("1", "--idle-minutes", "999"), "misuse")],
)
def test_what_cannot_be_viewed_is_refused_before_anything_listens(thread: Thread, words: tuple[str, ...], failure: str) -> None:
    thread.bring(("bridge.jpg", media.picture()))
    said = thread.desk.run("view", *words)
    assert (said.code, said.data["failure"]) == (1, failure)


def test_nothing_that_was_opened_lies_on_the_disk_or_in_the_terminal(thread: Thread) -> None:
    tone = media.sound()
    viewing = thread.bring(("bridge.jpg", media.picture()), ("noise.wav", tone)).view(env={"TMPDIR": str(thread.desk.folder)}).enter()
    assert viewing.get("1").status == 200
    assert viewing.get("1/picture/2048").status == 200
    assert viewing.get("2/media", Sec_Fetch_Dest="audio").body == tone
    _, out, err = viewing.stop()
    assert not {"noise", "bridge", viewing.cookie.split("=")[1]} & set((out + err).replace("/", " ").replace(".", " ").split())
    for path in (path for path in thread.desk.folder.rglob("*") if path.is_file() and path.name != "stick.parcel"):
        held = path.read_bytes()
        assert tone[1_000:1_064] not in held
        assert b"bridge.jpg" not in held
