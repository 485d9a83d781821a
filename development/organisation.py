# SPDX-License-Identifier: AGPL-3.0-or-later
"""A demonstration organisation: an offline key, one desk, two reviewers, a courier, a server; made by the real programs.

Rules of this file: everything lies in one folder, each machine in a subfolder of its own. What is public about the organisation (root,
port) stands in `demonstration.json`, so that a second start finds it again. The passphrase is no secret here, and says so.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.form import Form, Option, Question, write_form
from development.programs import ProgramError, ServerProcess, Told, free_port, held_port, port_of, run_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from socket import socket

DESK: Final = "legal"
COURIER: Final = "kim"
REVIEWERS: Final = ("ana", "bo")
USUAL_PORT: Final = 8642
PASSPHRASE: Final = "only a demonstration of corncrake"  # noqa: S105 - made up, and says so
_NOTE: Final = "demonstration.json"


def _both(en: str, es: str) -> dict[str, str]:
    return {"en": en, "es": es}


def demonstration_form(about: str = "") -> bytes:
    """Return the form of the demonstration's desk, in English and Spanish; `about` is added to whom it reaches."""
    questions = (
        Question(
            id="story",
            kind="story",
            label=_both("What happened?", "¿Qué pasó?"),
            hint=_both("In your own words.", "Con sus propias palabras."),
        ),
        Question(id="place", kind="place", label=_both("Where was it?", "¿Dónde fue?")),
        Question(id="day", kind="day", label=_both("Which day?", "¿Qué día?")),
        Question(id="who", kind="text", label=_both("Who did it?", "¿Quién lo hizo?")),
        Question(
            id="source",
            kind="many",
            label=_both("How do you know?", "¿Cómo lo sabe?"),
            options=(
                Option(id="saw", label=_both("I saw it", "Lo vi")),
                Option(id="told", label=_both("Somebody told me", "Me lo contaron")),
                Option(id="papers", label=_both("I have papers or pictures", "Tengo papeles o fotos")),
            ),
        ),
    )
    consent = Question(
        id="use",
        kind="choice",
        label=_both("What may we use it for?", "¿Para qué podemos usarlo?"),
        options=(
            Option(id="read", label=_both("Only to read it", "Solo para leerlo")),
            Option(id="help", label=_both("To look for help for me", "Para buscarme ayuda")),
            Option(id="court", label=_both("Also before a court", "También ante un tribunal")),
        ),
    )
    return write_form(
        Form(
            v=1,
            desk=DESK,
            languages=("en", "es"),
            title=_both("Tell the legal desk", "Cuéntelo a la mesa jurídica"),
            about=_both(
                f"A demonstration: two made-up lawyers read this. They can write down what happened; they cannot come to you. {about}".strip(),
                f"Una demostración: dos abogados inventados leen esto. Pueden anotar lo que pasó; no pueden ir a verle. {about}".strip(),
            ),
            promise_days=7,
            questions=questions,
            consent=(consent,),
        )
    )


class Demonstration:
    """The whole organisation, in one folder.

    Attributes:
        folder: of everything.
        root: the organisation's, 52 characters.
        port: of the server, on loopback.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder; `found` fills it, `load` finds it filled."""
        self.folder = folder.absolute()
        self.root = ""
        self.port = 0
        self.server: ServerProcess | None = None
        self._held: socket | None = None
        self.environment = {"CORNCRAKE_PASSPHRASE": PASSPHRASE}
        self.server_environment: dict[str, str] = {}

    @property
    def origin(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """The address that opens the page at the desk, the root in its fragment."""
        return f"{self.origin}/#r={self.root}&d={DESK}"

    # -- programs ----------------------------------------------------------------------------------------------------------

    def vault(self, who: str, *words: str) -> Told:
        """Run a command of somebody's vault."""
        return run_program(self.folder, "corncrake_vault", "--store", who, *words, "--json", env=self.environment)

    def both(self, *words: str) -> list[dict[str, Any]]:
        """Run the same command of both reviewers' vaults, at the same time: they are two machines."""
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(self.vault, who, *words) for who in REVIEWERS]
            return [one.result().data for one in running]

    def courier(self, command: str, *words: str) -> Told:
        """Run `pull` or `push`."""
        place = ["--server", self.origin, "--root", self.root, "--key", "courier.key", "--state", "courier"]
        return run_program(self.folder, "corncrake_courier", command, *place, *words, "--json")

    def operate(self, *words: str, data: str = "server/data") -> Told:
        """Run a command of the server."""
        return run_program(self.folder, "corncrake_server", *words, "--data", data)

    def reporter(self, command: str, *words: str, codename: str = "") -> Told:
        """Run a reporter's command; `codename` is the twelve words, where they are asked for."""
        place = ["--server", self.origin, "--root", self.root, "--desk", DESK]
        env = {"CORNCRAKE_WORDS": codename} if codename else None
        return run_program(self.folder, "corncrake_reporter", command, *place, *words, "--json", env=env)

    def carry_back(self, who: str) -> dict[str, Any]:
        """Export from a vault and push; return what the vault said."""
        parcel = f"from-{who}.parcel"
        told = self.vault(who, "export", parcel)
        self.courier("push", parcel)
        return told.data

    def carry_in(self) -> list[dict[str, Any]]:
        """Pull one parcel and import it in every vault; return what the vaults said."""
        self.courier("pull", "--out", "to-vaults.parcel", "--replace")
        return self.both("import", "to-vaults.parcel")

    # -- life --------------------------------------------------------------------------------------------------------------

    def sign_charter(self, name: str, origin: str, log: list[str], form: bytes) -> None:
        """Have the organisation's vault sign `NAME.note`, its form in `NAME.form.json`."""
        who = [{"id": one, "identity": self.vault(one, "identity").data["identity"]} for one in REVIEWERS]
        courier = json.loads((self.folder / "courier.json").read_text())
        names = _both("Legal desk (a demonstration)", "Mesa jurídica (una demostración)")
        desk = {"id": DESK, "names": names, "languages": ["en", "es"], "reviewers": who, "min": len(REVIEWERS), "voices": list(REVIEWERS)}
        spec = {
            "organisation": {"names": _both("The Demonstration", "La Demostración")},
            "origin": origin,
            "log": {"origin": log[1], "key": log[2]},
            "desks": [desk],
            "couriers": [courier],
            "release_keys": [],
            "stamps": [13, 15, 17],
        }
        (self.folder / f"{name}.form.json").write_bytes(form)
        (self.folder / f"{name}.spec.json").write_text(json.dumps(spec))
        self.vault("organisation", "organisation", "charter", f"{name}.spec.json", "--form", f"{name}.form.json", "--out", f"{name}.note")

    def found(self, *serve: str, port: int = USUAL_PORT, say: Callable[[str], None] = print) -> None:
        """Make everything, start the server, open the desk with its first editions, publish.

        Args:
            serve: more words for the server's command.
            port: the one to try first.
            say: is told each step.

        Raises:
            ProgramError: a program failed.
        """
        self.folder.mkdir(mode=0o700, parents=True)
        # The server comes to listen on it some seconds later, and its charter names it.
        self._held = held_port(port)
        self.port = port_of(self._held)
        say("The organisation's key, offline …")
        self.root = self.vault("organisation", "organisation", "create").data["root"]
        self.vault("organisation", "organisation", "shares", "2", "3", "sheets")
        self.vault("organisation", "organisation", "test-shares", "--share", "sheets/share-1.txt", "--share", "sheets/share-3.txt")
        say("Two reviewers and a courier …")
        for who in REVIEWERS:
            self.vault(who, "init", "--reviewer", who, "--root", self.root)
        courier = run_program(self.folder, "corncrake_courier", "keygen", "--id", COURIER, "--key", "courier.key", "--json").data
        (self.folder / "courier.json").write_text(json.dumps(courier))
        say("The server, and a charter for it …")
        log = self.operate("init", "--origin", self.origin).data["text"].split()
        self.sign_charter("charter", self.origin, log, demonstration_form())
        self.operate("charter", "charter.note", "--form", "charter.form.json")
        self.start(*serve)
        say("Eight weeks of keys, and the first editions …")
        self.both("charter", "charter.note", "--form", "charter.form.json")
        self.both("prekeys", "--weeks", "8")
        for who in REVIEWERS:
            self.carry_back(who)
        self.operate("publish")
        # Last, so that a folder which was not finished is not taken for one that was.
        (self.folder / _NOTE).write_text(json.dumps({"root": self.root, "port": self.port}))

    def load(self) -> bool:
        """Find again what `found` made; False when there is nothing whole."""
        note = self.folder / _NOTE
        if not note.exists():
            return False
        said = json.loads(note.read_text())
        self.root, self.port = said["root"], said["port"]
        return True

    def start(self, *serve: str) -> ServerProcess:
        """Start the server.

        Raises:
            ProgramError: it does not start, or another program has its port.
        """
        if free_port(self.port) != self.port:
            raise ProgramError(f"port {self.port} is taken, and the demonstration's charter names it; end what has it, or start with --fresh")
        self.server = ServerProcess(self.folder / "server" / "data", self.port, *serve, env=self.server_environment)
        return self.server

    def stop(self) -> None:
        """End the server, and let go of its port."""
        if self._held is not None:
            self._held.close()
            self._held = None
        if self.server is not None:
            self.server.stop()
            self.server = None
