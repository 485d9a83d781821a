# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana's machine, and a simulated server and courier around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.clients.vault.machine import Machine, Said
from tests.clients.vault.offices import Offices
from tests.simulators.server import SimulatedReporter, SimulatedServer

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Desk(Machine):
    """Ana's machine, and the world outside."""

    server: SimulatedServer = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server = SimulatedServer(self.organisation)

    def bring(self, parcel: bytes) -> Said:
        """Import a parcel from a stick."""
        path = self.folder / "stick.parcel"
        path.write_bytes(parcel)
        return self.run("import", str(path))

    def reporter(self) -> SimulatedReporter:
        return SimulatedReporter(self.organisation)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


@pytest.fixture
def offices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offices:
    return Offices(tmp_path, monkeypatch)
