# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do in ceremonies that cannot be: each is refused with what to do instead, and nobody is accused of it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import Log
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.recovery.keys import recovery_secrets
from corncrake_vault.store.folders import write_whole
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.clients.vault.offices import Offices
from tests.simulators.server import SimulatedServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.conftest import Desk

ACCUSATION = "tell the organisation"
OF_PARCELS = "The parcel"


def both(offices: Offices, name: str) -> list[str]:
    return ["--share", offices.share(name, 1), "--share", offices.share(name, 2)]


# -- one vault, one office -----------------------------------------------------------------------------------------------------


def test_a_reviewer_is_not_made_in_the_vault_of_the_organisations_key(offices: Offices) -> None:
    offices.found("ana")
    said = offices.vault("org", "init", "--reviewer", "bo")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert "--store" in said.err
    assert offices.vault("org", "identity").data["failure"] == "misuse"
    assert not any("weeks" in need for need in offices.vault("org", "status").data["needs"])


@pytest.mark.parametrize("ceremony", ["create", "recover"])
def test_the_organisations_key_does_not_come_into_a_reviewers_vault(offices: Offices, ceremony: str) -> None:
    offices.found("ana")
    assert offices.vault("bo", "init", "--reviewer", "bo").code == 0
    said = offices.vault("bo", "organisation", ceremony, *(both(offices, "sheets") if ceremony == "recover" else []))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert "--store" in said.err
    assert offices.vault("bo", "organisation", "shares", "2", "3", str(offices.file("more"))).data["failure"] == "misuse"


def test_who_recovers_without_the_charter_that_there_is_is_told_the_way_to_go_on(offices: Offices) -> None:
    offices.found("ana")
    said = offices.vault("new", "organisation", "recover", *both(offices, "sheets"))
    assert any("new vault" in need and "--charter" in need for need in said.data["needs"])
    again = offices.vault("new", "organisation", "recover", "--charter", str(offices.file("1.note")), *both(offices, "sheets"))
    assert (again.code, again.data["failure"]) == (1, "misuse")
    assert "--store" in again.err
    taken = offices.take("new", "1.note")
    assert "organisation recover --charter" in taken.err
    assert "init" not in taken.err


def test_a_root_that_is_not_the_vaults_own_accuses_nobody(offices: Offices) -> None:
    offices.found("ana")
    said = offices.take("ana", "1.note", "--root", "a" * 52)
    assert (said.code, said.data["failure"]) == (1, "root")
    assert ACCUSATION not in said.err


# -- what nobody would accept ------------------------------------------------------------------------------------------------


def shapes(spec: dict[str, Any]) -> list[str]:
    """Specifications that are none."""
    desk = spec["desks"][0]
    changed: list[dict[str, Any]] = [
        spec | {"organisation": "The Organisation"},
        spec | {"desks": None},
        spec | {"desks": ["legal"]},
        spec | {"desks": {"id": "legal"}},
        spec | {"desks": [desk | {"min": 0}]},
        spec | {"quorum": 1.5},
        spec | {"quorum": 2**70},
        spec | {"Quorum": 2},
        spec | {"issued": "2026-13-01"},
        spec | {"issued": "2020-12-31", "expires": "2021-01-31"},
        spec | {"issued": "2036-12-31", "expires": "2037-01-31"},
        {name: value for name, value in spec.items() if name != "desks"},
    ]
    return [*(json.dumps(one) for one in changed), "[]", "[" * 100_000]


def test_a_specification_that_is_none_is_told_as_such(offices: Offices) -> None:
    offices.found("ana")
    for text in shapes(json.loads(offices.file_text("spec.json"))):
        offices.file("other.json").write_text(text)
        said = offices.change("2.note", "charter", str(offices.file("other.json")), "--form", str(offices.file("form.json")))
        assert (said.code, said.data["failure"]) == (1, "charter"), text[:200]
        assert said.data["advice"] is None, said.err
    assert not offices.file("2.note").exists()
    assert offices.change("2.note", "renew").data["sequence"] == 2


@pytest.mark.parametrize("quarter", ["9999-Q4", "0001-Q1", "2025-Q4", "2026-Q3"])
def test_no_recovery_key_is_made_for_a_quarter_in_which_nothing_can_be_sealed_to_it(offices: Offices, quarter: str) -> None:
    offices.travel(date(2026, 12, 31))
    offices.found("ana", "bo")
    words = ("recovery", "legal", quarter, "2", "3")
    said = offices.change("2.note", *words, str(offices.file("quarter")))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not offices.file("quarter").exists()
    for good in ("2026-Q4", "2027-Q1"):
        assert offices.change("2.note", "recovery", "legal", good, "2", "3", str(offices.file(good))).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--desk", "No Desk!"],
        [word for place in range(65) for word in ("--desk", f"d{place}")],
        ["--overrule", "bo:1", "--overrule", "bo:2"],
    ],
)
def test_a_hold_that_nobody_would_take_is_not_signed(offices: Offices, words: list[str]) -> None:
    offices.found("ana")
    said = offices.vault("org", "organisation-hold", *words, "--out", str(offices.file("hold.note")))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not offices.file("hold.note").exists()


def test_a_number_or_a_name_that_no_store_holds_is_of_nothing(offices: Offices, desk: Desk) -> None:
    assert offices.org("create").code == 0
    assert offices.org("shares-destroyed", str(2**70)).data["failure"] == "misuse"
    assert desk.run("canary", "--forget", str(2**70)).data["failure"] == "misuse"
    assert desk.run("show", "\udcff").data["failure"] == "misuse"


def test_a_passphrase_in_another_encoding_opens_the_vault_that_it_made(offices: Offices) -> None:
    offices.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", "gr\udcfcne Wiesen, nasses Gras")
    assert offices.vault("ana", "init", "--reviewer", "ana").code == 0
    assert offices.vault("ana", "identity").code == 0


# -- files of another kind -------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_parcel_is_not_called_one(offices: Offices) -> None:
    offices.found("ana")
    offices.file("torn.note").write_bytes(offices.file("1.note").read_bytes()[:100])
    for said in (
        offices.take("ana", "torn.note"),
        offices.change("2.note", "enrol", "legal", "--who", "No Id:KEY"),
        offices.vault("ana", "bring-hold", str(offices.file("torn.note"))),
    ):
        assert said.code == 1
        assert OF_PARCELS not in said.err


def test_a_parcel_of_the_former_log_that_comes_after_the_new_one_accuses_nobody(desk: Desk) -> None:
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.publish()
    late = desk.server.parcel()
    desk.organisation.log_key = SigningKey.generate()
    following = Log(origin="report.example.org/log/2", key=b64url(desk.organisation.log_key.public))
    server = SimulatedServer(desk.organisation, sequence=2, log=following)
    server.origin, server.number = following.origin, desk.server.number
    server.sign()
    assert desk.bring(server.parcel()).code == 0
    said = desk.bring(late)
    assert (said.code, said.data["failure"], said.data["advice"]) == (1, "origin", None)
    assert "nothing of it is lost" in said.err


# -- paper of a key that was replaced ------------------------------------------------------------------------------------------


def test_sheets_that_were_replaced_open_in_a_vault_that_is_new_by_the_charter_that_had_their_key(offices: Offices) -> None:
    offices.found("ana", "bo")
    for name, sheets, words in (("2.note", "first", []), ("3.note", "second", ["--replace"])):
        assert offices.change(name, "recovery", "legal", "2026-Q4", "2", "3", str(offices.file(sheets)), *words).code == 0
        assert offices.countersign("ana", name).code == 0
    offices.join("cy")
    offices.take("cy", "3.note")
    use = ("recovery", "use", "legal", "2026-Q4", *both(offices, "first"))
    said = offices.vault("cy", *use)
    assert (said.code, said.data["failure"]) == (1, "checksum")
    assert "--charter FILE" in said.err
    assert offices.vault("cy", *use, "--charter", str(offices.file("1.note"))).data["failure"] == "checksum"
    assert offices.vault("cy", *use, "--charter", str(offices.file("2.note"))).code == 0
    with unlock_vault(offices.file("cy"), PASSPHRASE, offices.day).store as store:
        assert [secret.number for secret in recovery_secrets(store, "legal")] == [1]
    assert offices.vault("cy", "charter").data["sequence"] == 3


def test_a_charter_of_another_organisation_brings_no_recovery_key(offices: Offices, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Offices(tmp_path_factory.mktemp("other"), offices.monkeypatch)
    other.found("ana")
    assert other.change("2.note", "recovery", "legal", "2026-Q4", "2", "3", str(other.file("sheets of theirs"))).code == 0
    offices.found("ana")
    use = ("recovery", "use", "legal", "2026-Q4", *both(other, "sheets of theirs"))
    assert "--charter FILE" in offices.vault("ana", *use).err
    assert offices.vault("ana", *use, "--charter", str(other.file("2.note"))).data["failure"] == "root"


# -- a disk that is full in the middle -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["shares"], ["recovery", "legal", "2026-Q4"]])
def test_no_share_stays_on_a_disk_that_had_no_room_for_all(offices: Offices, words: list[str]) -> None:
    offices.found("ana")

    def write(path: Path, data: bytes) -> None:
        if path.name == "share-2.txt":
            raise StoreError(Failure.STORE, f"{path.name} cannot be written: No space left on device; nothing was written")
        write_whole(path, data)

    offices.monkeypatch.setattr("corncrake_vault.paper_commands.write_whole", write)
    out = ["--out", str(offices.file("2.note"))] if words[0] == "recovery" else []
    said = offices.org(*words, "2", "3", str(offices.file("more")), *out)
    assert (said.code, said.data["failure"]) == (1, "store")
    assert not offices.file("more").exists()
    offices.monkeypatch.setattr("corncrake_vault.paper_commands.write_whole", write_whole)
    assert offices.org(*words, "2", "3", str(offices.file("more")), *out).code == 0


def test_no_share_stays_of_a_set_that_this_vault_could_not_remember(offices: Offices) -> None:
    offices.found("ana")

    def refuse(*_: object) -> int:
        raise StoreError(Failure.STORE, "the store refused, and nothing was changed: database or disk is full")

    with offices.monkeypatch.context() as full:
        full.setattr("corncrake_vault.paper_commands.note_made", refuse)
        said = offices.org("shares", "2", "3", str(offices.file("more")))
    assert (said.code, said.data["failure"]) == (1, "store")
    assert not offices.file("more").exists()
    assert offices.org("shares", "2", "3", str(offices.file("more"))).code == 0
