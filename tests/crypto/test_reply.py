# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reviewer writes to a reporter, and what a reporter's client believes of it."""

from typing import Any

import pytest

from corncrake_crypto.archive import write_archive
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import Failure
from corncrake_crypto.identities import Identity
from corncrake_crypto.reply import Reply, ReplyDraft, ReplyPlace, build_reply, join_replies, open_reply, read_reply, split_reply
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import ORIGIN
from tests.simulators.refusal import refused

ANA = SigningKey.from_seed(bytes(range(32)))
REPORTER = Identity.from_seed(bytes(range(32)))
THREAD = b64url(SigningKey.from_seed(bytes(32)).public)
PLACE = ReplyPlace(ORIGIN, "legal", "ana", ANA.public, 5, 0, 0, THREAD)


def draft(**changes: Any) -> ReplyDraft:
    fields: dict[str, Any] = {
        "origin": ORIGIN,
        "desk": "legal",
        "reviewer": "ana",
        "edition": 5,
        "bucket": 0,
        "thread": THREAD,
        "acknowledged": (b64url(bytes(16)),),
        "missing_blocks": (),
        "text": "We have it. Thank you.",
    }
    return ReplyDraft(**fields | changes)


def read_parts(*drafts: ReplyDraft) -> list[Reply]:
    return [read_reply(build_reply(part, ANA), PLACE._replace(part=part.part)) for part in drafts]


def test_a_sealed_reply_opens_for_its_reporter() -> None:
    reply = open_reply(seal(build_reply(draft(), ANA), [REPORTER.recipient]), REPORTER, PLACE)
    assert reply.text == "We have it. Thank you."
    assert reply.acknowledged == (b64url(bytes(16)),)


def test_a_reply_to_somebody_else_does_not_open() -> None:
    with refused(Failure.NO_MATCH):
        open_reply(seal(build_reply(draft(), ANA), [Identity.generate().recipient]), REPORTER, PLACE)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"origin": "https://elsewhere.example"}, Failure.ORIGIN),
        ({"desk": "press"}, Failure.DESK),
        ({"reviewer": "bo"}, Failure.DESK),
        ({"thread": b64url(bytes(32))}, Failure.THREAD),
        ({"edition": 4}, Failure.EDITION),
        ({"bucket": 1}, Failure.EDITION),
        ({"part": 1, "parts": 2}, Failure.EDITION),
    ],
)
def test_a_reply_of_another_place_is_refused(changes: dict[str, Any], failure: Failure) -> None:
    with refused(failure):
        read_reply(build_reply(draft(**changes), ANA), PLACE)


def test_a_reply_that_says_it_is_the_second_part_of_one_is_refused() -> None:
    with refused(Failure.EDITION):
        read_reply(build_reply(draft(part=1, parts=1), ANA), PLACE._replace(part=1))


def test_a_reply_by_somebody_else_is_refused() -> None:
    with refused(Failure.SIGNATURE):
        read_reply(build_reply(draft(), SigningKey.generate()), PLACE)


def test_another_object_in_place_of_a_reply_is_refused() -> None:
    with refused(Failure.KIND):
        read_reply(write_archive([("report.json", b"{}")], 6_144), PLACE)


@pytest.mark.parametrize("text", ["", "short", "x" * 4_000, '\n"\\' * 2_000, "\U0001f600\u00e9" * 2_000])
def test_a_long_text_comes_back_whole_from_its_parts(text: str) -> None:
    parts = split_reply(draft(text=text))
    assert join_replies(read_parts(*parts)) == text
    assert [part.acknowledged != () for part in parts] == [True] + [False] * (len(parts) - 1)


def test_a_text_beyond_four_parts_is_refused() -> None:
    with refused(Failure.SIZE):
        split_reply(draft(text="x" * 18_000))


def test_all_acknowledgements_and_missing_blocks_fit_beside_some_text() -> None:
    full = draft(acknowledged=tuple(b64url(bytes([n]) * 16) for n in range(64)), missing_blocks=tuple(bytes([n] * 16).hex() for n in range(64)))
    assert join_replies(read_parts(*split_reply(full))) == full.text


def test_a_reply_without_text_still_acknowledges() -> None:
    parts = read_parts(*split_reply(draft(text=None)))
    assert join_replies(parts) is None
    assert parts[0].acknowledged


def test_parts_that_do_not_make_one_reply_are_refused() -> None:
    first, second, third = read_parts(*split_reply(draft(text="x" * 9_000)))
    for parts in ([], [first], [first, second], [second, first, third], [first, first, third]):
        with refused(Failure.EDITION):
            join_replies(parts)
