# SPDX-License-Identifier: AGPL-3.0-or-later
"""A monitor and a real server: an honest one is well, and whatever it takes back or shows twice is found, with evidence."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from corncrake_crypto.checkpoint import open_checkpoint, sign_checkpoint
from corncrake_crypto.encoding import b64url, day_text
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_monitor.evidence import Evidence, keep
from corncrake_server.storage.log_key import LogKeyFiles
from tests.clients.monitor.test_watched_charters import restart
from tests.crypto.independent import Verifier, head, is_consistent
from tests.simulators.organisation import EPOCH, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from tests.clients.monitor.conftest import MakeMonitor, Monitor, OtherSide
    from tests.server.running import RunningServer


def test_an_honest_server_is_well_and_stays_so_as_its_log_grows(server: RunningServer, monitor: Monitor) -> None:
    first = monitor.watch(server)
    assert (first.code, first.said["found"]) == (0, [])
    for _ in range(5):
        server.publish()
    again = monitor.watch(server)
    assert (again.code, again.said["size"]) == (0, first.said["size"] + 5 * 64)
    assert monitor.run("status", "--state", str(monitor.state), "--json").said["seen"][0]["size"] == again.said["size"]


def test_the_state_is_one_small_file_and_only_its_owner_reads_it(server: RunningServer, monitor: Monitor) -> None:
    monitor.watch(server)
    assert monitor.state.stat().st_mode & 0o077 == 0
    assert monitor.state.stat().st_size < 32_768
    assert {path.name for path in monitor.folder.iterdir()} == {"state.json", ".state.json.lock"}


def test_a_log_that_was_cut_is_found_and_the_head_is_not_taken_back(server: RunningServer, monitor: Monitor) -> None:
    server.end()
    kept = server.folder / "kept"
    shutil.copytree(server.data, kept)
    server.start()
    server.publish()
    size = monitor.watch(server).said["size"]
    server.end()
    shutil.rmtree(server.data)
    shutil.copytree(kept, server.data)
    server.start()
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["shrunken"])
    assert json.loads(monitor.state.read_bytes())["seen"][0]["note"].split("\n")[1] == str(size)
    # An older head that is shown again is signed rightly: nobody can prove when it was shown.
    assert not monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]
    assert monitor.watch(server).said["kept"][0]["word"] == "shrunken"


def test_a_server_that_changes_sides_is_found_and_the_evidence_convinces_another_program(
    server: RunningServer, other_side: OtherSide, monitor: Monitor
) -> None:
    server.publish()
    assert monitor.watch(server).code == 0
    other_side.publish()
    other_side.publish()
    ran = monitor.watch(server, "--uds", str(other_side.socket))
    assert (ran.code, ran.words) == (1, ["fork"])
    name = ran.said["found"][0]["evidence"]
    assert monitor.judge(name).said["proven"]
    raw = json.loads((monitor.folder / name).read_bytes())
    older, newer = (note.encode() for note in raw["notes"])
    log = Verifier(raw["name"], 1, server.log_key)
    assert log.signed(older)
    assert log.signed(newer)
    (_, small, small_root), (_, large, large_root) = head(older), head(newer)
    path = [unb64(node) for node in raw["path"]]
    assert is_consistent(small, large, path, unb64(raw["earlier_root"]), large_root)
    assert unb64(raw["earlier_root"]) != small_root


def unb64(text: str) -> bytes:
    """Bytes of base64url, apart from our own encoding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_evidence_that_was_made_up_proves_nothing(server: RunningServer, other_side: OtherSide, monitor: Monitor) -> None:
    server.publish()
    monitor.watch(server)
    other_side.publish()
    name = monitor.watch(server, "--uds", str(other_side.socket)).said["found"][0]["evidence"]
    raw = (monitor.folder / name).read_text()
    honest = json.loads(monitor.state.read_bytes())["seen"][0]["note"]
    for made_up in (
        json.dumps(json.loads(raw) | {"notes": [honest, honest]}),
        json.dumps(json.loads(raw) | {"key": b64url(SigningKey.generate().public)}),
        json.dumps(json.loads(raw) | {"notes": json.loads(raw)["notes"][:1]}),
    ):
        (monitor.folder / "made-up.json").write_text(json.dumps(json.loads(made_up), sort_keys=True, separators=(",", ":"), ensure_ascii=False))
        assert not monitor.judge("made-up.json").said["proven"]


def test_two_monitors_that_see_two_sides_catch_it_by_comparing(server: RunningServer, other_side: OtherSide, make_monitor: MakeMonitor) -> None:
    one, two = make_monitor(), make_monitor()
    two.keygen()
    server.publish()
    other_side.publish()
    assert one.watch(server).code == 0
    assert two.watch(server, "--uds", str(other_side.socket)).code == 0
    two.serve()
    ran = one.watch(server, "--compare", f"{two.url}/seen")
    assert (ran.code, ran.words) == (1, ["fork"])
    assert one.judge(ran.said["found"][0]["evidence"]).said["proven"]


def test_a_long_path_of_what_is_compared_with_damages_no_state(server: RunningServer, other_side: OtherSide, monitor: Monitor) -> None:
    folder = monitor.folder.joinpath(*["\tx" * 50] * 22)
    folder.mkdir(parents=True)
    other_side.publish()
    server.publish()
    (folder / "seen").write_bytes(other_side.get("/log/1/checkpoint"))
    ran = monitor.watch(server, "--compare", str(folder / "seen"))
    assert (ran.code, ran.words) == (1, ["fork"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]
    assert [one["word"] for one in monitor.watch(server).said["kept"]] == ["fork"]


def test_what_a_vault_says_to_have_seen_is_compared_as_json_or_text(server: RunningServer, other_side: OtherSide, monitor: Monitor) -> None:
    other_side.publish()
    server.publish()
    note = other_side.get("/log/1/checkpoint")
    origin, size, root = head(note)
    (monitor.folder / "seen.json").write_text(f'{{"origin":"{origin}","root":"{b64url(root)}","size":{size}}}')
    (monitor.folder / "seen.txt").write_bytes(note.split(b"\n\n")[0] + b"\n")
    for name in ("seen.json", "seen.txt"):
        ran = monitor.watch(server, "--compare", str(monitor.folder / name))
        assert (ran.code, ran.words) == (1, ["fork"])
    (monitor.folder / "same").write_bytes(server.get("/log/1/checkpoint").content)
    assert monitor.watch(server, "--compare", str(monitor.folder / "same")).words == []


def test_a_log_that_reviewers_were_shown_and_the_public_was_not_is_found_by_their_editions(
    server: RunningServer, other_side: OtherSide, monitor: Monitor
) -> None:
    other_side.publish()
    server.publish()
    origin, size, root = head(other_side.get("/log/1/checkpoint"))
    seen = LogHead(origin=origin, size=size, root=b64url(root))
    pushed = server.push("ana", 2, server.parcel("ana", 2, server.edition(2, log=seen)))
    # The server takes an edition that names a log it has not signed only where nobody checks: put it in the way a hostile one would.
    if pushed.status_code != 201:
        replace_edition(server, server.edition(2, log=seen)[0][1])
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["fork"])
    assert "ana" in ran.said["found"][0]["says"]


def replace_edition(server: RunningServer, note: bytes) -> None:
    """Put a head of an edition into the database."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("UPDATE editions SET note = ?, number = 2, sha256 = ?", (note, text_hash(unverified_text(note))))


def test_a_log_that_stands_still_is_found_after_two_days(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server, today=day_text(TODAY + timedelta(days=2))).words == []
    ran = monitor.watch(server, today=day_text(TODAY + timedelta(days=3)))
    assert (ran.code, ran.words) == (1, ["frozen"])
    # It may go on: then all is well again.
    assert monitor.watch(server).code == 0


def put_day(server: RunningServer, day: date) -> None:
    """Sign the newest head anew, as of another day."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        size, note = database.execute("SELECT size, note FROM heads ORDER BY size DESC").fetchone()
        signed = open_checkpoint(note, server.log_origin, server.log_key)
        again = sign_checkpoint(signed._replace(day=day), LogKeyFiles(server.data).key)
        database.execute("UPDATE heads SET note = ? WHERE size = ?", (again, size))


def test_days_of_heads_that_run_backwards_are_proven_and_stay_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    server.publish()
    put_day(server, TODAY - timedelta(days=1))
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["rollback"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]
    again = monitor.watch(server)
    assert (again.code, again.words, [one["word"] for one in again.said["kept"]]) == (1, [], ["rollback"])


def test_days_that_run_backwards_between_two_monitors_are_proven(server: RunningServer, monitor: Monitor) -> None:
    (monitor.folder / "seen").write_bytes(server.get("/log/1/checkpoint").content)
    server.publish()
    put_day(server, TODAY - timedelta(days=1))
    assert monitor.watch(server).code == 0
    ran = monitor.watch(server, "--compare", str(monitor.folder / "seen"))
    assert (ran.code, ran.words) == (1, ["rollback"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]


def test_an_edition_of_a_reviewer_that_equivocates_is_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    ref = CharterRef(sequence=1, sha256=text_hash(unverified_text(server.charter)))
    log = LogHead(origin=server.log_origin, size=0, root=b64url(bytes(32)))
    other = server.organisation.head(
        number=1, charter=ref, day=TODAY - timedelta(days=1), log=replace(log, root="47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
    )
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("UPDATE editions SET note = ?", (other,))
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["equivocation"])
    verdict = monitor.judge(ran.said["found"][0]["evidence"]).said
    assert (verdict["proven"], verdict["why"]) == (True, "reviewer/ana has signed edition 1 of ana at desk legal, in two different texts")


def test_a_reviewer_with_two_keys_of_one_number_is_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    other = server.organisation.prekey("bo", recipient=server.organisation.identities["ana"].recipient.text)
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("UPDATE prekeys SET note = ? WHERE reviewer = 'bo' AND epoch = ?", (other, EPOCH))
    restart(server)
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["equivocation"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]


def test_one_key_in_two_organisations_has_not_signed_two_of_one_number(monitor: Monitor) -> None:
    one, other = SimulatedOrganisation(), SimulatedOrganisation()
    key = one.reviewers["ana"]
    notes = [one.prekey("ana"), other.prekey("ana", signer=key)]
    evidence = Evidence(word="equivocation", says="", name="reviewer/ana", key=b64url(key.public), notes=tuple(note.decode() for note in notes))
    assert not monitor.judge(keep(monitor.folder, evidence)).said["proven"]


def test_a_state_of_one_organisation_is_not_used_for_another(server: RunningServer, monitor: Monitor) -> None:
    monitor.watch(server)
    server.organisation.root = bytes(32)
    assert monitor.watch(server).code == 2


def test_a_damaged_state_is_never_begun_anew(server: RunningServer, monitor: Monitor) -> None:
    monitor.watch(server)
    monitor.state.write_bytes(monitor.state.read_bytes()[:-10])
    ran = monitor.watch(server)
    assert ran.code == 2
    assert "store" in ran.err


def test_a_server_that_is_not_there_is_no_alarm(server: RunningServer, monitor: Monitor) -> None:
    monitor.watch(server)
    server.end()
    ran = monitor.watch(server)
    assert (ran.code, ran.words, ran.said["looked"]) == (3, ["store"], False)
    server.start()
    assert monitor.watch(server).code == 0
