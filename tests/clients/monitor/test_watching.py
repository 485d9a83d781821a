# SPDX-License-Identifier: AGPL-3.0-or-later
"""A monitor and a real server: an honest one is well, and whatever it takes back or shows twice is found, with evidence."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from corncrake_crypto.charter import Log, Reviewer, sign_charter, sign_succession
from corncrake_crypto.checkpoint import open_checkpoint, sign_checkpoint
from corncrake_crypto.encoding import b64url, day_text
from corncrake_crypto.fields import CharterRef, LogHead
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import leaf_entry
from corncrake_monitor.evidence import Evidence, keep
from corncrake_server.storage.log_key import LogKeyFiles
from tests.clients.monitor.test_hostile_server import Liar, behind, plain
from tests.crypto.independent import Verifier, head, is_consistent
from tests.simulators.organisation import EPOCH, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from corncrake_crypto.charter import Desk
    from tests.clients.monitor.conftest import MakeMonitor, Monitor, OtherSide, Ran
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


def test_a_charter_that_lets_somebody_in_unseen_is_found_and_one_that_says_emergency_is_told(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    stranger = SigningKey.generate()
    desk = server.organisation.desk()
    desk = replace(desk, reviewers=(*desk.reviewers, Reviewer(id="eve", identity=b64url(stranger.public))))
    unseen = server.sign_charter(sequence=2, desks=(desk,))
    assert server.bring(unseen).returncode != 0
    told = server.sign_charter(sequence=2, desks=(desk,), emergency=True, issued=TODAY)
    assert server.bring(told).returncode == 0
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["emergency"])
    assert "eve at legal" in ran.said["found"][0]["says"]


def with_eve(server: RunningServer) -> Desk:
    """The desk, and a stranger who reads there."""
    desk = server.organisation.desk()
    return replace(desk, reviewers=(*desk.reviewers, Reviewer(id="eve", identity=b64url(SigningKey.generate().public))))


def trust(server: RunningServer, sequence: int, days_ago: int, desk: Desk, **changes: Any) -> None:
    """Have a server show a charter as if it had just come, whatever day it bears."""
    issued = TODAY - timedelta(days=days_ago)
    put_charter(
        server, sequence, server.sign_charter(sequence=sequence, desks=(desk,), issued=issued, expires=issued + timedelta(days=90), **changes)
    )


def days_later(server: RunningServer, days: int) -> str:
    """Let days pass at the server; publish, and return the day."""
    day = day_text(TODAY + timedelta(days=days))
    server.environment["CORNCRAKE_TODAY"] = day
    server.end()
    server.publish()
    server.start()
    return day


def of(ran: Ran, word: str) -> list[str]:
    return [one["says"] for one in ran.said["found"] if one["word"] == word]


def test_an_emergency_of_a_day_long_past_that_the_next_charter_does_not_tell_is_told_for_thirty_days(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    desk = with_eve(server)
    trust(server, 2, 31, desk, emergency=True)
    trust(server, 3, 0, desk)
    restart(server)
    first = monitor.watch(server)
    assert first.words == ["emergency"]
    assert "charter 2 let somebody in" in first.said["found"][0]["says"]
    assert len(of(monitor.watch(server, today=days_later(server, 29)), "emergency")) == 1
    assert of(monitor.watch(server, today=days_later(server, 30)), "emergency") == []


def test_who_is_let_in_by_a_charter_that_says_nothing_is_found_by_every_pass_for_thirty_days(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    desk = with_eve(server)
    trust(server, 2, 0, desk)
    trust(server, 3, 0, desk)
    restart(server)
    for days in (0, 29):
        (said,) = of(monitor.watch(server, today=days_later(server, days)), "signature")
        assert "eve at legal" in said
    assert of(monitor.watch(server, today=days_later(server, 30)), "signature") == []


def test_a_monitor_that_comes_later_tells_who_was_let_in_before_it(server: RunningServer, monitor: Monitor) -> None:
    desk = with_eve(server)
    trust(server, 2, 60, desk, emergency=True)
    trust(server, 3, 0, desk)
    restart(server)
    assert monitor.watch(server).words == ["emergency"]


def test_an_emergency_that_clients_are_shown_and_that_let_in_nobody_whom_the_monitor_knows_is_told(server: RunningServer, monitor: Monitor) -> None:
    assert server.bring(server.sign_charter(sequence=2, emergency=True, issued=TODAY)).returncode == 0
    (said,) = of(monitor.watch(server), "emergency")
    assert "says that somebody was let in" in said


@pytest.mark.parametrize(("days_ago", "found"), [(30, False), (31, True)])
def test_an_emergency_must_be_told_for_thirty_days_from_the_charter_that_let_somebody_in(
    server: RunningServer, monitor: Monitor, days_ago: int, found: bool
) -> None:
    desk = with_eve(server)
    trust(server, 2, 60, desk, emergency=True)
    trust(server, 3, 35, desk, emergency=True)
    trust(server, 4, days_ago, desk)
    restart(server)
    assert monitor.watch(server).words == (["charter", "emergency"] if found else ["emergency"])


def shown(server: RunningServer, monitor: Monitor, charter: bytes) -> Ran:
    """One pass over a server that shows this charter, and is honest in all else."""

    def show(to: BaseHTTPRequestHandler, _body: bytes) -> None:
        plain(to, charter)

    server.end()
    behind(server, server.folder)
    with Liar(server) as liar:
        liar.path, liar.trick = "/v1/charter", show
        ran = monitor.watch(server)
    restart(server)
    return ran


def test_a_charter_whose_log_must_not_follow_stays_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    elsewhere = Log(origin="elsewhere.example/log/2", key=b64url(SigningKey.generate().public))
    moved = server.sign_charter(sequence=2, log=elsewhere, issued=TODAY)
    assert "charter" in shown(server, monitor, moved).words
    again = shown(server, monitor, moved)
    assert (again.code, [one["word"] for one in again.said["kept"]]) == (1, ["charter"])


def test_an_old_key_of_the_organisation_leads_no_monitor_to_another_log(server: RunningServer, monitor: Monitor) -> None:
    org, new = server.organisation, SigningKey.generate()
    chain = (sign_succession(org.root, 1, org.key, new).decode(),)
    log = Log(origin=server.log_origin, key=b64url(server.log_key))

    def by_new_key(sequence: int) -> bytes:
        holder = replace(org.charter().organisation, key=b64url(new.public))
        return sign_charter(org.charter(sequence=sequence, successions=chain, organisation=holder, origin=server.origin, log=log), new)

    put_charter(server, 2, by_new_key(2))
    restart(server)
    well = monitor.watch(server)
    assert well.code == 0
    thiefs = Log(origin=server.log_origin.removesuffix("1") + "2", key=b64url(SigningKey.generate().public))
    ran = shown(server, monitor, server.sign_charter(sequence=3, log=thiefs, issued=TODAY))
    assert (ran.code, ran.words, ran.said["size"]) == (1, ["equivocation"], well.said["size"])
    # The organisation goes on with its own key, and is accused of nothing.
    for sequence in (2, 3):
        put_charter(server, sequence, by_new_key(sequence))
        restart(server)
        ran = monitor.watch(server)
        assert (ran.words, [one["word"] for one in ran.said["kept"]]) == ([], ["equivocation"])


def test_a_charter_that_the_log_has_after_a_later_one_stays_found(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    for sequence in (3, 2):
        note = server.sign_charter(sequence=sequence, issued=TODAY)
        put_charter(server, sequence, note)
        with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
            database.execute("INSERT INTO public_leaves (entry) VALUES (?)", (leaf_entry("charter", unverified_text(note)),))
    restart(server)
    server.publish()
    assert monitor.watch(server).words == ["rollback"]
    again = monitor.watch(server)
    assert (again.code, [one["word"] for one in again.said["kept"]]) == (1, ["rollback"])


def test_an_older_charter_and_another_of_the_same_number_are_found(server: RunningServer, monitor: Monitor) -> None:
    following = server.sign_charter(sequence=2)
    assert server.bring(following).returncode == 0
    assert monitor.watch(server).code == 0
    put_charter(server, 2, server.sign_charter(sequence=2, expires=TODAY + timedelta(days=70)))
    restart(server)
    ran = monitor.watch(server)
    assert (ran.code, ran.words) == (1, ["equivocation"])
    assert monitor.judge(ran.said["found"][0]["evidence"]).said["proven"]
    drop_charter(server, 2)
    restart(server)
    assert "rollback" in monitor.watch(server).words


def test_a_charter_that_clients_are_shown_and_the_log_is_not_is_found(server: RunningServer, monitor: Monitor) -> None:
    put_charter(server, 2, server.sign_charter(sequence=2))
    assert monitor.watch(server).code == 0
    later = day_text(TODAY + timedelta(days=2))
    server.environment["CORNCRAKE_TODAY"] = later
    server.end()
    server.publish()
    server.start()
    ran = monitor.watch(server, today=later)
    assert ran.words == ["withheld"]
    assert "charter 2" in ran.said["found"][0]["says"]


def restart(server: RunningServer) -> None:
    """Start anew: a running server remembers its charter."""
    server.end()
    server.start()


def put_charter(server: RunningServer, sequence: int, note: bytes) -> None:
    """Put a charter into the database, past the checks of an honest server."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("INSERT OR REPLACE INTO charters VALUES (?, ?, ?)", (sequence, text_hash(unverified_text(note)), note))


def drop_charter(server: RunningServer, sequence: int) -> None:
    """Take a charter out of the database."""
    with sqlite3.connect(server.data / "corncrake.sqlite3") as database:
        database.execute("DELETE FROM charters WHERE sequence = ?", (sequence,))


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
