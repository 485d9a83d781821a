# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-courier`: carries sealed parcels between a server and a vault, and opens nothing.

Rules of this file: progress and refusals go to standard error, the result to standard output. Exit codes: 0 done, 1 refused, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corncrake_courier.canary import Place, advice_for, draw_pause, post_canary, read_canary
from corncrake_courier.keys import make_key, read_key
from corncrake_courier.pull import USUAL_MIB, Wish, pull
from corncrake_courier.push import push
from corncrake_courier.server import Server
from corncrake_courier.state import held, load
from corncrake_crypto.encoding import b64url, parse_day, parse_root
from corncrake_crypto.errors import CorncrakeError, Failure, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY_VARIABLE = "CORNCRAKE_TODAY"
"""For tests and demonstrations only: a day `YYYY-MM-DD` that stands for the clock's, or `@` and a file that holds it."""

_ADVICE = {
    Failure.SHRUNKEN: "Do not carry anything on. Tell the organisation: the server's log was cut.",
    Failure.FORK: "Do not carry anything on. Tell the organisation: the server's log was changed.",
    Failure.STORE: "Nothing is lost. Run the same command again.",
    Failure.SIGNATURE: "Nothing was carried. Check --root and --key; if they are right, tell the organisation.",
    Failure.ROLLBACK: "Nothing was carried. The server shows an older charter than before, or than a reviewer has seen. Tell the organisation.",
    Failure.EXPIRED: "Nothing was carried, nothing is lost. The server needs the next charter: push the export of a vault that has it, then pull.",
    Failure.REPEATED: (
        "Nothing was carried: the server has a newer parcel of this reviewer. Push the newest export; if this is the newest, tell the reviewer:"
        " a copy of the vault is in use."
    ),
    Failure.ALTERED: "Nothing was carried on. Make or copy the parcel again; if it stays, tell the organisation.",
}


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="corncrake-courier", description="Carries sealed parcels; opens nothing.")
    top.add_argument("--json", action="store_true", help="print the result as one JSON object")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    keygen = commands.add_parser("keygen", help="make this courier's key")
    keygen.add_argument("--id", required=True, help="the courier's id in the charter")
    keygen.add_argument("--key", type=Path, required=True, help="where the key file goes")
    for name, text in (("pull", "fetch what is new into a parcel for the vault"), ("push", "bring a vault's parcel to the server")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--server", required=True, help="the server's address, as in the charter")
        command.add_argument("--uds", help="connect by this Unix socket")
        command.add_argument("--root", required=True, help="the organisation's root, 52 characters")
        command.add_argument("--key", type=Path, required=True, help="the key file")
        command.add_argument("--state", type=Path, required=True, help="folder with what this courier remembers")
    pulling, pushing = commands.choices["pull"], commands.choices["push"]
    pulling.add_argument("--out", type=Path, required=True, help="where the parcel goes")
    pulling.add_argument("--replace", action="store_true", help="write over a parcel that is there already")
    pulling.add_argument("--most-mib", type=int, default=USUAL_MIB, help=f"MiB of reports and blocks in one parcel (default: {USUAL_MIB})")
    pulling.add_argument("--desk", help="carry only this desk's reports; a state is for one desk, or for all")
    pulling.add_argument("--from", dest="start", type=int, help="carry the log again from this leaf; 0 carries everything")
    pushing.add_argument("parcel", type=Path)
    _on_canary(commands.add_parser("canary", help="post a canary of a vault's as a reporter would; from another network than the courier's own"))
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return top


def _on_canary(command: argparse.ArgumentParser) -> None:
    # Neither key nor state: whoever posts it is nobody.
    command.add_argument("file", type=Path, help="canary-N.age; canary-N.json lies beside it")
    command.add_argument("--server", required=True, help="the server's address, as in the charter")
    command.add_argument("--root", required=True, help="the organisation's root, 52 characters")
    command.add_argument("--wait", type=float, metavar="SECONDS", help="between the visit and the report; about 8 minutes by default, as people need")


def _today() -> date:
    said = os.environ.get(TODAY_VARIABLE, "")
    if said.startswith("@"):
        said = Path(said[1:]).read_text(encoding="ascii").strip()
    return parse_day(said) if said else datetime.now(tz=UTC).date()


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _keygen(said: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    made = make_key(said.key, said.id)
    public = b64url(made.key.public)
    return f"Made the key of the courier {made.id}. Public key for the charter: {public}", {"id": made.id, "key": public}


def _pull(said: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    courier = read_key(said.key)
    if said.most_mib < 1:
        raise UsageError(Failure.MISUSE, "--most-mib is at least 1")
    wish = Wish(parse_root(said.root), courier.id, _today(), said.start, said.desk, said.out, said.state, said.most_mib, said.replace)
    with held(said.state), Server(said.server, uds=said.uds, courier=courier) as server:
        done = pull(server, load(said.state), wish, _progress)
    line = (
        f"Wrote parcel {done.number} to {said.out} ({done.bytes} bytes): leaves {done.log_from} to {done.log_to}, {done.reports} reports,"
        f" {done.pending} newer ones with receipts, {done.blocks} blocks."
    )
    if done.missing:
        line += f" {len(done.missing)} blocks that a vault asked for are not on the server."
    if done.absent:
        line += f" {len(done.absent)} reports of the log were not given: the vault will say which."
    for desk, reviewer, weeks in done.running_out:
        line += f"\n! {reviewer} at the desk {desk} has keys at the server for {weeks} weeks only: ask for an export, and push it."
    if done.left:
        line += f"\nThere is more: {done.left} reports and blocks are left. Run pull again with another name, and import all parcels."
    return f"{line}\nNext: on the vault's machine: corncrake-vault import {said.out.name}", asdict(done) | {"file": str(said.out)}


def _push(said: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    courier = read_key(said.key)
    with held(said.state), Server(said.server, uds=said.uds, courier=courier) as server:
        done = push(server, load(said.state), said.parcel, folder=said.state, root=parse_root(said.root), today=_today())
    line = f"Brought parcel {done['number']} of {done['from']} to the server." if done["new"] else f"The server had parcel {done['number']} already."
    if done["wanted"]:
        line += f"\nNext: pull; the vault waits for {done['wanted']} blocks"
    return line, done


def _canary(said: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    seconds = draw_pause() if said.wait is None else said.wait
    if not 0 <= seconds < float("inf"):
        raise UsageError(Failure.MISUSE, "--wait is a number of seconds")

    def pause() -> None:
        _progress(f"The server has shown its papers. The canary leaves in {round(seconds)} seconds, as if somebody wrote until then.")
        time.sleep(seconds)

    _progress("Post canaries from another network than the courier's own: a server knows whom it sees twice.")
    canary = read_canary(said.file)
    post_canary(canary, Place(said.server.rstrip("/"), parse_root(said.root), _today()), pause)
    line = f"The server has signed for it. Delete {said.file.name} and its .json: what is posted twice is one report, and stands out."
    return line, {"desk": canary.slip.desk, "epoch": canary.slip.epoch, "id": canary.slip.id}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage."""
    try:
        said = _parser().parse_args(argv)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    try:
        line, data = {"keygen": _keygen, "pull": _pull, "push": _push, "canary": _canary}[said.command](said)
    except CorncrakeError as error:
        print(f"{error.failure.value}: {error.detail}", file=sys.stderr)
        advice = advice_for(error) if said.command == "canary" else _ADVICE.get(error.failure)
        if advice is not None:
            print(f"  {advice}", file=sys.stderr)
        if said.json:
            print(json.dumps({"failure": error.failure.value, "detail": error.detail}, ensure_ascii=False))
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was fetched stays; run it again.", file=sys.stderr)
        return 1
    print(json.dumps(data, ensure_ascii=False) if said.json else line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
