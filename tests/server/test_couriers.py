# SPDX-License-Identifier: AGPL-3.0-or-later
"""What couriers may do, and who is not let in."""

import asyncio
import hashlib
import socket
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from corncrake_crypto.charter import Log, Organisation, Recovery
from corncrake_crypto.charter_change import countersign
from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import b64url, canonical
from corncrake_crypto.fields import LogHead
from corncrake_crypto.identities import Identity
from corncrake_crypto.merkle import EMPTY_ROOT
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.padding import REPORT_CLASSES
from corncrake_crypto.receipt import report_id
from corncrake_crypto.signatures import SigningKey
from corncrake_server.app import Process
from corncrake_server.clock import SystemClock
from corncrake_server.refusals import NoRoom
from corncrake_server.services.outbound import MOST_WANTED
from corncrake_server.settings import load_settings
from corncrake_server.storage.database import Database
from corncrake_server.storage.documents import SqlDocuments
from tests.server.blocks import pieces_of
from tests.server.conftest import MakeServer
from tests.server.running import PATIENCE_S, RunningServer
from tests.simulators.organisation import EPOCH, TODAY

PENDING = "/v1/courier/pending"


def peak_memory(pid: int) -> int:
    """The most bytes of memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


async def claimed_of(server: RunningServer, names: list[str]) -> set[str]:
    """Those of some blocks that the reviewer `ana` waits for."""
    database = Database(load_settings(None, {}, server.environment).url)
    try:
        return set(await SqlDocuments(database).wanted(names, ["ana"]))
    finally:
        await database.close()


def failure(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["failure"]


SIGNED_ONLY = [
    PENDING,
    "/v1/courier/openings?start=0&end=1",
    "/v1/courier/deletions?start=1",
    "/v1/courier/acknowledgements/ana/1",
    f"/v1/courier/reports/{'0' * 64}",
    f"/v1/blocks/{'0' * 32}",
]


@pytest.mark.parametrize("path", SIGNED_ONLY)
def test_nobody_without_a_signature_is_let_in(server: RunningServer, path: str) -> None:
    assert failure(server.get(path)) == (401, "encoding")


def test_a_key_that_the_charter_does_not_name_is_not_let_in(server: RunningServer) -> None:
    headers = server.signed("GET", PENDING, key=SigningKey.generate())
    assert failure(server.get(PENDING, headers=headers)) == (401, "signature")
    headers = server.signed("GET", PENDING, keyid="other")
    assert failure(server.get(PENDING, headers=headers)) == (401, "signature")


def test_a_signed_request_made_again_is_refused(server: RunningServer) -> None:
    headers = server.signed("GET", PENDING)
    assert server.get(PENDING, headers=headers).status_code == 200
    assert failure(server.get(PENDING, headers=headers)) == (401, "repeated")


def test_a_signature_for_another_path_query_method_or_server_is_refused(server: RunningServer) -> None:
    openings = "/v1/courier/openings?start=0&end=2"
    for headers in (
        server.signed("GET", f"/v1/courier/reports/{'0' * 64}"),
        server.signed("GET", "/v1/courier/openings?start=0&end=1"),
        server.signed("PUT", openings),
        server.signed("GET", openings, authority="http://127.0.0.1:1"),
    ):
        assert failure(server.get(openings, headers=headers)) == (401, "signature")


def test_an_old_signature_and_one_from_the_future_are_refused(server: RunningServer) -> None:
    now = int(time.time())
    old = server.signed("GET", PENDING, created=now - 400, expires=now - 100)
    assert failure(server.get(PENDING, headers=old)) == (401, "expired")
    future = server.signed("GET", PENDING, created=now + 200, expires=now + 400)
    assert failure(server.get(PENDING, headers=future)) == (401, "not-yet-valid")


def test_a_stored_report_is_given_to_a_courier_as_it_came(server: RunningServer) -> None:
    body = server.report(REPORT_CLASSES[1])
    receipt = server.send(body).text
    assert receipt in server.fetch(PENDING).json()["notes"]
    assert server.fetch(f"/v1/courier/reports/{report_id(body)}").content == body


def test_a_report_that_is_not_there_is_said_to_be_not_there(server: RunningServer) -> None:
    assert server.fetch(f"/v1/courier/reports/{'0' * 64}").status_code == 404
    assert server.fetch("/v1/courier/reports/x").status_code == 404


# -- parcels ---------------------------------------------------------------------------------------------------------------


def heads(server: RunningServer) -> list[str]:
    return server.get("/v1/desks/legal/heads").json()["notes"]


def test_a_parcel_is_applied_once(fresh_server: RunningServer) -> None:
    parcel = fresh_server.parcel("ana", 2, fresh_server.edition(2))
    assert fresh_server.push("ana", 2, parcel).status_code == 201
    assert fresh_server.push("ana", 2, parcel).status_code == 200
    other = fresh_server.parcel("ana", 2, fresh_server.edition(3))
    assert failure(fresh_server.push("ana", 2, other)) == (409, "equivocation")
    assert '"number":2' in heads(fresh_server)[0]


def test_a_new_edition_replaces_the_old_one_and_its_tiles(fresh_server: RunningServer) -> None:
    tiles = [fresh_server.organisation.tile((bytes([n]) * 16, bytes([n]) * 7_803)) for n in range(4)]
    assert fresh_server.get("/v1/desks/legal/editions/ana/1/0").status_code == 200
    assert fresh_server.push("ana", 2, fresh_server.parcel("ana", 2, fresh_server.edition(2, *tiles))).status_code == 201
    assert fresh_server.get("/v1/desks/legal/editions/ana/1/0").status_code == 404
    assert [fresh_server.get(f"/v1/desks/legal/editions/ana/2/{at}").content for at in range(4)] == tiles
    assert len(heads(fresh_server)) == 1


def test_whatever_is_wrong_with_a_parcel_nothing_of_it_is_applied(fresh_server: RunningServer) -> None:
    server = fresh_server
    before = heads(server)
    good = server.edition(2)
    raw = server.parcel("ana", 2, good)
    stranger = SigningKey.generate()
    tile = server.organisation.tile((b"t" * 16, b"r" * 7_803))
    cases = [
        ("signature", server.parcel("ana", 2, good, key=stranger)),
        ("signature", server.parcel("bo", 2, good, key=stranger)),
        ("altered", server.parcel("ana", 3, good)),
        ("root", server.parcel("ana", 2, good, root="a" * 52)),
        ("altered", raw[:-5_000] + b"x" + raw[-4_999:]),
        ("shortened", raw[: len(raw) // 2]),
        ("archive", raw + bytes(512)),
        ("archive", b"hello" * 300),
        ("archive", server.parcel("ana", 2, [*good, ("journal.json", b"{}")])),
        ("edition", server.parcel("ana", 2, good[:1])),
        ("edition", server.parcel("ana", 2, good[1:])),
        ("edition", server.parcel("ana", 2, [good[0], (good[1][0], tile)])),
        ("edition", server.parcel("ana", 2, server.edition(1))),
        ("signature", server.parcel("ana", 2, server.edition(2, signer=stranger))),
        ("signature", server.parcel("ana", 2, server.edition(2, reviewer="bo"))),
        ("desk", server.parcel("ana", 2, [("edition-other.note", good[0][1])])),
        ("json", server.parcel("ana", 2, [("prekeys.json", b"\xff\xfe")])),
        ("not-canonical", server.parcel("ana", 2, [("prekeys.json", b'{ "notes": []}')])),
        ("note", server.parcel("ana", 2, [("prekeys.json", b'{"notes":["x"]}')])),
        ("signature", server.parcel("ana", 2, [server.prekeys("bo")])),
        ("equivocation", server.parcel("ana", 2, [server.prekeys("ana", recipient=server.organisation.identities["bo"].recipient.text)])),
        ("note", server.parcel("ana", 2, [("acknowledgement.note", b"hello\n")])),
        ("note", server.parcel("ana", 2, [("charter.note", b"[" * 100_000)])),
        ("json", server.parcel("ana", 2, [("form-0000000000000000.json", server.organisation.form[:-1] + b" ")])),
    ]
    for word, parcel in cases:
        answer = server.push("ana", 2, parcel)
        assert answer.json()["failure"] == word, (word, answer.text)
        assert 400 <= answer.status_code < 500
        assert heads(server) == before
    assert server.push("ana", 2, raw).status_code == 201


def test_a_parcel_with_the_same_prekey_twice_is_refused_and_is_no_failure_of_the_server(fresh_server: RunningServer) -> None:
    member = fresh_server.prekeys("ana", (EPOCH + 2, EPOCH + 2))
    answer = fresh_server.push("ana", 2, fresh_server.parcel("ana", 2, [member]))
    assert failure(answer) == (409, "equivocation")


def test_a_reviewer_cannot_close_a_desk_by_repeating_the_key_of_another(fresh_server: RunningServer) -> None:
    path = f"/v1/desks/legal/epochs/{EPOCH}/prekeys"
    before = fresh_server.get(path).content
    theirs = fresh_server.organisation.identities["ana"].recipient.text
    parcel = fresh_server.parcel("bo", 2, [fresh_server.prekeys("bo", number=2, recipient=theirs)])
    assert failure(fresh_server.push("bo", 2, parcel)) == (409, "equivocation")
    assert fresh_server.get(path).content == before
    own = fresh_server.parcel("bo", 2, [fresh_server.prekeys("bo", number=2)])
    assert fresh_server.push("bo", 2, own).status_code == 201, "a key may be announced again by whose it is"


def test_a_reviewer_cannot_repeat_the_recovery_key_of_a_desk(fresh_server: RunningServer) -> None:
    desk, key = fresh_server.organisation.desk(), Identity.generate().recipient.text
    recovery = Recovery(number=1, quarter="2026-Q4", recipient=key, not_before=TODAY, not_after=TODAY)
    charter = fresh_server.sign_charter(sequence=2, desks=(replace(desk, recovery=(recovery,)),))
    charter = countersign(charter, "ana", fresh_server.organisation.reviewers["ana"])
    assert fresh_server.push("ana", 2, fresh_server.parcel("ana", 2, [("charter.note", charter)])).status_code == 201
    parcel = fresh_server.parcel("bo", 2, [fresh_server.prekeys("bo", number=2, recipient=key)])
    assert failure(fresh_server.push("bo", 2, parcel)) == (409, "equivocation")


def test_a_parcel_other_than_the_one_signed_for_is_refused(fresh_server: RunningServer) -> None:
    path = "/v1/courier/inbox/ana/2"
    parcel = fresh_server.parcel("ana", 2, fresh_server.edition(2))
    headers = fresh_server.signed("PUT", path, parcel[:-1] + b"x")
    assert failure(httpx.put(fresh_server.origin + path, content=parcel, headers=headers, timeout=PATIENCE_S)) == (400, "altered")


def test_an_edition_for_a_charter_that_is_not_here_is_refused(fresh_server: RunningServer) -> None:
    charter = fresh_server.sign_charter(sequence=2)
    ref = {"sequence": 2, "sha256": text_hash(unverified_text(charter))}
    members = fresh_server.edition(2, charter=ref)
    assert failure(fresh_server.push("ana", 2, fresh_server.parcel("ana", 2, members))) == (409, "rollback")
    members = [("charter.note", charter), *members]
    assert fresh_server.push("ana", 2, fresh_server.parcel("ana", 2, members)).status_code == 201
    assert fresh_server.get("/v1/charter").content == charter


def test_a_charter_is_refused_when_it_is_forged_foreign_or_of_another_log(fresh_server: RunningServer) -> None:
    server = fresh_server
    assert server.push("ana", 2, server.parcel("ana", 2, [("charter.note", server.sign_charter(sequence=3))])).status_code == 201
    for word, charter in (
        ("equivocation", server.sign_charter(sequence=3, release_keys=("A" * 43,))),
        ("origin", server.sign_charter(sequence=4, origin="https://other.example.org")),
        ("charter", server.sign_charter(sequence=4, log=Log(origin="x/log/1", key="A" * 43))),
        ("root", server.sign_charter(sequence=4, root="a" * 52)),
        ("root", server.sign_charter(sequence=4, organisation=Organisation(key=b64url(SigningKey.generate().public), names={"en": "X"}))),
    ):
        answer = server.push("ana", 3, server.parcel("ana", 3, [("charter.note", charter)]))
        assert answer.json()["failure"] == word


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_a_parcel_with_a_charter_that_is_known_or_older_is_applied_and_changes_no_charter(fresh_server: RunningServer, sequence: int) -> None:
    server = fresh_server
    newest = server.sign_charter(sequence=3)
    assert server.push("ana", 2, server.parcel("ana", 2, [("charter.note", newest)])).status_code == 201
    note = newest if sequence == 3 else server.sign_charter(sequence=sequence)
    ref = {"sequence": 3, "sha256": text_hash(unverified_text(newest))}
    members = [("charter.note", note), *server.edition(2, charter=ref)]
    assert server.push("ana", 3, server.parcel("ana", 3, members)).status_code == 201
    assert server.get("/v1/charter").content == newest
    assert '"number":2' in heads(server)[0]


@pytest.mark.parametrize(("ahead", "status"), [(1, 201), (2, 400)])
def test_an_edition_is_taken_of_tomorrow_and_not_of_the_day_after(fresh_server: RunningServer, ahead: int, status: int) -> None:
    members = fresh_server.edition(2, day=TODAY + timedelta(days=ahead))
    assert fresh_server.push("ana", 2, fresh_server.parcel("ana", 2, members)).status_code == status


def test_an_edition_is_refused_when_it_names_a_state_of_the_log_that_was_never_signed(fresh_server: RunningServer) -> None:
    server = fresh_server
    server.publish()
    head = open_checkpoint(server.get("/log/1/checkpoint").content, server.log_origin, server.log_key)
    wrong = [
        ("fork", LogHead(origin=server.log_origin, size=0, root=b64url(bytes(32)))),
        ("fork", LogHead(origin=server.log_origin, size=head.size, root=b64url(EMPTY_ROOT))),
        ("fork", LogHead(origin=server.log_origin, size=head.size - 1, root=b64url(head.root))),
        ("fork", LogHead(origin=server.log_origin, size=head.size + 64, root=b64url(head.root))),
        ("origin", LogHead(origin="other.example.org/log/1", size=head.size, root=b64url(head.root))),
    ]
    for word, log in wrong:
        assert server.push("ana", 2, server.parcel("ana", 2, server.edition(2, log=log))).json()["failure"] == word
    seen = LogHead(origin=server.log_origin, size=head.size, root=b64url(head.root))
    assert server.push("ana", 2, server.parcel("ana", 2, server.edition(2, log=seen))).status_code == 201


def test_a_parcel_may_take_longer_than_a_report_as_long_as_it_comes(make_server: MakeServer) -> None:
    server = make_server(body_seconds=1, body_grace_seconds=1)
    server.start()
    server.open_desk()
    path, parcel = "/v1/courier/inbox/ana/2", server.parcel("ana", 2, server.edition(2))
    head = "".join(f"{name}: {value}\r\n" for name, value in server.signed("PUT", path, parcel).items())
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(parcel)}\r\n{head}\r\n".encode() + parcel[:30_000])
        connection.settimeout(1.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(60)
        connection.sendall(parcel[30_000:])
        assert b" 201 " in connection.makefile("rb").readline()


def test_a_parcel_too_large_is_refused_before_it_is_sent(server: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"PUT /v1/courier/inbox/ana/9 HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert b" 413 " in answer.splitlines()[0]


def test_a_parcel_that_comes_leaves_the_room_that_is_kept_for_reports(make_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make_server()
    parcel, free = server.parcel("ana", 1, server.edition(1)), [1 << 40]
    process = Process(load_settings(None, {}, server.environment), SystemClock())

    def free_bytes(_: Path) -> int:
        return free[0]

    monkeypatch.setattr("corncrake_server.storage.files.free_bytes", free_bytes)

    async def filling() -> AsyncIterator[bytes]:
        async for piece in pieces_of(parcel, 10_000):
            yield piece
            free[0] = 0

    async def act() -> None:
        try:
            with pytest.raises(NoRoom):
                await process.services.inbox.receive("ana", 1, hashlib.sha256(parcel).digest(), len(parcel), filling())
        finally:
            await process.stop()

    asyncio.run(act())


def test_a_parcel_may_claim_a_hundred_thousand_blocks_and_not_one_more(fresh_server: RunningServer) -> None:
    names = [f"{at:032x}" for at in range(MOST_WANTED + 1)]
    process = fresh_server.process
    assert process is not None
    before = peak_memory(process.pid)
    # The second parcel claims as many others: the first list goes and a new one comes, in one transaction.
    for number, claimed in ((2, names[:-1]), (3, names[1:])):
        parcel = fresh_server.parcel("ana", number, [("wanted.json", canonical({"blocks": claimed}))])
        assert fresh_server.push("ana", number, parcel).status_code == 201
    assert peak_memory(process.pid) - before < 192 << 20
    parcel = fresh_server.parcel("ana", 4, [("wanted.json", canonical({"blocks": names}))])
    assert failure(fresh_server.push("ana", 4, parcel)) == (400, "json")
    assert asyncio.run(claimed_of(fresh_server, [names[0], names[1], names[-1]])) == {names[1], names[-1]}


def test_what_was_published_in_a_parcel_stands_in_the_log_in_clear(fresh_server: RunningServer) -> None:
    fresh_server.publish()
    bundle = fresh_server.get("/log/1/tile/entries/000.p/70").content
    # One charter, two prekeys each of two reviewers, one edition, and 64 commitments.
    head = fresh_server.get("/v1/desks/legal/heads").json()["notes"][0]
    assert hashlib.sha256(unverified_text(head.encode()).encode()).hexdigest().encode() in bundle
    assert bundle.count(b"corncrake.org/leaf/v1\nprekeys\n") == 4
