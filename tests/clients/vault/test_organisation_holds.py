# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the organisation holds: signed in the vault of its key, brought to a reviewer's, carried while it is by the present key."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import Organisation, sign_charter, sign_succession
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.legal_hold import LegalHold, sign_legal_hold
from corncrake_crypto.signatures import SigningKey
from tests.clients.vault.exports import exported

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said
    from tests.clients.vault.offices import Offices

REPORT = "ab" * 32


def sign(offices: Offices, name: str, *words: str, who: str = "org") -> int:
    """Have the organisation sign what it holds into a file; return the number."""
    said = offices.vault(who, "organisation-hold", *words, "--out", str(offices.file(name)))
    assert said.code == 0, said
    return int(said.data["number"])


def bring(offices: Offices, name: str, who: str = "ana") -> Said:
    return offices.vault(who, "bring-hold", str(offices.file(name)))


def recover(offices: Offices, who: str) -> None:
    shares = [word for place in (1, 2) for word in ("--share", offices.share("sheets", place))]
    assert offices.vault(who, "organisation", "recover", "--charter", str(offices.file("1.note")), *shares).code == 0


def succeed(offices: Offices, name: str) -> list[str]:
    """Have the next key take over; return what must still be done."""
    assert offices.org("successor").code == 0
    offices.paper("successor's sheets")
    said = offices.change(name, "succeed")
    assert said.code == 0, said
    return list(said.data["needs"])


def tells_former_key(offices: Offices, *words: str) -> bool:
    return any("hold 1 of the organisation is by its former key" in need for need in offices.vault("ana", *words).data["needs"])


# -- commands --------------------------------------------------------------------------------------------------------------


def test_each_hold_of_the_organisation_says_all_and_status_shows_the_one_that_was_brought(offices: Offices) -> None:
    offices.found("ana")
    assert offices.vault("ana", "status").data["organisation_hold"] is None
    assert sign(offices, "1.hold", "--desk", "legal", "--report", REPORT, "--report", REPORT) == 1
    assert sign(offices, "2.hold", "--overrule", "ana:3") == 2
    for number in (1, 2):
        said = bring(offices, f"{number}.hold")
        assert (said.code, said.data["number"]) == (0, number)
    assert "0 desks, 0 reports" in said.data["done"]
    assert offices.vault("ana", "status").data["organisation_hold"] == 2


@pytest.mark.parametrize("words", [("--overrule", "ana"), ("--overrule", "ana:0"), ("--report", "ab12"), ("--after", "-1"), ("--after", "9" * 16)])
def test_a_hold_that_cannot_be_is_not_signed(offices: Offices, words: tuple[str, str]) -> None:
    offices.found("ana")
    said = offices.vault("org", "organisation-hold", *words, "--out", str(offices.file("1.hold")))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not offices.file("1.hold").exists()


def test_a_vault_without_the_organisations_key_signs_no_hold_of_it(offices: Offices) -> None:
    offices.found("ana")
    said = offices.vault("ana", "organisation-hold", "--desk", "legal", "--out", str(offices.file("1.hold")))
    assert (said.code, said.data["failure"]) == (1, "misuse")


def test_an_older_hold_another_of_the_same_number_and_one_by_nobody_are_not_taken(offices: Offices) -> None:
    offices.found("ana")
    shutil.copytree(offices.file("org"), offices.file("copy"))
    for number in (1, 2):
        sign(offices, f"{number}.hold", "--desk", "legal")
        sign(offices, f"{number}.copy", "--report", REPORT, who="copy")
    assert bring(offices, "2.hold").code == 0
    assert bring(offices, "1.hold").data["failure"] == "repeated"
    assert bring(offices, "2.copy").data["failure"] == "equivocation"
    assert bring(offices, "2.hold").code == 0, "the same again is no other one"
    offices.vault("strangers", "organisation", "create")
    sign(offices, "9.hold", "--after", "8", who="strangers")
    assert bring(offices, "9.hold").data["failure"] == "signature"
    assert offices.vault("ana", "status").data["organisation_hold"] == 2
    # Told which number is here, whoever has the key signs above it.
    assert sign(offices, "3.copy", "--after", "2", who="copy") == 3
    assert bring(offices, "3.copy").code == 0


# -- a key that was handed over, or came back ------------------------------------------------------------------------------


def test_a_hold_by_the_former_key_is_told_and_the_next_one_takes_its_place(offices: Offices) -> None:
    offices.found("ana")
    sign(offices, "1.hold", "--desk", "legal")
    assert bring(offices, "1.hold").code == 0
    assert not tells_former_key(offices, "status")
    sign(offices, "late.hold")
    assert any("sign it again with this key" in need for need in succeed(offices, "2.note"))
    assert offices.take("ana", "2.note").code == 0
    assert tells_former_key(offices, "status")
    assert tells_former_key(offices, "export", str(offices.file("ana.parcel")))
    assert bring(offices, "late.hold").data["failure"] == "signature"
    assert sign(offices, "3.hold", "--desk", "legal") == 3
    assert bring(offices, "3.hold").code == 0
    assert not tells_former_key(offices, "status")


def test_a_key_from_paper_numbers_its_holds_above_all_that_it_signed_before_it_was_lost(offices: Offices) -> None:
    offices.found("ana")
    before = [sign(offices, "1.hold"), sign(offices, "2.hold")]
    recover(offices, "again")
    again = [sign(offices, "3.hold", who="again"), sign(offices, "4.hold", who="again")]
    # Lost once more, a day later, and no charter was signed in between.
    offices.pass_days(1)
    recover(offices, "once more")
    numbers = [*before, *again, sign(offices, "5.hold", who="once more")]
    assert numbers == sorted(set(numbers))
    for name in ("2.hold", "4.hold", "5.hold"):
        assert bring(offices, name).code == 0


# -- what exports carry ----------------------------------------------------------------------------------------------------


def organisation_hold(desk: Desk, number: int, **changes: Any) -> bytes:
    """What a simulated organisation holds; its reviewer's vault takes it."""
    fields: dict[str, Any] = {"root": root_text(desk.organisation.root), "number": number, "desks": (), "reports": ()}
    note = sign_legal_hold(LegalHold(**fields | changes), desk.organisation.key)
    path = desk.folder / "organisation.hold"
    path.write_bytes(note)
    assert desk.run("bring-hold", str(path)).code == 0
    return note


def test_exports_carry_the_organisations_hold_until_its_key_is_succeeded(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    first = organisation_hold(desk, 1, desks=("legal",))
    assert exported(desk)[1]["organisation-hold.note"] == first
    org, former = desk.organisation, desk.organisation.key
    org.key = SigningKey.generate()
    successions = (sign_succession(org.root, 1, former, org.key).decode(),)
    names = Organisation(key=b64url(org.key.public), names={"en": "The Organisation"})
    note = desk.folder / "2.note"
    note.write_bytes(sign_charter(org.charter(sequence=2, successions=successions, organisation=names), org.key))
    assert desk.run("charter", str(note)).code == 0
    assert "organisation-hold.note" not in exported(desk)[1]
    second = organisation_hold(desk, 2, desks=("legal",))
    assert exported(desk)[1]["organisation-hold.note"] == second
