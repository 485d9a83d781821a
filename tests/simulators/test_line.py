# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bad line does what it says, and nothing when it is told nothing: every test behind it stands on that."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.simulators.line import BadLine, Faults

PATIENCE_S = 60


class Echo:
    """Answers each connection's first bytes with the same, doubled; counts connections."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.heard: list[bytes] = []
        self.twice = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                data = connection.recv(1 << 20)
                self.heard.append(data)
                if len(self.heard) == 2:
                    self.twice.set()
                connection.sendall(data * 2)


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.socket.close()


def asked(line: BadLine, data: bytes) -> bytes:
    """What comes back, as far as it comes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", line.port), timeout=PATIENCE_S) as connection:
        connection.sendall(data)
        try:
            while piece := connection.recv(1 << 16):
                answer += piece
        except ConnectionError:
            pass
    return answer


def test_a_line_without_faults_passes_everything(echo: Echo) -> None:
    with BadLine(echo.port) as line:
        assert asked(line, b"corn" * 200) == b"corn" * 400
        assert (line.up, set(line.struck.values())) == (800, {0})


def test_a_cut_line_gives_the_server_a_part_and_the_client_nothing_more(echo: Echo) -> None:
    with BadLine(echo.port, faults=Faults(cut=1, within=100)) as line:
        assert asked(line, bytes(1_000)) != bytes(2_000)
        assert line.struck["cut"] == 1
        assert line.up < 100


def test_an_answer_that_is_truncated_was_answered_all_the_same(echo: Echo) -> None:
    with BadLine(echo.port, faults=Faults(truncate=1)) as line:
        assert len(asked(line, bytes(1_000))) < 200
        assert (line.struck["truncate"], echo.heard) == (1, [bytes(1_000)])


def test_what_is_repeated_reaches_the_server_twice_and_the_client_once(echo: Echo) -> None:
    with BadLine(echo.port, faults=Faults(repeat=1)) as line:
        assert asked(line, b"crake") == b"crakecrake"
        assert echo.twice.wait(PATIENCE_S)
        assert echo.heard == [b"crake", b"crake"]


def test_what_is_delayed_arrives(echo: Echo) -> None:
    with BadLine(echo.port, faults=Faults(delay=1)) as line:
        assert asked(line, b"crake") == b"crakecrake"
        assert line.struck["delay"] >= 2


def test_the_same_seed_meets_the_same_faults(echo: Echo) -> None:
    def run(seed: int) -> list[int]:
        with BadLine(echo.port, seed, Faults(truncate=0.5)) as line:
            return [len(asked(line, bytes(300))) for _ in range(8)]

    assert run(3) == run(3) != run(4)
