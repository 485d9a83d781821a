# SPDX-License-Identifier: AGPL-3.0-or-later
"""Heads of the log, and the example that C2SP publishes."""

from __future__ import annotations

import base64
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.checkpoint import Checkpoint, checkpoint_text, open_checkpoint, parse_checkpoint_text, sign_checkpoint
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, UsageError
from corncrake_crypto.note import sign_note, unverified_text
from corncrake_crypto.signatures import SigningKey

# The example of tlog-checkpoint.md, signature and all.
PUBLISHED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
""".encode()
ORIGIN = "drop.example.org/log/1"
KEY = SigningKey.from_seed(bytes(range(32)))
HEAD = Checkpoint(ORIGIN, 128, bytes(range(32)), date(2026, 2, 3))
ROOT = base64.b64encode(HEAD.root).decode()
TEXT = f"{ORIGIN}\n128\n{ROOT}\nday 2026-02-03\n"


def test_the_published_example_is_read() -> None:
    head = parse_checkpoint_text(unverified_text(PUBLISHED))
    assert (head.origin, head.size, head.extensions) == ("example.com/behind-the-sofa", 20_852_163, ())
    assert head.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"


def test_a_head_is_four_lines_and_opens_as_it_was_signed() -> None:
    assert checkpoint_text(HEAD) == TEXT
    assert open_checkpoint(sign_checkpoint(HEAD, KEY), ORIGIN, KEY.public) == HEAD


def test_lines_after_the_day_mean_nothing() -> None:
    assert open_checkpoint(sign_note(TEXT + "anything\n", [(ORIGIN, KEY)]), ORIGIN, KEY.public) == HEAD


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (TEXT.replace(ORIGIN, "other.example/log/1"), Failure.ORIGIN),
        (TEXT.replace("day 2026-02-03\n", ""), Failure.NOTE),
        (TEXT.replace("day ", "Day "), Failure.NOTE),
        (TEXT.replace("02-03", "02-30"), Failure.NOTE),
        (TEXT.replace("day 2026", "day  2026"), Failure.NOTE),
        (TEXT.replace("128", "0128"), Failure.NOTE),
        (TEXT.replace("128", "-1"), Failure.NOTE),
        (TEXT.replace("128", "+128"), Failure.NOTE),
        (TEXT.replace("128", "1" * 17), Failure.NOTE),
        (TEXT.replace("128", "\u0661"), Failure.NOTE),
        (TEXT.replace(ROOT, ROOT[:-4]), Failure.NOTE),
        (TEXT.replace(ROOT, ROOT.rstrip("=")), Failure.NOTE),
        (TEXT.replace("day", "\nday"), Failure.NOTE),
        ("\n" + TEXT, Failure.NOTE),
        (f"{ORIGIN}\n128\n", Failure.NOTE),
    ],
)
def test_a_head_in_another_form_or_of_another_log_is_refused(text: str, failure: Failure) -> None:
    with pytest.raises(CorncrakeError) as caught:
        open_checkpoint(sign_note(text, [(ORIGIN, KEY)]), ORIGIN, KEY.public)
    assert caught.value.failure is failure


def test_a_head_by_another_key_or_under_another_name_is_refused() -> None:
    other = SigningKey.from_seed(bytes(32))
    for raw in (sign_checkpoint(HEAD, other), sign_note(TEXT, [("other.example/log/1", KEY)])):
        with pytest.raises(CorncrakeError) as caught:
            open_checkpoint(raw, ORIGIN, KEY.public)
        assert caught.value.failure is Failure.SIGNATURE


@pytest.mark.parametrize("changed", [{"size": -1}, {"root": b"short"}, {"origin": "two\nlines"}])
def test_what_is_no_head_is_not_signed(changed: dict[str, int | bytes | str]) -> None:
    with pytest.raises(UsageError):
        sign_checkpoint(HEAD._replace(**changed), KEY)  # pyright: ignore[reportArgumentType] - wrong on purpose


@given(st.text(alphabet="0123456789\nabAB+/= day-", max_size=90))
def test_any_text_is_a_head_or_refused_as_a_note(text: str) -> None:
    try:
        head = parse_checkpoint_text(text)
    except FileError as error:
        failure = error.failure
    else:
        failure = None
        lines = [head.origin, str(head.size), base64.b64encode(head.root).decode(), *head.extensions]
        assert "".join(f"{line}\n" for line in lines) == text
    assert failure in {None, Failure.NOTE}
