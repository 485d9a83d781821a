# SPDX-License-Identifier: AGPL-3.0-or-later
"""An organisation's vault and its reviewers' vaults, as people use them in ceremonies: each command as it is typed."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from corncrake_crypto.charter import OpenedCharter, open_charter
from corncrake_crypto.encoding import b64url, parse_root
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.command import run
from tests.clients.vault.machine import PASSPHRASE, Said
from tests.simulators.organisation import ORIGIN, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LOG = "report.example.org/log/1"


@dataclass
class Offices:
    """All vaults in one folder. `root` is known once `found` was called; `day` is everybody's clock."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    day: date = TODAY
    root: str = ""
    origin: str = ORIGIN
    log: dict[str, str] = field(default_factory=lambda: {"origin": LOG, "key": b64url(SigningKey.generate().public)})
    couriers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def __post_init__(self) -> None:
        self.monkeypatch.setenv("CORNCRAKE_PASSPHRASE", PASSPHRASE)
        self.monkeypatch.setattr("corncrake_vault.keys.passphrase.MEMORY_KIB", 1_024)
        self.monkeypatch.setattr("corncrake_vault.keys.passphrase.PASSES", 1)
        self.form = SimulatedOrganisation().form
        self.file("form.json").write_bytes(self.form)
        self.travel(self.day)
        # One clock for all programs: a file.
        self.monkeypatch.setenv("CORNCRAKE_TODAY", f"@{self.folder / 'day'}")

    def travel(self, day: date) -> None:
        self.day = day
        (self.folder / "day").write_text(day.isoformat())

    def pass_days(self, days: int) -> None:
        self.travel(self.day + timedelta(days=days))

    def file(self, name: str) -> Path:
        return self.folder / name

    def vault(self, who: str, *words: str, stdin: str = "") -> Said:
        """Run a command of somebody's vault."""
        out, err = io.StringIO(), io.StringIO()
        code = run(["--store", str(self.folder / who), *words, "--json"], io.StringIO(stdin), out, err)
        return Said(code, json.loads(out.getvalue() or "{}"), err.getvalue())

    def org(self, *words: str, stdin: str = "") -> Said:
        """Do a ceremony in the organisation's vault."""
        return self.vault("org", "organisation", *words, stdin=stdin)

    def share(self, set_name: str, place: int) -> str:
        return str(self.file(set_name) / f"share-{place}.txt")

    def paper(self, name: str = "sheets") -> None:
        """Write shares of the key of the moment, and read two of three back."""
        assert self.org("shares", "2", "3", str(self.file(name))).code == 0
        assert self.org("test-shares", "--share", self.share(name, 1), "--share", self.share(name, 3)).code == 0

    def join(self, who: str) -> str:
        """Make somebody's vault, and the file that they hand in; return its path."""
        request = str(self.file(f"{who}.request"))
        assert self.vault(who, "init", "--reviewer", who, "--root", self.root).code == 0
        assert self.vault(who, "identity", "--out", request).code == 0
        return request

    def found(self, *reviewers: str) -> bytes:
        """Make the organisation and its first charter, for one desk; everybody takes it."""
        self.root = self.org("create").data["root"]
        self.paper()
        keys = [json.loads(self.file_text(self.join(who))) for who in reviewers]
        spec: dict[str, Any] = {
            "organisation": {"names": {"en": "The Organisation"}},
            "origin": self.origin,
            "log": self.log,
            "desks": [
                {
                    "id": "legal",
                    "names": {"en": "Legal"},
                    "languages": ["en"],
                    "reviewers": [{"id": one["id"], "identity": one["key"]} for one in keys],
                    "min": 1,
                    "voices": list(reviewers),
                }
            ],
            "couriers": self.couriers,
            "release_keys": [],
        }
        self.file("spec.json").write_text(json.dumps(spec))
        said = self.org("charter", str(self.file("spec.json")), "--form", str(self.file("form.json")), "--out", str(self.file("1.note")))
        assert said.code == 0, said
        for who in reviewers:
            assert self.take(who, "1.note").code == 0
        return self.file("1.note").read_bytes()

    def file_text(self, path: str) -> str:
        return self.file(path).read_text()

    def change(self, name: str, *words: str) -> Said:
        """Do a ceremony that signs a charter into `name`."""
        return self.org(*words, "--out", str(self.file(name)))

    def take(self, who: str, name: str, *words: str) -> Said:
        """Have somebody's vault take a charter."""
        return self.vault(who, "charter", str(self.file(name)), "--form", str(self.file("form.json")), *words)

    def countersign(self, who: str, name: str, out: str = "", stdin: str = "yes\n") -> Said:
        return self.vault(who, "countersign", str(self.file(name)), "--out", str(self.file(out or name)), stdin=stdin)

    def opened(self, name: str) -> OpenedCharter:
        return open_charter(self.file(name).read_bytes(), root=parse_root(self.root), origin=self.origin, today=self.day)

    def readers(self, name: str) -> list[str]:
        return [one.id for one in self.opened(name).charter.desks[0].reviewers]
