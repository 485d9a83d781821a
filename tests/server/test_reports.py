# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending a report: what is taken, what is refused and as what, and what a receipt says."""

import socket

import httpx
import pytest

from corncrake_crypto.charter import Recovery
from corncrake_crypto.charter_change import countersign
from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import REPORT_CLASSES, wire_size
from corncrake_crypto.receipt import open_receipt, report_id
from corncrake_crypto.seal import seal
from tests.server.conftest import MakeServer
from tests.server.running import PATIENCE_S, RunningServer, failure
from tests.simulators.organisation import EPOCH, TODAY


@pytest.mark.parametrize("size", REPORT_CLASSES)
def test_a_report_of_each_class_gets_a_receipt_that_verifies(server: RunningServer, size: int) -> None:
    body = server.report(size)
    answer = server.send(body)
    assert answer.status_code == 201
    open_receipt(answer.content, server.log_origin, server.log_key, report_id(body), "legal")


def test_the_same_bytes_again_get_the_same_receipt(server: RunningServer) -> None:
    body = server.report()
    first, second = server.send(body), server.send(body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content


def test_a_report_sealed_to_one_reviewer_too_few_is_refused(server: RunningServer) -> None:
    body = seal(bytes(REPORT_CLASSES[0]), [server.organisation.identities["ana"].recipient])
    assert failure(server.send(body)) == (400, "size")


def test_a_recovery_key_does_not_count_for_the_fewest_that_a_desk_asks_for(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    recovery = Recovery(number=1, quarter="2026-Q4", recipient=Identity.generate().recipient.text, not_before=TODAY, not_after=TODAY)
    charter = server.sign_charter(sequence=2, desks=(server.organisation.desk(recovery=(recovery,)),))
    charter = countersign(charter, "ana", server.organisation.reviewers["ana"])
    parcel = server.parcel("ana", 1, [("charter.note", charter), server.prekeys("ana")])
    assert server.push("ana", 1, parcel).status_code == 201
    # The desk asks for two reviewers, and only one has a key.
    assert failure(server.send(server.report())) == (409, "too-few")
    assert server.push("bo", 1, server.parcel("bo", 1, [server.prekeys("bo")])).status_code == 201
    assert server.send(server.report()).status_code == 201


def test_a_report_with_one_stanza_too_many_is_refused(server: RunningServer) -> None:
    people = [*server.organisation.identities.values(), Identity.generate()]
    assert failure(server.send(seal(bytes(REPORT_CLASSES[0]), [person.recipient for person in people]))) == (400, "size")


@pytest.mark.parametrize("position", [0, 10, 30, 1_600])
def test_a_report_with_one_byte_of_its_header_changed_to_a_blank_is_refused(server: RunningServer, position: int) -> None:
    body = bytearray(server.report())
    body[position] = 0x20
    assert failure(server.send(bytes(body))) == (400, "header")


def test_clear_text_of_the_right_length_is_refused(server: RunningServer) -> None:
    assert failure(server.send(b"x" * wire_size(2, REPORT_CLASSES[0]))) == (400, "header")


def test_a_report_one_byte_short_or_long_is_refused(server: RunningServer) -> None:
    body = server.report()
    assert failure(server.send(body[:-1])) == (400, "size")
    assert failure(server.send(body + b"\n")) == (400, "size")


def test_a_report_to_a_desk_that_is_not_there_is_refused(server: RunningServer) -> None:
    assert failure(server.send(server.report(), desk="other")) == (404, "desk")


@pytest.mark.parametrize("epoch", [0, EPOCH - 1, EPOCH + 1, 2**40])
def test_a_report_for_an_epoch_that_is_not_now_is_refused(server: RunningServer, epoch: int) -> None:
    # `TODAY` is a Wednesday: yesterday and tomorrow are of the same week.
    assert failure(server.send(server.report(), epoch=epoch)) == (409, "epoch")


def test_a_body_larger_than_any_report_is_refused_unread(server: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/v1/desks/legal/epochs/{EPOCH}/reports"
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    assert b" 413 " in answer.splitlines()[0]
    assert b'"failure":"size"' in answer


def test_a_body_without_its_length_is_refused(server: RunningServer) -> None:
    answer = httpx.post(f"{server.origin}/v1/desks/legal/epochs/{EPOCH}/reports", content=iter([server.report()]), timeout=PATIENCE_S)
    assert failure(answer) == (411, "size")


@pytest.mark.parametrize("sent", [0, 100, 5_000])
def test_a_body_that_stops_coming_is_given_up(server: RunningServer, sent: int) -> None:
    body = server.report()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/v1/desks/legal/epochs/{EPOCH}/reports"
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:sent])
        answer = connection.makefile("rb").read()
    assert b" 408 " in answer.splitlines()[0]
    assert b'"failure":"incomplete"' in answer
    assert report_id(body) not in server.fetch("/v1/courier/pending").text


def test_a_body_that_trickles_is_given_up_though_it_never_stops(server: RunningServer) -> None:
    body = server.report()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/v1/desks/legal/epochs/{EPOCH}/reports"
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        connection.settimeout(0.2)
        answer = b""
        # At this rate all of it would take twenty minutes.
        for at in range(0, len(body), 3):
            connection.sendall(body[at : at + 3])
            try:
                answer = connection.recv(1_000)
            except TimeoutError:
                continue
            break
    assert b" 408 " in answer.splitlines()[0]


def test_every_answer_forbids_a_browser_to_keep_it(server: RunningServer) -> None:
    for path in ("/v1/charter", "/v1/health", "/v1/desks/legal/heads", "/log/1/nothing", "/nothing"):
        headers = server.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert not {"server", "date", "set-cookie"} & set(headers)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/forms/%00",
        "/v1/forms/x",
        f"/v1/desks/legal/epochs/-{2**70}/prekeys",
        f"/v1/desks/legal/epochs/{2**70}/prekeys",
        "/v1/desks/legal/epochs/x/prekeys",
        "/v1/desks/%00/heads",
        "/v1/desks/legal/editions/%00/1/0",
        f"/v1/desks/legal/editions/ana/{2**70}/0",
        f"/v1/desks/legal/editions/ana/1/-{2**70}",
        "/log/1/tile/0/000%00",
        "/log/1/tile/-1/000",
        "/log/1/tile/63/x999/x999/x999/x999/x999/999",
        "/log/1/tile/entries/../../../etc/passwd",
        "/v1/blocks/%00",
        "/%00",
        "/%ff%fe",
        "/v1/charter?x=%00",
    ],
)
def test_an_odd_address_is_never_a_fault_of_the_server(server: RunningServer, path: str) -> None:
    assert server.get(path).status_code < 500


def test_the_api_is_described(server: RunningServer) -> None:
    described = server.get("/schema/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert "/v1/desks/{desk}/epochs/{epoch}/reports" in described["paths"]
