# SPDX-License-Identifier: AGPL-3.0-or-later
"""The organisation's ceremony, in a vault of its own, and how its reviewers take what it signed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import open_charter
from corncrake_crypto.encoding import b64url, canonical, parse_root
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.command import run
from corncrake_vault.keys.fingerprint import words_of
from tests.simulators.organisation import ORIGIN, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.conftest import Desk


def ceremony(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    code = run(["--store", str(folder / "org"), "organisation", *words, "--json"], io.StringIO(), out, io.StringIO())
    return code, json.loads(out.getvalue())


def backed_up(folder: Path) -> str:
    """Make the organisation's key, and read two of its three sheets back; return the root."""
    root = ceremony(folder, "create")[1]["root"]
    assert ceremony(folder, "shares", "2", "3", str(folder / "sheets"))[0] == 0
    sheets = [str(folder / "sheets" / f"share-{place}.txt") for place in (1, 3)]
    assert ceremony(folder, "test-shares", "--share", sheets[0], "--share", sheets[1])[0] == 0
    return root


@pytest.fixture
def spec(desk: Desk) -> dict[str, Any]:
    form = desk.folder / "form.json"
    form.write_bytes(SimulatedOrganisation().form)
    reviewer = {"id": "ana", "identity": desk.run("identity").data["identity"]}
    return {
        "organisation": {"names": {"en": "The Organisation"}},
        "origin": ORIGIN,
        "log": {"origin": "report.example.org/log/1", "key": b64url(SigningKey.generate().public)},
        "desks": [{"id": "legal", "names": {"en": "Legal"}, "languages": ["en"], "reviewers": [reviewer], "min": 1, "voices": ["ana"]}],
        "couriers": [],
        "release_keys": [],
    }


def sign(desk: Desk, spec: dict[str, Any], name: str = "charter.note") -> tuple[int, dict[str, Any]]:
    (desk.folder / "spec.json").write_text(json.dumps(spec, indent=2))
    return ceremony(
        desk.folder, "charter", str(desk.folder / "spec.json"), "--form", str(desk.folder / "form.json"), "--out", str(desk.folder / name)
    )


def test_charters_count_up_and_open_under_the_root(desk: Desk, spec: dict[str, Any]) -> None:
    root = backed_up(desk.folder)
    assert sign(desk, spec)[1]["sequence"] == 1
    code, said = sign(desk, spec, "second.note")
    assert (code, said["sequence"]) == (0, 2)
    assert said["needs"] == ["the desk legal has one voice, which cannot be revoked before this charter runs out"]
    opened = open_charter((desk.folder / "second.note").read_bytes(), root=parse_root(root), origin=ORIGIN, today=TODAY)
    assert (opened.charter.expires - TODAY).days == 90


def test_a_charter_that_nobody_would_accept_is_not_signed(desk: Desk, spec: dict[str, Any]) -> None:
    backed_up(desk.folder)
    spec["desks"][0]["voices"] = ["nobody"]
    code, said = sign(desk, spec)
    assert (code, said["failure"]) == (1, "charter")
    assert not (desk.folder / "charter.note").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"organisation": "x"}, "$.organisation"),
        ({"desks": [1]}, "$.desks[0]"),
        ({"desks": 5}, "$.desks"),
        ({"couriers": [{"id": "kim"}]}, "$.couriers[0]"),
        ({"stamp": [13, 15, 17]}, "`stamp`"),
        ({"quorum": 2.5}, "$.quorum"),
    ],
)
def test_a_specification_that_is_not_right_is_told_where(desk: Desk, spec: dict[str, Any], wrong: dict[str, Any], told: str) -> None:
    backed_up(desk.folder)
    code, said = sign(desk, spec | wrong)
    assert (code, said["failure"]) == (1, "charter")
    assert told in said["detail"]


def test_a_desk_whose_form_was_not_given_is_told_so(desk: Desk, spec: dict[str, Any]) -> None:
    backed_up(desk.folder)
    (desk.folder / "spec.json").write_text(json.dumps(spec))
    code, said = ceremony(desk.folder, "charter", str(desk.folder / "spec.json"), "--out", str(desk.folder / "charter.note"))
    assert (code, said["failure"]) == (1, "charter")
    assert "`form`" in said["detail"]


def test_a_form_that_is_not_right_is_named_and_told_what_is_wrong(desk: Desk, spec: dict[str, Any]) -> None:
    backed_up(desk.folder)
    form = json.loads(SimulatedOrganisation().form)
    (desk.folder / "form.json").write_text(json.dumps(form, indent=2))
    code, said = sign(desk, spec)
    assert (code, said["failure"]) == (1, "not-canonical")
    assert "form.json" in said["detail"]
    assert "docs/set-up.md" in said["detail"]
    (desk.folder / "form.json").write_bytes(canonical(form | {"about": {"en": ["a list"]}}))
    code, said = sign(desk, spec)
    assert (code, said["failure"]) == (1, "json")
    assert "form.json" in said["detail"]
    assert "$.about" in said["detail"]


def test_new_release_keys_witnesses_and_another_organisations_key_are_shown_in_words(desk: Desk, spec: dict[str, Any]) -> None:
    backed_up(desk.folder)
    release, witness = SigningKey.generate().public, SigningKey.generate().public
    assert sign(desk, spec)[0] == 0
    spec["release_keys"] = [b64url(release)]
    spec["witnesses"] = {"keys": [{"key": b64url(witness), "name": "watch.example.org/one"}], "threshold": 1}
    changes = "\n".join(sign(desk, spec, "2.note")[1]["changes"])
    assert words_of(release) in changes
    assert words_of(witness) in changes
    assert "1 of 1 witnesses" in changes
    spec["release_keys"], spec["witnesses"] = [], {**spec["witnesses"], "keys": [{"key": b64url(release), "name": "watch.example.org/one"}]}
    changes = "\n".join(sign(desk, spec, "3.note")[1]["changes"])
    assert f"release key {b64url(release)} goes" in changes
    assert words_of(release) in changes
    successor = ceremony(desk.folder, "successor")[1]["words"]
    sheets = [str(desk.folder / "later" / f"share-{place}.txt") for place in (1, 2)]
    ceremony(desk.folder, "shares", "2", "2", str(desk.folder / "later"))
    ceremony(desk.folder, "test-shares", "--share", sheets[0], "--share", sheets[1])
    assert any(successor in line for line in ceremony(desk.folder, "succeed", "--out", str(desk.folder / "4.note"))[1]["changes"])


def test_an_organisation_is_made_once(desk: Desk) -> None:
    assert ceremony(desk.folder, "create")[0] == 0
    code, said = ceremony(desk.folder, "create")
    assert (code, said["failure"]) == (1, "misuse")


def test_a_vault_never_changes_its_organisation(desk: Desk, spec: dict[str, Any]) -> None:
    root = backed_up(desk.folder)
    sign(desk, spec)
    said = desk.run("charter", str(desk.folder / "charter.note"), "--root", root)
    assert (said.code, said.data["failure"]) == (1, "root")
