# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reporter seals to a desk, and what a vault believes of it."""

import json
from typing import Any

import pytest

from corncrake_crypto.archive import write_archive
from corncrake_crypto.block import LARGE_BLOCK_DATA
from corncrake_crypto.encoding import b64url, canonical
from corncrake_crypto.errors import Failure
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.file_identity import FileIdentity
from corncrake_crypto.identities import Identity
from corncrake_crypto.report import (
    Answer,
    File,
    OpenedReport,
    build_report,
    check_addressed,
    check_sealed_to,
    open_report,
    read_report,
)
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey, sign_statement
from tests.simulators.organisation import EPOCH, ORIGIN, SimulatedOrganisation
from tests.simulators.refusal import refused

THREAD = SigningKey.from_seed(bytes(range(32)))
REPLY = Identity.from_seed(bytes(range(32)))


def built(org: SimulatedOrganisation, **changes: Any) -> bytes:
    return build_report(org.draft(**changes), THREAD, REPLY.recipient)


def resealed(org: SimulatedOrganisation, *, reply_key: bytes = REPLY.recipient.raw, sign: bool = True, **changes: Any) -> bytes:
    """Return a plaintext with fields changed as a hostile author could, signed again or not."""
    value = json.loads(built(org)[512:].split(b"\0")[0])
    value |= changes
    if sign:
        value["signature"] = sign_statement(THREAD, "report", value)
    return write_archive([("report.json", canonical(value)), ("reply.key", reply_key)], 12_288)


def opened(org: SimulatedOrganisation, **changes: Any) -> OpenedReport:
    return read_report(built(org, **changes))


def test_a_report_opens_for_each_reviewer_and_says_who_wrote_it(org: SimulatedOrganisation) -> None:
    sealed = seal(built(org), [identity.recipient for identity in org.identities.values()])
    for identity in org.identities.values():
        found = open_report(sealed, [identity])
        assert found.report.answers[0].text == "It happened on the bridge."
        assert found.report.thread == b64url(THREAD.public)
        assert found.reply_recipient == REPLY.recipient


def test_first_reports_follow_ups_and_cover_have_one_size(org: SimulatedOrganisation) -> None:
    sizes = {len(built(org, kind=kind)) for kind in ("first", "follow_up", "cover")}
    assert sizes == {12_288}


def test_a_longer_report_takes_the_next_class(org: SimulatedOrganisation) -> None:
    assert len(built(org, answers=(Answer(question="story", text="x" * 20_000),))) == 61_440


def test_a_report_beyond_the_largest_class_is_refused(org: SimulatedOrganisation) -> None:
    answers = tuple(Answer(question=f"q{number}", text="x" * 90_000) for number in range(3))
    with refused(Failure.SIZE):
        built(org, answers=answers)


def test_a_report_replayed_to_another_desk_is_refused(org: SimulatedOrganisation) -> None:
    report = opened(org).report
    check_addressed(report, ORIGIN, "legal")
    with refused(Failure.DESK):
        check_addressed(report, ORIGIN, "press")


def test_a_report_replayed_to_another_address_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ORIGIN):
        check_addressed(opened(org).report, "https://elsewhere.example", "legal")


@pytest.mark.parametrize("changes", [{"epoch": EPOCH + 1}, {"number": 2}, {"reviewer": "eve"}])
def test_a_report_sealed_to_a_prekey_that_its_author_did_not_name_is_refused(org: SimulatedOrganisation, changes: dict[str, Any]) -> None:
    report = opened(org).report
    named: dict[str, Any] = {"reviewer": "ana", "epoch": EPOCH, "number": 1}
    check_sealed_to(report, SealedTo(**named))
    with refused(Failure.EPOCH):
        check_sealed_to(report, SealedTo(**named | changes))


def test_a_report_sealed_to_one_more_key_than_it_names_is_refused(org: SimulatedOrganisation) -> None:
    recipients = [*(identity.recipient for identity in org.identities.values()), REPLY.recipient]
    with refused(Failure.EPOCH):
        open_report(seal(built(org), recipients), [org.identities["ana"]])


def test_a_report_whose_words_were_changed_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.SIGNATURE):
        read_report(built(org).replace(b"bridge", b"square"))


def test_a_report_that_names_another_thread_than_it_was_signed_by_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.SIGNATURE):
        read_report(resealed(org, thread=b64url(SigningKey.generate().public)))


def test_another_reply_key_than_the_signed_one_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.ARCHIVE):
        read_report(resealed(org, reply_key=Identity.generate().recipient.raw))


def test_a_field_that_nobody_knows_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.JSON):
        read_report(resealed(org, extra=1))


def test_a_field_that_is_absent_may_not_be_written_as_null(org: SimulatedOrganisation) -> None:
    raw = built(org)[512:].split(b"\0")[0].replace(b'"text":"It happened on the bridge."', b'"text":null')
    with refused(Failure.JSON):
        read_report(write_archive([("report.json", raw), ("reply.key", REPLY.recipient.raw)], 12_288))


def test_a_report_of_another_length_than_a_class_is_refused(org: SimulatedOrganisation) -> None:
    with refused(Failure.SIZE):
        read_report(built(org) + bytes(512))


def test_another_object_in_place_of_a_report_is_refused() -> None:
    with refused(Failure.KIND):
        read_report(write_archive([("reply.json", b"{}")], 12_288))


def test_a_report_with_one_member_more_is_refused(org: SimulatedOrganisation) -> None:
    raw = built(org)[512:].split(b"\0")[0]
    with refused(Failure.ARCHIVE):
        read_report(write_archive([("report.json", raw), ("reply.key", REPLY.recipient.raw), ("more", b"")], 12_288))


@pytest.mark.parametrize("changes", [{"class_": 1_024, "blocks": 1}, {"class_": 260_096}])
def test_a_file_whose_blocks_cannot_be_is_refused(org: SimulatedOrganisation, changes: dict[str, Any]) -> None:
    secrets = FileIdentity.generate()
    file = File(identity=secrets.identity.text, block_key=b64url(secrets.block_key), name="a.jpg", type="image/jpeg", **changes)
    with refused(Failure.BLOCK):
        opened(org, files=(file,))


def test_a_representation_shows_neither_words_nor_secrets(org: SimulatedOrganisation) -> None:
    secrets = FileIdentity.generate()
    file = File(
        identity=secrets.identity.text,
        block_key=b64url(secrets.block_key),
        class_=260_096,
        blocks=1,
        size=9,
        sha256="0" * 64,
        name="bridge.jpg",
        type="",
    )
    found = opened(org, files=(file,))
    shown = repr(found) + repr(found.report.answers) + repr(found.report.files) + repr(org.draft(files=(file,))) + repr(secrets)
    for secret in ("bridge", "SECRET", b64url(secrets.block_key), found.report.reply_tag):
        assert secret not in shown


def test_a_recording_is_closed_by_the_tag_of_its_file(org: SimulatedOrganisation) -> None:
    tag = FileIdentity.generate().tag
    ended = {"file": tag, "blocks": 2, "size": 300_000, "sha256": "ab" * 32}
    closed = read_report(resealed(org, closed=[ended])).report.closed
    assert closed is not None
    assert (closed[0].file, closed[0].blocks) == (tag, 2)
    for wrong in ([ended, ended], [ended | {"size": 2 * LARGE_BLOCK_DATA + 1}]):
        with refused(Failure.BLOCK):
            read_report(resealed(org, closed=wrong))
