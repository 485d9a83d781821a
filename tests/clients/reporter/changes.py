# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a test has a line or a server do between a reporter and the real one."""

from corncrake_crypto.codename import Codename
from tests.clients.reporter.conftest import Answer, Change

STORY = "It happened on the bridge."


def never_used() -> str:
    return " ".join(Codename.generate().words("en"))


def breaking(method: str, times: int) -> Change:
    """Lose so many answers to one method; the requests have arrived."""
    left = [times]

    def change(asked: str, _path: str, answer: Answer) -> Answer | None:
        if asked == method and left[0]:
            left[0] -= 1
            return None
        return answer

    return change


def instead(path: str, body: bytes = b"", status: int = 200, **headers: str) -> Change:
    """Answer something else to whatever begins with this path."""

    def change(_method: str, asked: str, answer: Answer) -> Answer:
        return Answer(status, headers, body) if asked.startswith(path) else answer

    return change


def silent(path: str) -> Change:
    """Never answer to whatever begins with this path."""
    return lambda _method, asked, answer: None if asked.startswith(path) else answer


def full(method: str, times: int, after: str | None) -> Change:
    """Answer to so many requests of one method, and to the question whether a block is there, that there is no room."""
    left = [times]

    def change(asked: str, _path: str, answer: Answer) -> Answer:
        if asked not in {method, "HEAD"} or not left[0]:
            return answer
        left[0] -= 1
        return Answer(507, {} if after is None else {"retry-after": after}, b'{"failure":"store","detail":"full"}')

    return change
