# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a recording ends: with all that its recorder still had to write, however slow the line is."""

import os
import threading
from typing import NamedTuple

import pytest

from corncrake_crypto.block import BLOCK_DATA
from corncrake_reporter import recording as subject
from corncrake_reporter.recording import Recording

LENGTH = 12 * BLOCK_DATA
PATIENCE_S = 60
SILENCE_S = 2.0


class Ended(NamedTuple):
    length: int
    is_finished: bool


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less room than in use, and no end by the clock but for a silence that no recorder keeps that still has something to write."""
    monkeypatch.setattr(subject, "MAX_WAITING", 2)
    monkeypatch.setattr(subject, "ENDING_SECONDS", SILENCE_S)
    monkeypatch.setattr(subject, "ENDING_MOST_SECONDS", PATIENCE_S)


def recorded(of: Recording, turn: threading.Event) -> Ended:
    """End it while no more room is left, and take what comes, the first piece later than the moment of silence."""
    length, last = 0, False
    with of:
        while not of.is_full:
            turn.wait(0.01)
        of.end()
        # This is the slow line: the recorder cannot write for longer than the silence that would end it.
        turn.wait(1.5 * SILENCE_S)
        while not last:
            piece = of.next(PATIENCE_S)
            assert piece is not None
            length, last = length + len(piece.data), piece.last
    return Ended(length, of.is_finished)


def writer(pipe: int, length: int, *, closes: bool) -> None:
    def write() -> None:
        left = length
        try:
            while left > 0:
                left -= os.write(pipe, bytes(min(left, 65_536)))
        except BrokenPipeError:
            return
        if closes:
            os.close(pipe)

    threading.Thread(target=write, daemon=True).start()


def test_on_a_slow_line_all_that_the_recorder_still_writes_is_taken() -> None:
    ours, theirs = os.pipe()
    writer(theirs, LENGTH, closes=True)
    assert recorded(Recording(ours), threading.Event()) == (LENGTH, True)


def test_a_recorder_that_falls_silent_without_an_end_is_known_not_to_have_finished() -> None:
    ours, theirs = os.pipe()
    writer(theirs, LENGTH, closes=False)
    assert recorded(Recording(ours), threading.Event()) == (LENGTH, False)


def test_a_recorder_that_never_stops_does_not_keep_it_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "ENDING_MOST", 3 * BLOCK_DATA)
    ours, theirs = os.pipe()
    writer(theirs, 1 << 40, closes=False)
    ended = recorded(Recording(ours), threading.Event())
    assert not ended.is_finished
    assert 3 * BLOCK_DATA <= ended.length < LENGTH
    os.close(ours)


def test_a_recorder_that_goes_on_drop_by_drop_does_not_keep_it_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "ENDING_SECONDS", PATIENCE_S)
    monkeypatch.setattr(subject, "ENDING_MOST_SECONDS", 0.5)
    ours, theirs = os.pipe()
    stop = threading.Event()
    of = Recording(ours)

    def drip() -> None:
        while not stop.wait(0.02):
            os.write(theirs, b"x")

    threading.Thread(target=drip, daemon=True).start()
    with of:
        of.end()
        while (piece := of.next(PATIENCE_S)) is not None and not piece.last:
            pass
    stop.set()
    assert piece is not None
    assert not of.is_finished
