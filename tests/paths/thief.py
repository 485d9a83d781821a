# SPDX-License-Identifier: AGPL-3.0-or-later
"""A thief with the vault of the voice bo, its passphrase, and the server.

Rules of this file: the thief has real programs and what was stolen, and no more: the vault's commands on the copy, and the server's software on a
copy of its folder. What the thief changes in answers stands in `change`. Whoever comes is at one address before the theft and after it.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from typing import TYPE_CHECKING

from corncrake_crypto.edition import KIND, Edition
from corncrake_crypto.note import read_bundle, read_document, unverified_text, write_bundle
from corncrake_reporter.__main__ import main as reporter_program
from tests.clients.reporter.conftest import Between
from tests.clients.vault.machine import Said
from tests.paths.world import World

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import pytest

    from corncrake_crypto.identities import Identity
    from tests.clients.reporter.conftest import Answer

COPY = "stolen-bo"
DATA = "stolen-data"
COURIER = "stolen-courier"
SOCKET = "t"


class Theft:
    """The organisation, its address, and the thief who comes to have it.

    Attributes:
        keys: all that open reports in the copy of the vault, when it was copied.
        shown: heads that the thief's server shows besides its own.
    """

    def __init__(self, folder: Path, patched: pytest.MonkeyPatch) -> None:
        self.between = Between()
        self.between.target = "http://127.0.0.1"
        self.world = World(folder, patched, origin=self.between.origin)
        self.between.uds = str(self.world.file("s"))
        self.keys: list[Identity] = []
        self.shown: list[bytes] = []

    def end(self) -> None:
        """Stop whatever serves."""
        self.world.stop()
        self.between.close()

    # -- the thief ---------------------------------------------------------------------------------------------------------

    def rob(self) -> None:
        """Copy bo's vault and the server's folder as they are now, and what a courier goes by."""
        world = self.world
        self.keys = world.keys_in(world.copy_of("bo"))
        world.stop()
        shutil.copytree(world.file("data"), world.file(DATA))
        shutil.copytree(world.file("courier"), world.file(COURIER))
        world.start()

    def take_over(self) -> None:
        """Answer in the server's place, from the stolen folder."""
        self.world.serve(DATA, SOCKET)
        self.between.uds = str(self.world.file(SOCKET))
        self.between.change = self.change

    def change(self, _method: str, path: str, answer: Answer) -> Answer:
        """Show `shown` too."""
        if not path.endswith("/heads"):
            return answer
        return answer._replace(body=write_bundle([*read_bundle(answer.body), *self.shown]))

    def go_on(self, day: date) -> None:
        """Have bo's stolen vault sign a head and keys of a day, and the thief's server show them."""
        world = self.world
        world.travel(day)
        world.unlocked(COPY, "--confirm-date", day.isoformat(), "prekeys")
        parcel = str(world.file("from-thief.parcel"))
        world.unlocked(COPY, "export", parcel)
        pushed = self.courier("push", parcel)
        assert pushed.code == 0, pushed

    def read_all(self) -> set[str]:
        """Have the stolen vault import all that the thief's server has; return the ids of the reports that it opened now."""
        parcel = str(self.world.file("to-thief.parcel"))
        assert self.courier("pull", "--from", "0", "--out", parcel, "--replace").code == 0
        said = self.world.unlocked(COPY, "import", parcel)
        return set(said["reports"]) - {one["report"] for one in said["kept_aside"]}

    def serves(self) -> list[tuple[int, list[object]]]:
        """The heads of the thief's server: which charter each names, whose and of which day it is."""
        with self.world.client(SOCKET) as client:
            heads = [read_document(unverified_text(raw), KIND, Edition) for raw in read_bundle(client.get("/v1/desks/legal/heads").content)]
        return sorted((head.charter.sequence, [head.reviewer, head.day]) for head in heads)

    def courier(self, *words: str) -> Said:
        """Bring or fetch what whoever has a server also could write to its disk, or read there."""
        return self.world.courier(*words, socket=SOCKET, state=COURIER)

    # -- who comes ---------------------------------------------------------------------------------------------------------

    def send(self, text: str) -> Said:
        """Send a report with the terminal program, which knows the address and the root."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            place = ["--server", self.between.origin, "--root", self.world.root, "--language", "en"]
            code = reporter_program(["send", *place, "--text", text, "--json"])
        return Said(code, json.loads((out.getvalue() or "{}").splitlines()[-1]), err.getvalue())

    def asked(self, method: str) -> int:
        """How often the address was asked for something by this method."""
        return sum(one == method for one, _, _ in self.between.seen)
