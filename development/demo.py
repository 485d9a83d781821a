# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./dev demo`: the whole path with real processes and no person, and a search for plaintext where a server could have left it.

Rules of this file: it counts what it saw and claims nothing else; it ends with 1 when a count is not what it must be. Markers are random in
each run, so that nothing of an earlier one is found. Days are the clock's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from corncrake_reporter.cleaning import clean_picture
from development.memory_search import search_files, search_memory
from development.organisation import REVIEWERS, Demonstration, demonstration_form
from development.pictures import photo
from development.programs import ProgramError, ServerProcess, held_port, port_of, run_program
from development.walkers import PageWalker, TerminalWalker, Walker

if TYPE_CHECKING:
    from collections.abc import Sequence

PHOTOS: Final = 2
"""Attached by each reporter, and a film."""
FILES: Final = PHOTOS + 1
FILM: Final = 15 << 20
"""Bytes of a film: more than small blocks carry."""


def marker() -> str:
    """Return a text that is nowhere else."""
    return f"corncrake-{os.urandom(8).hex()}"


class Walk:
    """One walk; `seen` is what `--json` writes."""

    def __init__(self, place: Demonstration, walkers: Sequence[Walker]) -> None:
        """Prepare to walk."""
        self.place = place
        self.walkers = walkers
        self.marker = marker()
        self.secrets = 0
        self.seen: dict[str, Any] = {}
        self.sent: list[dict[str, str]] = []
        self.texts: list[str] = []
        self.replies: list[str] = []
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Tell whoever watches."""
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", file=sys.stderr, flush=True)

    def secret(self, of: str) -> str:
        """Return a text that the server must never see; all begin with the same marker, so that one search finds any of them."""
        self.secrets += 1
        return f"{self.marker}-{of}-{self.secrets}"

    # -- the reporters -----------------------------------------------------------------------------------------------------

    def _files(self, number: int) -> list[Path]:
        """Make photos and a film; keep the hash of each as it must arrive: photos cleaned, the film, of a kind that nobody knows, as it is."""
        paths: list[Path] = []
        hashes: dict[str, str] = {}
        for at in range(PHOTOS):
            raw = photo(self.secret("maker"), number * PHOTOS + at)
            path = self.place.folder / f"{self.secret('photo')}.jpg"
            path.write_bytes(raw)
            paths.append(path)
            hashes[path.name] = hashlib.sha256(clean_picture(raw).data).hexdigest()
        film = self.place.folder / f"{self.secret('film')}.bin"
        film.write_bytes(self.secret("scene").encode() + os.urandom(FILM))
        hashes[film.name] = hashlib.sha256(film.read_bytes()).hexdigest()
        self.sent.append(hashes)
        return [*paths, film]

    def report(self) -> None:
        """Both report, with photos and a film."""
        verified = 0
        self.texts = [f"They came at night. {self.secret('report')}" for _ in self.walkers]
        for number, walker in enumerate(self.walkers):
            self.say(f"reporter {number + 1} ({type(walker).__name__}) sends a report, {PHOTOS} photos and a film")
            verified += walker.send(self.texts[number], self._files(number))
        self.seen |= {"reports_sent": len(self.walkers), "receipts_verified": verified}

    def come_back(self) -> None:
        """Both look for the acknowledgement, and later for the reply."""
        self.say("both come back: a reviewer's machine has it")
        self.seen["acknowledged_seen"] = sum(walker.acknowledged() for walker in self.walkers)

    def read_replies(self) -> None:
        """Both read the reply."""
        self.say("both read the reply")
        self.seen["replies_read"] = sum(walker.reads(reply) for walker, reply in zip(self.walkers, self.replies, strict=True))

    def follow_up(self) -> None:
        """Both write more to the same thread; both vaults see it there."""
        self.say("both answer")
        texts = [f"More happened since. {self.secret('follow')}" for _ in self.walkers]
        verified = [walker.add(text) for walker, text in zip(self.walkers, texts, strict=True)]
        self.seen["reports_sent"] += len(verified)
        self.seen["receipts_verified"] += sum(verified)
        self.carry_in()
        shown = [self._threads(who) for who in REVIEWERS]
        self.seen["follow_ups_verified"] = min(sum(any(_is_thread_of(t, text) for t in threads) for text in texts) for threads in shown)

    # -- the reviewers -----------------------------------------------------------------------------------------------------

    def carry_in(self) -> None:
        """Courier to both vaults; a fault of any kind ends the walk."""
        self.say("the courier pulls, both vaults import")
        for said in self.place.carry_in():
            if said["faults"] or said["kept_aside"]:
                raise ProgramError(f"a vault found a fault: {said['faults']} {said['kept_aside']}")

    def carry_back(self) -> None:
        """Both vaults to the server."""
        self.say("both vaults export, the courier pushes")
        for who in REVIEWERS:
            self.place.carry_back(who)

    def _threads(self, who: str) -> list[dict[str, Any]]:
        listed = self.place.vault(who, "list").data["threads"]
        return [self.place.vault(who, "show", str(thread["number"])).data for thread in listed]

    def save(self) -> None:
        """Both save every file; each must be what was sent, to the byte."""
        self.say("both save the files")
        wanted = sorted(sha256 for hashes in self.sent for sha256 in hashes.values())
        identical: list[int] = []
        for who in REVIEWERS:
            found: list[str] = []
            for thread in self.place.vault(who, "list").data["threads"]:
                folder = f"saved-{who}-{thread['number']}"
                saved = self.place.vault(who, "save", str(thread["number"]), folder).data["files"]
                paths = [self.place.folder / file["path"] for file in saved if file["path"] is not None]
                found += [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
            identical.append(sum(sha256 in found for sha256 in wanted))
        self.seen["files_identical"] = min(identical)

    def reply(self) -> None:
        """The first reviewer answers every thread."""
        self.say(f"{REVIEWERS[0]} answers")
        threads = self._threads(REVIEWERS[0])
        for text in self.texts:
            thread = next(thread for thread in threads if text in _texts(thread["messages"][0]))
            self.replies.append(f"We have read it. {self.secret('reply')}")
            self.place.vault(REVIEWERS[0], "reply", str(thread["number"]), self.replies[-1])

    def publish(self) -> None:
        """The server publishes; every report must be in the log, as vaults and saved receipts see it."""
        self.say("the server publishes; vaults and receipts look into the log")
        self.place.operate("publish")
        self.carry_in()
        messages = [[m for thread in self._threads(who) for m in thread["messages"]] for who in REVIEWERS]
        self.seen["reports_opened"] = min(map(len, messages))
        self.seen["included"] = min(sum(m["leaf"] is not None for m in found) for found in messages)
        for walker in self.walkers:
            if isinstance(walker, TerminalWalker) and walker.included() != len(walker.receipts):
                raise ProgramError("a saved receipt is not in the public log")

    def watch(self) -> None:
        """Somebody outside looks at log and charters, before and after the next publication."""
        self.say("a monitor looks from outside, twice")
        words = ["watch", "--server", self.place.origin, "--root", self.place.root, "--state", "monitor.json", "--json"]
        seen: list[int] = []
        for _ in range(2):
            seen.append(run_program(self.place.folder, "corncrake_monitor", *words).data["size"])
            self.place.operate("publish")
        self.seen["leaves_watched"] = seen[-1]

    # -- the server --------------------------------------------------------------------------------------------------------

    def search(self) -> None:
        """Look for everything that was said, in files, logs and memory of the server."""
        if self.place.server is None:
            raise ProgramError("there is no server to search")
        found = [search_files(self.place.folder / "server", self.marker), search_memory(self.place.server.process.pid, self.marker)]
        for one, of in zip(found, ("database, files, logs", "memory"), strict=True):
            self.say(f"searched {one.searched >> 20} MiB of {of} for {self.secrets} marked texts: {one.hits} hits {' '.join(one.places)}")
        self.seen["server_plaintext_hits"] = self.seen.get("server_plaintext_hits", 0) + sum(one.hits for one in found)

    def control(self) -> None:
        """A second server is given a marker in clear: the same search must find it, in its files and in its memory."""
        self.say("control: a second server is given a marker in clear")
        told = marker()
        held = held_port()
        port = port_of(held)
        origin = f"http://127.0.0.1:{port}"
        log = self.place.operate("init", "--origin", origin, data="control/data").data["text"].split()
        self.place.sign_charter("control", origin, log, demonstration_form(told))
        server = ServerProcess(self.place.folder / "control" / "data", port, "--publish-at", "")
        try:
            self.place.operate("charter", "control.note", "--form", "control.form.json", data="control/data")
            form = hashlib.sha256((self.place.folder / "control.form.json").read_bytes()).hexdigest()
            httpx.get(f"{origin}/v1/forms/{form}", trust_env=False).raise_for_status()
            files = search_files(self.place.folder / "control", told)
            memory = search_memory(server.process.pid, told)
        finally:
            server.stop()
            held.close()
        self.say(f"found {files.hits} times in files, {memory.hits} times in memory")
        self.seen["control_hits"] = files.hits + memory.hits if files.hits and memory.hits else 0

    def walk(self) -> dict[str, Any]:
        """Walk all of it; return what was seen."""
        self.report()
        self.search()
        self.carry_in()
        self.carry_back()
        self.come_back()
        self.carry_in()
        self.save()
        self.reply()
        self.carry_back()
        self.read_replies()
        self.follow_up()
        self.publish()
        self.watch()
        self.search()
        self.control()
        self.seen["seconds"] = int(time.monotonic() - self._started)
        return {key: self.seen[key] for key in KEYS}


KEYS: Final = (
    "reports_sent",
    "receipts_verified",
    "included",
    "reports_opened",
    "files_identical",
    "acknowledged_seen",
    "replies_read",
    "follow_ups_verified",
    "leaves_watched",
    "server_plaintext_hits",
    "control_hits",
    "seconds",
)


def _is_thread_of(thread: dict[str, Any], text: str) -> bool:
    """Say whether a thread holds a text as a follow-up behind a first report."""
    first, *more = thread["messages"]
    return first["kind"] == "first" and any(m["kind"] == "follow_up" and text in _texts(m) for m in more)


def _texts(message: dict[str, Any]) -> list[str]:
    """Return the texts of one message."""
    return [answer["text"] for answer in message["answers"] if "text" in answer]


def is_whole(seen: dict[str, Any]) -> bool:
    """Say whether a walk saw all that it must."""
    reports, people = seen["reports_sent"], seen["reports_sent"] // 2
    return (
        all(seen[key] == reports for key in ("receipts_verified", "included", "reports_opened"))
        and seen["files_identical"] == people * FILES
        and all(seen[key] == people for key in ("acknowledged_seen", "replies_read", "follow_ups_verified"))
        and seen["leaves_watched"] > 0
        and seen["server_plaintext_hits"] == 0
        and seen["control_hits"] > 0
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Walk; print and write what was seen; return 0 when all of it is as it must be."""
    parser = argparse.ArgumentParser(prog="./dev demo", description="Walk the whole path with real processes and no person.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was seen")
    parser.add_argument("--no-browser", action="store_true", help="both reporters use the terminal")
    said = parser.parse_args(argv)
    page = Path(__file__).resolve().parent.parent / "clients" / "web" / "dist"
    with tempfile.TemporaryDirectory(prefix="corncrake-demo-") as folder:
        place = Demonstration(Path(folder) / "demo")
        walk = Walk(place, (TerminalWalker(place), TerminalWalker(place) if said.no_browser else PageWalker(place)))
        try:
            place.found("--publish-at", "", *(() if said.no_browser else ("--page", str(page))), port=0, say=walk.say)
            seen = walk.walk()
        except ProgramError as error:
            print(f"The demonstration broke off: {error}", file=sys.stderr)
            return 1
        finally:
            place.stop()
    text = json.dumps(seen, indent=2)
    print(text)
    if said.json is not None:
        said.json.write_text(text + "\n", encoding="utf-8")
    return 0 if is_whole(seen) else 1


if __name__ == "__main__":
    sys.exit(main())
