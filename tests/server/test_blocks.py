# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks over HTTP, on both stores: what is taken, what is refused and as what, and what a courier gets."""

import hashlib
import signal
import threading
from collections.abc import Iterator

import httpx
import pytest

from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS
from corncrake_crypto.request_signature import content_digest
from corncrake_crypto.seal import seal
from tests.server.blocks import LARGE, SMALL, make_block, new_id
from tests.server.running import NO_TLS, PATIENCE_S, RunningServer, failure
from tests.simulators.s3 import CREDENTIALS, fresh_bucket


@pytest.fixture(scope="module", params=["files", "s3"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that all tests of this module share, once on each store."""
    settings = {} if request.param == "files" else fresh_bucket(request.getfixturevalue("s3_endpoint")).settings
    running = RunningServer(tmp_path_factory.mktemp("server"), "", **settings)
    running.environment |= CREDENTIALS
    running.prepare()
    running.start()
    yield running
    running.end(signal.SIGKILL)


def head(server: RunningServer, name: str) -> httpx.Response:
    return httpx.head(f"{server.origin}/v1/blocks/{name}", timeout=PATIENCE_S, verify=NO_TLS)


@pytest.mark.parametrize("size", [BLOCK_CLASS, LARGE_BLOCK_CLASS])
def test_a_block_of_each_class_is_written_once(server: RunningServer, size: int) -> None:
    reader, name = Identity.generate().recipient, new_id()
    first, second = (seal(bytes(size), [reader]) for _ in range(2))
    assert head(server, name).status_code == 404
    assert server.put_block(name, first).status_code == 201
    assert server.put_block(name, first).status_code == 200
    assert failure(server.put_block(name, second)) == (409, "block")
    assert head(server, name).status_code == 200
    assert server.fetch(f"/v1/blocks/{name}").content == first


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_a_block_of_another_form_is_refused_and_nothing_is_stored(server: RunningServer, length: int) -> None:
    block, name = make_block(length), new_id()
    assert failure(server.put_block(name, block[:-1])) == (400, "size")
    assert failure(server.put_block(name, block + b"x")) == ((413 if length == LARGE else 400), "size")
    assert failure(server.put_block(name, bytes(length))) == (400, "header")
    assert failure(server.put_block(name, block[:1_626] + b" " + block[1_627:])) == (400, "header")
    two = seal(bytes(BLOCK_CLASS), [Identity.generate().recipient] * 2)
    assert failure(server.put_block(name, two)) == (400, "size")
    assert failure(server.put_block(name.upper() + "A", block)) == (404, "block")
    assert failure(server.put_block("..%2f..%2fx", block))[0] == 404
    assert head(server, name).status_code == 404


def test_a_block_with_its_digest_is_taken_and_with_another_one_it_is_not(server: RunningServer) -> None:
    block, name = make_block(LARGE), new_id()
    right, wrong = (content_digest(hashlib.sha256(body).digest()) for body in (block, block + b"x"))
    assert failure(server.put_block(name, block, content_digest=wrong)) == (400, "altered")
    for malformed in ("", "sha-256=:x:", f"sha-512=:{'A' * 86}==:", f"{right}, {right}", f"{right};a"):
        assert failure(server.put_block(name, block, content_digest=malformed)) == (400, "encoding")
    assert head(server, name).status_code == 404
    assert server.put_block(name, block, content_digest=right).status_code == 201
    assert server.put_block(name, block, content_digest=right).status_code == 200


def test_to_look_for_a_block_says_present_or_absent_and_nothing_else(server: RunningServer) -> None:
    names = {length: new_id() for length in (SMALL, LARGE)}
    for length, name in names.items():
        assert server.put_block(name, make_block(length)).status_code == 201
    small, large, absent = (head(server, name) for name in (names[SMALL], names[LARGE], new_id()))
    assert dict(small.headers) == dict(large.headers)
    assert not {"last-modified", "etag", "content-range", "accept-ranges"} & set(small.headers)
    assert small.headers.get("content-length", "0") == "0"
    assert (small.status_code, large.status_code, absent.status_code) == (200, 200, 404)
    assert head(server, "x").status_code == 404


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_a_courier_gets_the_range_that_it_asks_for(server: RunningServer, length: int) -> None:
    block, name = make_block(length), new_id()
    server.put_block(name, block)
    for asked, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-199999", 100, 200_000),
        (f"bytes={length - 10}-", length - 10, length),
        ("bytes=-10", length - 10, length),
        ("bytes=5-999999999999", 5, length),
        (f"bytes=-{length + 1}", 0, length),
    ):
        answer = server.fetch(f"/v1/blocks/{name}", range=asked)
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{stop - 1}/{length}")
        assert answer.content == block[start:stop]


def test_a_range_that_a_block_has_not_is_refused_and_one_that_is_none_is_as_if_not_said(server: RunningServer) -> None:
    block, name = make_block(), new_id()
    server.put_block(name, block)
    for asked in (f"bytes={SMALL}-", f"bytes={SMALL + 5}-{SMALL + 9}", "bytes=-0"):
        answer = server.fetch(f"/v1/blocks/{name}", range=asked)
        assert failure(answer) == (416, "range")
        assert answer.headers["content-range"] == f"bytes */{SMALL}"
    for asked in ("bytes=0-1,5-6", "bytes=5-4", "bytes=-", "bytes=a-b", "items=0-1", "bytes 0-1", "bytes=" + "9" * 40 + "-"):
        answer = server.fetch(f"/v1/blocks/{name}", range=asked)
        assert (answer.status_code, answer.content) == (200, block)
    answer = server.fetch(f"/v1/blocks/{name}", **{"range": "bytes=0-1", "if-range": '"x"'})
    assert (answer.status_code, answer.content) == (200, block)


def test_a_range_is_for_couriers_too_and_for_nobody_else(server: RunningServer) -> None:
    name = new_id()
    server.put_block(name, make_block())
    assert server.get(f"/v1/blocks/{name}", headers={"range": "bytes=0-1"}).status_code in {400, 401, 403}
    assert failure(server.fetch(f"/v1/blocks/{new_id()}", range="bytes=0-1")) == (404, "block")


def test_of_two_clients_with_one_id_one_wins_and_the_other_is_told(server: RunningServer) -> None:
    for round_ in range(10):
        name, bodies = new_id(), [make_block(LARGE if round_ % 2 else SMALL, seed=at) for at in range(2)]
        answers: dict[int, int] = {}

        def send(at: int, name: str = name, bodies: list[bytes] = bodies, answers: dict[int, int] = answers) -> None:
            answers[at] = server.put_block(name, bodies[at]).status_code

        both = [threading.Thread(target=send, args=(at,)) for at in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(PATIENCE_S)
        assert sorted(answers.values()) == [201, 409]
        winner = next(at for at, status in answers.items() if status == 201)
        assert server.fetch(f"/v1/blocks/{name}").content == bodies[winner]
