# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page that a server gives to several visitors, against the release: a byte for one of them is enough, and nothing hostile holds the monitor."""

from __future__ import annotations

import gzip
import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import root_text
from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_crypto.page_release import PageFile, PageRelease
from corncrake_monitor.evidence import keep_answer
from corncrake_monitor.page import VISITORS, Visitor, compare_page, fetch_note
from tests.clients.monitor.serving import NEVER, POLICY, Asked, Given, serving
from tests.simulators.organisation import TODAY
from tests.simulators.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"index.html": b"<!doctype html>", "saved.html": os.urandom(200_000), "assets/index-a.js": b"go()", "empty.txt": b""}
NAMES = sorted(FILES)
PATIENCE = 20.0


def release(files: dict[str, bytes] = FILES) -> PageRelease:
    listed = tuple(PageFile(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items()))
    return PageRelease(root=root_text(bytes(32)), number=1, day=TODAY, files=listed, saved="saved.html")


def honest(asked: Asked) -> Given:
    """Answer as a server should."""
    return Given(FILES[asked.path.lstrip("/") or "index.html"])


def found(answer: Callable[[Asked], Given], visitors: tuple[Visitor, ...] = VISITORS, patience: float = PATIENCE) -> list[tuple[str, str]]:
    with serving(answer) as (origin, _):
        return [(one.path, one.visitor) for one in compare_page(origin, release(), patience=patience, visitors=visitors)]


def test_an_honest_page_has_no_difference_and_every_file_is_asked_for_by_every_visitor() -> None:
    with serving(honest) as (origin, asked):
        assert compare_page(origin, release(), patience=PATIENCE) == []
    agents = {visitor.headers["user-agent"] for visitor in VISITORS}
    assert len(agents) == len(VISITORS) == 4
    for agent in agents:
        paths = [one.path for one in asked if one.headers.get("user-agent", "") == agent]
        assert sorted(paths) == sorted(["/", *(f"/{name}" for name in NAMES)])
        assert paths[0] == "/"


def test_visitors_come_on_connections_of_their_own_and_a_cold_one_on_a_new_one_for_each_file() -> None:
    with serving(honest) as (origin, asked):
        compare_page(origin, release(), patience=PATIENCE)
    used: dict[str, set[tuple[str, int]]] = {}
    for one in asked:
        used.setdefault(one.headers.get("user-agent", ""), set()).add(one.connection)
    counts = {visitor.name: len(used[visitor.headers["user-agent"]]) for visitor in VISITORS}
    assert counts == {visitor.name: len(FILES) + 1 if visitor.cold else 1 for visitor in VISITORS}
    assert len({one.connection for one in asked}) == sum(counts.values())


@pytest.mark.parametrize("name", [name for name in NAMES if FILES[name]])
@pytest.mark.parametrize("whom", VISITORS, ids=lambda visitor: visitor.name)
def test_one_byte_that_one_visitor_gets_otherwise_is_found(name: str, whom: Visitor) -> None:
    def answer(asked: Asked) -> Given:
        right = honest(asked)
        if asked.path == f"/{name}" and asked.headers.get("user-agent", "") == whom.headers["user-agent"]:
            return Given(right.body[:-1] + bytes([right.body[-1] ^ 1]))
        return right

    assert found(answer) == [(f"/{name}", whom.name)]


def test_the_first_answer_that_differs_is_given_as_it_came_and_no_more_than_that() -> None:
    def answer(asked: Asked) -> Given:
        return Given(os.urandom(1 << 20), {"x-mark": "here"}) if asked.path.endswith(".js") else honest(asked)

    with serving(answer) as (origin, _):
        first, *others = compare_page(origin, release(), patience=PATIENCE)
    assert first.came.startswith(b"GET /assets/index-a.js (a phone with Android)\r\n\r\n200\r\nx-mark: here\r\n")
    assert len(first.came) < 1 << 18
    assert [one.came for one in others] == [b""] * 3


def test_a_server_with_another_page_each_time_fills_no_disk(tmp_path: Path) -> None:
    names = [keep_answer(tmp_path, bytes([number])) for number in range(40)]
    assert len(list(tmp_path.iterdir())) == len([name for name in names if name]) == 16
    # The same one is named again.
    assert keep_answer(tmp_path, bytes([0])) == names[0]


def test_another_page_at_the_address_itself_is_found() -> None:
    assert {path for path, _ in found(lambda asked: Given(b"other") if asked.path == "/" else honest(asked))} == {"/"}


HOSTILE: dict[str, Given] = {
    "longer": Given(FILES["assets/index-a.js"] + b"x"),
    "endless": Given(bytes(1 << 22)),
    "missing": Given(b"", status=404),
    "moved": Given(b"", {"location": "/other.js"}, status=302),
    "moved and good": Given(FILES["assets/index-a.js"], {"location": "/other.js"}),
    "a cookie": Given(FILES["assets/index-a.js"], {"set-cookie": "seen=1"}),
    "a style by header": Given(FILES["assets/index-a.js"], {"link": "</x.css>; rel=stylesheet"}),
    "goes elsewhere": Given(FILES["assets/index-a.js"], {"refresh": "0; url=https://example.com"}),
    "packed unknown": Given(FILES["assets/index-a.js"], {"content-encoding": "br"}),
    "packed wrong": Given(b"not gzip", {"content-encoding": "gzip"}),
    "packed and cut": Given(gzip.compress(FILES["assets/index-a.js"])[:-1], {"content-encoding": "gzip"}),
    "packed and more": Given(gzip.compress(FILES["assets/index-a.js"]) + b"x", {"content-encoding": "gzip"}),
    "packed bomb": Given(gzip.compress(bytes(1 << 26)), {"content-encoding": "gzip"}),
    "packed nothing": Given(gzip.compress(b"") * 8_000, {"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_a_browser_would_not_take_as_the_same_is_found(what: str) -> None:
    answer = HOSTILE[what]
    assert found(lambda asked: answer if asked.path.endswith(".js") else honest(asked), VISITORS[:1]) == [("/assets/index-a.js", VISITORS[0].name)]


def test_a_file_that_comes_packed_is_the_same_file() -> None:
    def answer(asked: Asked) -> Given:
        body, wants = honest(asked).body, "gzip" in asked.headers["accept-encoding"]
        return Given(gzip.compress(body), POLICY | {"content-encoding": "gzip"}) if wants else Given(body)

    assert found(answer) == []


LETS_IN = (
    "",
    "default-src *",
    "default-src 'none'; script-src 'unsafe-inline'",
    "default-src 'none'; script-src *",
    "default-src 'none'; script-src 'self' https://example.com",
    "default-src 'none'; script-src 'self'; worker-src data:",
    "default-src 'none'; script-src 'self'; script-src-elem https://example.com",
    "default-src 'none' https://example.com",
    "DEFAULT-SRC *; default-src 'none'",
    "report-uri /?default-src 'none'",
    "script-src 'self', default-src *",
    # What is a space in Python only.
    "default-src\xa0'none'",
    "default-src\x1f'none'",
)
KEEPS_OUT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; worker-src 'self'; trusted-types corncrake-worker",
    " Default-Src 'NONE' ;; script-src 'none'",
    "default-src 'none'",
    "upgrade-insecure-requests, default-src 'none'; script-src 'self'",
)


@pytest.mark.parametrize("policy", KEEPS_OUT)
def test_a_page_whose_policy_keeps_foreign_scripts_out_has_no_difference(policy: str) -> None:
    headers = {"content-security-policy": policy}
    assert found(lambda asked: Given(honest(asked).body, headers), VISITORS[:1]) == []


@pytest.mark.parametrize("policy", LETS_IN)
def test_a_page_whose_policy_lets_foreign_scripts_in_is_found(policy: str) -> None:
    headers = {"content-security-policy": policy}
    assert found(lambda asked: Given(honest(asked).body, headers), VISITORS[:1]) == [("/", VISITORS[0].name)]


def test_an_answer_that_never_ends_is_given_up() -> None:
    with pytest.raises(StoreError):
        found(lambda _: Given(b"", drip=0.05), patience=1.0)


def test_what_is_altered_is_found_though_everything_else_never_comes() -> None:
    def answer(asked: Asked) -> Given:
        return Given(b"other") if asked.path == "/" else NEVER

    assert found(answer) == [("/", visitor.name) for visitor in VISITORS]


def test_a_file_that_never_comes_hides_no_other_file_that_is_altered() -> None:
    def answer(asked: Asked) -> Given:
        return Given(b"other") if asked.path.endswith(".js") else NEVER if asked.path == "/saved.html" else honest(asked)

    assert found(answer) == [("/assets/index-a.js", visitor.name) for visitor in VISITORS]


def test_a_visitor_to_whom_file_after_file_does_not_come_goes() -> None:
    many = {f"{number:03}.txt": b"x" for number in range(100)} | FILES
    with serving(lambda _: NEVER) as (origin, asked), pytest.raises(StoreError):
        compare_page(origin, release(many), patience=PATIENCE, visitors=VISITORS[:1])
    assert len(asked) == 3


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8"])
def test_a_server_that_is_away_for_a_moment_is_no_difference(status: int, kind: str) -> None:
    with pytest.raises(StoreError, match=f"cannot answer just now, status {status}"):
        found(lambda _: Given(b"<script>", {"content-type": kind}, status))


def test_a_script_that_is_away_is_no_difference_and_hides_none() -> None:
    def answer(asked: Asked) -> Given:
        return Given(b"<html>", {"content-type": "text/html"}, 502) if asked.path.endswith(".js") else honest(asked)

    with pytest.raises(StoreError):
        found(answer)
    assert found(lambda asked: Given(b"other") if asked.path == "/" else answer(asked)) == [("/", visitor.name) for visitor in VISITORS]


@pytest.mark.parametrize("headers", [{"content-type": "text/html"}, {}, {"content-type": "text/plain", "refresh": "0; url=/other"}])
def test_what_a_browser_would_show_or_follow_is_a_difference_whatever_its_status(headers: dict[str, str]) -> None:
    assert ("/", VISITORS[0].name) in found(lambda _: Given(b"<script>", headers, 502))


def test_a_server_that_is_not_there_is_no_difference() -> None:
    with serving(honest) as (origin, _):
        pass
    with pytest.raises(StoreError):
        compare_page(origin, release(), patience=PATIENCE)
    for wrong in ("https://", "http://[", "ftp://example.org"):
        with pytest.raises((UsageError, StoreError)):
            compare_page(wrong, release(), patience=PATIENCE)


def test_a_note_is_fetched_bounded() -> None:
    with serving(lambda asked: Given(b"x" * 100) if asked.path == "/note" else Given(b"", status=404)) as (origin, _):
        assert fetch_note(origin, "/note", 100) == b"x" * 100
        with refused(Failure.WITHHELD):
            fetch_note(origin, "/note", 99)
        with refused(Failure.WITHHELD):
            fetch_note(origin, "/other")
    with serving(lambda _: Given(b"", status=502)) as (origin, _), refused(Failure.STORE):
        fetch_note(origin, "/note")
