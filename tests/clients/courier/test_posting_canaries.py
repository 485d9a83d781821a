# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posting a canary to a real server, with somebody in between who changes what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from corncrake_courier.canary import BadReceiptError, Canary, Place, post_canary
from corncrake_crypto.canary import Slip
from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_crypto.receipt import report_id
from tests.clients.reporter.conftest import Answer, Middle, honest, open_middle
from tests.simulators.organisation import EPOCH, TODAY
from tests.simulators.server import SimulatedReporter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared_middle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Middle]:
    """A server, and who stands before it."""
    with open_middle(tmp_path_factory.mktemp("behind")) as middle:
        yield middle


@pytest.fixture
def middle(shared_middle: Middle) -> Iterator[Middle]:
    """The same, honest at the beginning of each test."""
    shared_middle.between.seen.clear()
    yield shared_middle
    shared_middle.between.change = honest


def canary(middle: Middle) -> Canary:
    sealed = SimulatedReporter(middle.server.organisation).report(kind="cover", origin=middle.server.origin, answers=())
    return Canary(Slip(desk="legal", epoch=EPOCH, id=report_id(sealed)), sealed)


def post(middle: Middle, one: Canary, root: bytes | None = None) -> list[str]:
    """Post it; return what was done, in the order in which it was: `pause`, and the methods of requests."""
    done: list[str] = []

    def pause() -> None:
        done.extend([method for method, _, _ in middle.between.seen])
        done.append("pause")

    post_canary(one, Place(middle.server.origin, root or middle.server.organisation.root, TODAY), pause)
    return done + [method for method, _, _ in middle.between.seen[len(done) - 1 :]]


def refused(middle: Middle, one: Canary, root: bytes | None = None) -> Failure:
    with pytest.raises(CorncrakeError) as error:
        post(middle, one, root)
    return error.value.failure


def posted(middle: Middle) -> int:
    return sum(method == "POST" for method, _, _ in middle.between.seen)


def test_somebody_writes_between_the_visit_and_the_report(middle: Middle) -> None:
    done = post(middle, canary(middle))
    assert done[-2:] == ["pause", "POST"]
    assert done[:-2] == ["GET"] * (len(done) - 2)
    assert len(done) > 5


def test_a_receipt_that_the_log_has_not_signed_is_no_receipt(middle: Middle) -> None:
    def change(method: str, _path: str, answer: Answer) -> Answer:
        return answer._replace(body=answer.body.replace(b'"desk":"legal"', b'"desk":"press"')) if method == "POST" else answer

    middle.between.change = change
    with pytest.raises(BadReceiptError) as error:
        post(middle, canary(middle))
    assert error.value.failure is Failure.SIGNATURE


def test_a_receipt_of_another_report_is_no_receipt(middle: Middle) -> None:
    receipts: list[bytes] = []

    def change(method: str, _path: str, answer: Answer) -> Answer:
        if method != "POST":
            return answer
        receipts.append(answer.body)
        return answer._replace(body=receipts[0])

    middle.between.change = change
    post(middle, canary(middle))
    with pytest.raises(BadReceiptError) as error:
        post(middle, canary(middle))
    assert error.value.failure is Failure.ALTERED


def test_papers_of_another_organisation_get_no_canary(middle: Middle) -> None:
    assert refused(middle, canary(middle), bytes(32)) is Failure.ROOT
    assert posted(middle) == 0


def test_an_endless_answer_is_not_read_to_its_end(middle: Middle) -> None:
    def change(method: str, _path: str, answer: Answer) -> Answer:
        return answer._replace(body=answer.body + bytes(4_096)) if method == "POST" else answer

    middle.between.change = change
    assert refused(middle, canary(middle)) is Failure.SIZE


def test_a_receipt_that_is_too_long_does_not_say_that_nothing_was_posted(middle: Middle) -> None:
    middle.between.change = lambda method, _path, answer: answer._replace(body=bytes(64 << 10)) if method == "POST" else answer
    with pytest.raises(BadReceiptError) as error:
        post(middle, canary(middle))
    assert error.value.failure is Failure.SIZE


def test_after_a_line_that_broke_the_same_canary_is_posted_again(middle: Middle) -> None:
    def change(method: str, _path: str, answer: Answer) -> Answer | None:
        return None if method == "POST" else answer

    middle.between.change = change
    one = canary(middle)
    assert refused(middle, one) is Failure.STORE
    middle.between.change = honest
    assert post(middle, one)[-1] == "POST"
