# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages that were opened from disk: what of the server they may ask, and what nobody else's page may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from corncrake_server.api.saved_page import methods_for
from tests.server.blocks import make_block, new_id
from tests.server.running import NO_TLS, PATIENCE_S, RunningServer, open_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOWED = "access-control-allow-origin"
PATHS = {
    "/v1/charter": "GET",
    "/v1/charters/1": "GET",
    f"/v1/forms/{'0' * 64}": "GET",
    "/v1/desks/legal/heads": "GET",
    "/v1/desks/legal/epochs/46/prekeys": "GET",
    "/v1/desks/legal/editions/ana/1/0": "GET",
    "/v1/desks/legal/epochs/46/reports": "POST",
    f"/v1/blocks/{'0' * 32}": "PUT",
}
COURIERS = ("GET", "/v1/blocks/1")
"""A courier fetches where a reporter puts."""
OTHERS = (
    "/v1/courier/pending",
    f"/v1/courier/reports/{'0' * 64}",
    "/v1/courier/inbox/ana/1",
    "/v1/health",
    "/log/1/checkpoint",
    "/schema/openapi.json",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without a page, its desk open."""
    with open_server(tmp_path_factory.mktemp("server")) as running:
        yield running


def ask(server: RunningServer, method: str, path: str, origin: str = "null", **more: Any) -> httpx.Response:
    headers = {"origin": origin} | more.pop("headers", {})
    return httpx.request(method, server.origin + path, headers=headers, timeout=PATIENCE_S, verify=NO_TLS, **more)


def may_i(server: RunningServer, path: str, method: str, origin: str = "null") -> httpx.Response:
    asked = {"access-control-request-method": method, "access-control-request-headers": "content-type"}
    return ask(server, "OPTIONS", path, origin, headers=asked)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_on_disk_may_ask_for_what_a_reporter_needs_and_is_told_for_how_long(server: RunningServer, path: str) -> None:
    answer = may_i(server, path, PATHS[path])
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers[ALLOWED] == "null"
    assert PATHS[path] in answer.headers["access-control-allow-methods"].split(", ")
    assert {"content-type", "corncrake-stamp"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "access-control-allow-credentials" not in answer.headers


def test_what_is_answered_and_what_is_refused_can_both_be_read(server: RunningServer) -> None:
    charter = ask(server, "GET", "/v1/charter")
    assert (charter.status_code, charter.headers[ALLOWED], charter.headers["vary"]) == (200, "null", "origin")
    assert charter.headers["cache-control"] == "no-store"
    missing = ask(server, "GET", f"/v1/forms/{'0' * 64}")
    assert (missing.status_code, missing.headers[ALLOWED]) == (404, "null")
    stored = ask(server, "PUT", f"/v1/blocks/{new_id()}", content=make_block())
    assert (stored.status_code, stored.headers[ALLOWED]) == (201, "null")
    assert "retry-after" in stored.headers["access-control-expose-headers"]
    assert not [name for answer in (charter, missing, stored) for name in answer.headers if "credentials" in name]


@pytest.mark.parametrize("origin", ["https://report.example.com", "null.example.org", "", "file://"])
def test_the_page_of_another_site_is_told_nothing(server: RunningServer, origin: str) -> None:
    for answer in (ask(server, "GET", "/v1/charter", origin), may_i(server, "/v1/charter", "GET", origin)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", OTHERS)
def test_couriers_and_all_other_paths_are_closed_to_a_page_on_disk(server: RunningServer, path: str) -> None:
    for answer in (ask(server, "GET", path), may_i(server, path, "GET"), may_i(server, path, "PUT")):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_courier_s_way_to_a_block_is_closed_to_a_page_on_disk(server: RunningServer) -> None:
    answer = ask(server, "GET", f"/v1/blocks/{'0' * 32}")
    assert ALLOWED not in answer.headers
    assert "GET" not in may_i(server, f"/v1/blocks/{'0' * 32}", "GET").headers["access-control-allow-methods"]


def test_every_path_of_a_reporter_is_open_and_no_other(server: RunningServer) -> None:
    described: dict[str, dict[str, Any]] = server.get("/schema/openapi.json").json()["paths"]
    found = {(re.sub(r"\{[^}]*\}", "1", path), method.upper()) for path, methods in described.items() for method in methods}
    reporters = re.compile(r"/v1/(charter$|charters/|forms/|desks/|blocks/)")
    assert len(found) > len(PATHS)
    for path, method in found:
        theirs = reporters.match(path) is not None and (method, path) != COURIERS
        assert (method in methods_for(path)) == theirs, (method, path)
