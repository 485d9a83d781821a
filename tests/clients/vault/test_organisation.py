# SPDX-License-Identifier: AGPL-3.0-or-later
"""The organisation's ceremony, in a vault of its own, and how its reviewers take what it signed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.charter import open_charter
from corncrake_crypto.encoding import b64url, parse_root
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.command import run
from tests.simulators.organisation import ORIGIN, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.conftest import Desk


def ceremony(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    code = run(["--store", str(folder / "org"), "organisation", *words, "--json"], io.StringIO(), out, io.StringIO())
    return code, json.loads(out.getvalue())


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
    root = ceremony(desk.folder, "create")[1]["root"]
    assert sign(desk, spec)[1]["sequence"] == 1
    code, said = sign(desk, spec, "second.note")
    assert (code, said["sequence"]) == (0, 2)
    assert said["needs"] == ["the desk legal has one voice, which cannot be revoked before this charter runs out"]
    opened = open_charter((desk.folder / "second.note").read_bytes(), root=parse_root(root), origin=ORIGIN, today=TODAY)
    assert (opened.charter.expires - TODAY).days == 90


def test_a_charter_that_nobody_would_accept_is_not_signed(desk: Desk, spec: dict[str, Any]) -> None:
    ceremony(desk.folder, "create")
    spec["desks"][0]["voices"] = ["nobody"]
    code, said = sign(desk, spec)
    assert (code, said["failure"]) == (1, "charter")
    assert not (desk.folder / "charter.note").exists()


def test_an_organisation_is_made_once(desk: Desk) -> None:
    assert ceremony(desk.folder, "create")[0] == 0
    code, said = ceremony(desk.folder, "create")
    assert (code, said["failure"]) == (1, "misuse")


def test_a_vault_never_changes_its_organisation(desk: Desk, spec: dict[str, Any]) -> None:
    root = ceremony(desk.folder, "create")[1]["root"]
    sign(desk, spec)
    said = desk.run("charter", str(desk.folder / "charter.note"), "--root", root)
    assert (said.code, said.data["failure"]) == (1, "root")
