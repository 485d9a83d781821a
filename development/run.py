# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./dev run`: the whole system on this machine, to try out.

Rules of this file: everything lies in the folder `.run`; only loopback is listened on. Ctrl-C ends all of it within ten seconds, also with a
request half sent. A second start goes on with the same data; `--fresh` makes all of it anew.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno

from development.organisation import DESK, PASSPHRASE, REVIEWERS, Demonstration
from development.programs import ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

HERE: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = HERE / ".run"
PAGE: Final = HERE / "clients" / "web" / "dist"
SAMPLE: Final = "https://report.example.org/#r={root}&d={desk}"
_GRACE: Final = "3"
"""Seconds that the server waits for requests under way when it ends."""


def _guide(place: Demonstration) -> str:
    """Return what to try next."""
    programs = HERE / ".venv" / "bin"
    where = f"--server {place.origin} --root {place.root}"
    carry = f"{where} --key courier.key --state courier"
    reporter, courier, server = (programs / f"corncrake-{name}" for name in ("reporter", "courier", "server"))
    vault = f"{programs / 'corncrake-vault'} --store {REVIEWERS[0]} --passphrase-file passphrase"
    return f"""
Report from a terminal (another window), come back, add to it:
  cd {place.folder}
  {reporter} send {where} --desk {DESK}
  {reporter} check {where} --desk {DESK}
  {reporter} add {where} --desk {DESK}

Carry it to {REVIEWERS[0]}'s machine, which has no network, and read it there:
  {courier} pull {carry} --out in.parcel
  {vault} import in.parcel
  {vault} list
  {vault} show 1
  {vault} reply 1 "We have read it."

Carry the answer back, and fetch the photos, which come in the next round:
  {vault} export out.parcel
  {courier} push {carry} out.parcel
  {courier} pull {carry} --out in2.parcel
  {vault} import in2.parcel
  {vault} save 1 files

Publish the log now (by itself: soon after midnight, UTC):
  {server} publish --data server/data

{REVIEWERS[1]}'s vault is there too: --store {REVIEWERS[1]}. The passphrase of all vaults: {PASSPHRASE}
"""


def _qr(place: Demonstration) -> None:
    """Print the QR code that a deployment would hand out."""
    print("A sample of the QR code that an organisation hands out; it leads to an address that does not exist, and no phone can open this machine's:")
    segno.make(SAMPLE.format(root=place.root, desk=DESK), error="l").terminal(compact=True)


def _serve_words(page: Path) -> list[str]:
    return ["--page", str(page)] if (page / "index.html").exists() else []


def _step(text: str) -> None:
    print(f"  {text}", flush=True)


def _open(place: Demonstration, serve: list[str]) -> None:
    """Start what is there, or make it."""
    if place.load():
        print("Going on with what is there (--fresh makes it anew).", flush=True)
        place.start(*serve)
        return
    shutil.rmtree(place.folder, ignore_errors=True)
    print("Making a demonstration organisation:", flush=True)
    place.found(*serve, say=_step)
    (place.folder / "passphrase").write_text(f"{PASSPHRASE}\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run until a signal comes; return the exit code."""
    parser = argparse.ArgumentParser(prog="./dev run", description="Start the whole system on this machine.")
    parser.add_argument("--fresh", action="store_true", help="make all data anew")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the data lie (default: .run)")
    said = parser.parse_args(argv)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if ended.is_set():
            return
        ended.set()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    place = Demonstration(said.folder)
    place.server_environment |= {"CORNCRAKE_GRACEFUL_SECONDS": _GRACE}
    if said.fresh:
        shutil.rmtree(place.folder, ignore_errors=True)
    try:
        _open(place, _serve_words(PAGE))
        _qr(place)
        print(_guide(place))
        print(f"The page:  {place.link}\n\nCtrl-C ends it.", flush=True)
        if place.server is not None:
            status = place.server.process.wait()
            print(f"The server ended by itself ({status}); its last words stand in {place.server.log}", file=sys.stderr)
    except ProgramError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("\nEnding …", flush=True)
        return 0
    finally:
        ended.set()
        place.stop()
    return 1


if __name__ == "__main__":
    sys.exit(main())
