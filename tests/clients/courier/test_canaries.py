# SPDX-License-Identifier: AGPL-3.0-or-later
"""Canaries with real programs: a vault makes one, somebody posts it like a reporter, the courier brings it back."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.receipt import report_id
from tests.clients.courier.conftest import Told, Town, set_day
from tests.simulators.organisation import TODAY
from tests.simulators.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


Overheard = tuple[Town, Recorder]


@pytest.fixture(scope="module")
def overheard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overheard]:
    """A town whose server is reached by a line on which somebody listens; ana's vault knows the keys at the server, and has published."""
    with Recorder() as line, pytest.MonkeyPatch.context() as patched:
        set_day(patched)
        town = Town(tmp_path_factory.mktemp("overheard"), origin=line.origin)
        line.target = town.socket
        try:
            town.found()
            round_trip(town, "keys.parcel", "ana", "bo")
            town.carry_back("ana")
            yield town, line
        finally:
            town.stop()


def round_trip(town: Town, name: str, *readers: str) -> dict[str, Told]:
    """Publish, pull and import; what each import answered."""
    town.operate("publish")
    assert town.courier("pull", "--out", name).code == 0
    return {who: town.vault(who, "import", name) for who in readers}


def post(town: Town, file: Path, *words: str) -> Told:
    place = ["--server", town.origin, "--root", town.root, "--wait", "0"]
    return town.program("corncrake_courier", "canary", str(file), *place, *words, "--json")


def made(town: Town, folder: str) -> Path:
    told = town.vault("ana", "canary", "legal", folder)
    assert told.code == 0, told.err
    return town.folder / told.data["canaries"][0]["file"]


def clear(sealed: bytes) -> list[tuple[list[bytes], int]]:
    """What the header of an age file says in the clear: the kinds of its stanzas, and how long their lines are."""
    lines = sealed.partition(b"\n---")[0].split(b"\n")
    return [(line.split(b" ")[:2] if line.startswith(b"->") else [], len(line)) for line in lines]


def shape(line: Recorder) -> list[tuple[int, bytes]]:
    """Which requests went on which connection, up to the report, as whoever listens sees them.

    But for the bucket, which is another for each thread.
    """
    requests = [(one.connection, re.sub(rb"(/editions/[a-z]+/[0-9]+)/[0-9]+ ", rb"\1/B ", one.head)) for one in line.requests()]
    last = next(place for place, (_, head) in enumerate(requests) if head.startswith(b"POST "))
    return requests[: last + 1]


def test_on_the_wire_a_canary_is_a_short_report_to_the_last_byte_of_each_head(overheard: Overheard) -> None:
    town, line = overheard
    line.forget()
    place = ["--server", town.origin, "--root", town.root, "--language", "en"]
    sent = town.program("corncrake_reporter", "send", *place, "--text", "It happened on the bridge.", "--yes", "--json")
    assert sent.code == 0, sent.err
    reporter, report = shape(line), [one.body for one in line.requests() if one.body]
    line.forget()
    posted = post(town, made(town, "look"))
    assert posted.code == 0, posted.err
    assert shape(line) == reporter
    assert any(b"/editions/ana/" in head for _, head in reporter), "no tile was asked for: the comparison says less than it could"
    canary = [one.body for one in line.requests() if one.body]
    assert [len(body) for body in canary] == [len(body) for body in report]
    # As far as an age file is in the clear: lines of the same kind, each as long.
    assert clear(canary[0]) == clear(report[0])
    assert len(line.requests()) == len(reporter)


def test_a_canary_comes_back_and_no_vault_lists_it(overheard: Overheard) -> None:
    town, _ = overheard
    round_trip(town, "before.parcel", "ana", "bo")
    before = {who: town.vault(who, "list").data for who in ("ana", "bo")}
    (canary,) = town.vault("ana", "canary", "legal", "stick").data["canaries"]
    assert post(town, town.folder / canary["file"]).code == 0
    # Twice is one report.
    assert post(town, town.folder / canary["file"]).data["id"] == canary["report"]
    said = round_trip(town, "canary.parcel", "ana", "bo")
    for who, expected in (("ana", [canary["number"]]), ("bo", [])):
        data = said[who].data
        assert (data["reports"], data["canaries"], data["kept_aside"], data["faults"]) == ([canary["report"]], expected, [], [])
    states = {one["number"]: one["state"] for one in town.vault("ana", "canary").data["canaries"]}
    assert states[canary["number"]] == "back"
    assert {who: town.vault(who, "list").data for who in ("ana", "bo")} == before


def test_an_altered_canary_is_not_posted(overheard: Overheard) -> None:
    town, line = overheard
    file = made(town, "altered")
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    line.forget()
    told = post(town, file)
    assert (told.code, told.data["failure"]) == (1, "altered")
    assert "Nothing was posted" in told.err
    assert not [one for one in line.requests() if one.head.startswith(b"POST")]


def test_a_canary_without_its_slip_is_not_posted(overheard: Overheard) -> None:
    town, line = overheard
    file = made(town, "alone")
    file.with_suffix(".json").unlink()
    line.forget()
    told = post(town, file)
    assert (told.code, told.data["failure"], line.requests()) == (1, "misuse", [])


@pytest.mark.parametrize(("weeks", "says"), [(-1, "later week"), (1, "ended on")])
def test_a_canary_is_posted_in_its_week_only(overheard: Overheard, monkeypatch: pytest.MonkeyPatch, weeks: int, says: str) -> None:
    town, line = overheard
    file = made(town, f"week{weeks}")
    monkeypatch.setenv("CORNCRAKE_TODAY", (TODAY + timedelta(weeks=weeks)).isoformat())
    line.forget()
    told = post(town, file)
    assert (told.code, told.data["failure"], line.requests()) == (1, "epoch", [])
    assert says in told.data["detail"]


def test_a_canary_that_would_stand_out_is_not_posted(overheard: Overheard) -> None:
    town, line = overheard
    file, larger = made(town, "small"), town.folder / "larger.age"
    # The bytes and slip of a report to three, whom this desk has not.
    shutil.copy(file.with_suffix(".json"), larger.with_suffix(".json"))
    raw = file.read_bytes() + bytes(1_557)
    larger.write_bytes(raw)
    slip = larger.with_suffix(".json")
    slip.write_text(re.sub(r"[0-9a-f]{64}", report_id(raw), slip.read_text()))
    line.forget()
    told = post(town, larger)
    assert (told.code, told.data["failure"]) == (1, "size")
    assert not [one for one in line.requests() if one.head.startswith(b"POST")]


def test_a_vault_makes_no_canary_for_a_week_of_which_the_server_has_no_keys(overheard: Overheard) -> None:
    town, _ = overheard
    told = town.vault("ana", "canary", "legal", "far", "--week", "9")
    assert (told.code, told.data["failure"]) == (1, "too-few")
    assert not list((town.folder / "far").glob("*"))
