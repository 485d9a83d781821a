# SPDX-License-Identifier: AGPL-3.0-or-later
"""The machine of the reviewer `ana`: a real vault with real keys, for a simulated organisation, and commands as a person runs them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - at run time too, for the dataclass
from typing import TYPE_CHECKING, Any

from corncrake_crypto.encoding import root_text
from corncrake_crypto.identities import Identity
from corncrake_crypto.prekeys import epoch_of
from corncrake_vault.command import run
from corncrake_vault.vault import unlock_vault
from tests.simulators.organisation import TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PASSPHRASE = "crake in the tall wet grass"  # noqa: S105 - made up


@dataclass
class Said:
    """What a command answered."""

    code: int
    data: dict[str, Any]
    err: str


@dataclass
class Machine:
    """Ana's machine; the organisation knows its keys."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    organisation: SimulatedOrganisation = field(default_factory=SimulatedOrganisation)

    def __post_init__(self) -> None:
        self.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", PASSPHRASE)
        # Stretching as little as a test may: the key file says how much, so the code is the same.
        self.monkeypatch.setattr("corncrake_vault.keys.passphrase.MEMORY_KIB", 1_024)
        self.monkeypatch.setattr("corncrake_vault.keys.passphrase.PASSES", 1)
        self.travel(TODAY)
        assert self.run("init", "--reviewer", "ana", "--root", root_text(self.organisation.root)).code == 0
        assert self.run("prekeys", "--weeks", "4").code == 0
        vault = unlock_vault(self.store, PASSPHRASE, TODAY)
        with vault.store:
            self.organisation.reviewers["ana"] = vault.identity
            row = vault.store.row("SELECT seed FROM prekey_secrets WHERE epoch = ?", (epoch_of(TODAY),))
            assert row is not None
            self.organisation.identities["ana"] = Identity.from_seed(bytes(row[0]))

    @property
    def store(self) -> Path:
        return self.folder / "ana"

    def travel(self, day: date) -> None:
        self.monkeypatch.setenv("CORNCRAKE_TODAY", day.isoformat())

    def run(self, *words: str, stdin: str = "") -> Said:
        out, err = io.StringIO(), io.StringIO()
        code = run(["--store", str(self.store), *words, "--json"], io.StringIO(stdin), out, err)
        return Said(code, json.loads(out.getvalue() or "{}"), err.getvalue())
