# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-monitor`: watches an organisation's log, charters and page from outside, and cosigns as a witness.

Rules of this file: what was found goes to standard output, as lines for a person or as one JSON object; progress and refusals to standard error. Exit
codes: 0 all is well, 1 something is not, 2 wrong usage, 3 nobody could look.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from corncrake_crypto.charter import Witness as CharterWitness
from corncrake_crypto.cosignature import verifier_key
from corncrake_crypto.encoding import b64url, canonical, parse_root
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError, StoreError, UsageError
from corncrake_monitor.clock import today
from corncrake_monitor.evidence import MAX_EVIDENCE, judge
from corncrake_monitor.keys import make_key, read_key
from corncrake_monitor.server import PATIENCE, Server
from corncrake_monitor.state import StateFile
from corncrake_monitor.telling import lines_of, told
from corncrake_monitor.verify_page import on_verify_page, verify_page
from corncrake_monitor.watching import look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_monitor.watching import Outcome

WELL: Final = 0
NOT_WELL: Final = 1
MISUSED: Final = 2
NOT_LOOKED: Final = 3


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="corncrake-monitor", description="Watches a Corncrake server from outside; cosigns its log.")
    commands = top.add_subparsers(dest="command", required=True)
    made = commands.add_parser("keygen", help="make a witness's key, and the state that belongs to it")
    made.add_argument("--name", required=True, help="of the witness, such as watch.example.org/one")
    watch = commands.add_parser("watch", help="look at the server once, or again and again")
    watch.add_argument("--server", required=True, metavar="URL", help="the origin in the charter, https://host")
    watch.add_argument("--root", required=True, help="of the organisation, 52 characters: from a person, not from the server")
    watch.add_argument("--uds", metavar="PATH", help="reach the server by this Unix socket")
    watch.add_argument("--compare", action="append", default=[], metavar="FILE_OR_URL", help="what somebody else has seen of the log")
    watch.add_argument("--every", type=int, metavar="SECONDS", help="look again after so many seconds, for ever")
    watch.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS", help="for one answer")
    served = commands.add_parser("serve", help="answer a log that asks for cosignatures")
    served.add_argument("--port", type=int, default=8644, help="on loopback")
    served.add_argument("--uds", metavar="PATH", help="listen on this Unix socket instead")
    status = commands.add_parser("status", help="say what is known, without looking")
    status.add_argument("--forget-found", action="store_true", help="take out what was found, after a person has dealt with it")
    judged = commands.add_parser("judge", help="say what a file of evidence proves")
    judged.add_argument("file", type=Path)
    page = commands.add_parser("verify-page", help="say whether a saved page, or a server's, is what the release keys have signed")
    on_verify_page(page)
    for one in (made, served):
        one.add_argument("--key", type=Path, required=True, metavar="FILE")
    for one in (made, watch, served, status):
        one.add_argument("--state", type=Path, required=True, metavar="FILE")
    for one in (watch, served):
        one.add_argument("--evidence", type=Path, metavar="FOLDER", help="where evidence is kept; usually beside the state")
    for one in (made, watch, status, judged, page):
        one.add_argument("--json", action="store_true", help="print one JSON object")
    return top


def _say(said: argparse.Namespace, value: dict[str, Any], lines: Sequence[str]) -> None:
    print(json.dumps(value) if said.json else "\n".join(lines), flush=True)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _folder(said: argparse.Namespace) -> Path:
    folder: Path = said.evidence or said.state.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{folder} cannot be a folder for evidence: {error.strerror}") from error
    return folder


def _keygen(said: argparse.Namespace) -> int:
    with StateFile(said.state).changing() as change:
        # One that has watched, and cosigned nothing, becomes the witness's.
        if change.state.witness is not None or change.state.cosigned:
            raise UsageError(Failure.MISUSE, f"{said.state.name} belongs to another key: name another file with --state. No key was made")
        key = make_key(said.key, said.name)
        change.state = replace(change.state, witness=b64url(key.key.public))
    named = json.loads(canonical(CharterWitness(name=key.name, key=b64url(key.key.public))))
    vkey = verifier_key(*key.public)
    _say(said, {"witness": named, "vkey": vkey}, [f"for the charter: {json.dumps(named)}", f"for other programs: {vkey}"])
    return WELL


def _watch(said: argparse.Namespace) -> int:
    parse_root(said.root)
    while True:
        outcome = _look(said)
        _say(said, told(outcome), lines_of(outcome))
        if said.every is None:
            return WELL if outcome.is_well else NOT_LOOKED if outcome.has_learnt_nothing else NOT_WELL
        time.sleep(max(1, said.every))


def _look(said: argparse.Namespace) -> Outcome:
    with Server(said.server, uds=said.uds, patience=said.patience) as server:
        file = StateFile(said.state)
        return look(server, file, said.root, today(), folder=_folder(said), others=said.compare, patience=said.patience, progress=_progress)


def _midnight() -> int:
    """Return the seconds at which the day began: a cosignature bears no finer time."""
    day = today()
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _serve(said: argparse.Namespace) -> int:
    # A web server is loaded by the one command that needs it.
    from corncrake_monitor.serving import serve  # noqa: PLC0415
    from corncrake_monitor.witness import Witness  # noqa: PLC0415

    key, file = read_key(said.key), StateFile(said.state)
    if file.read().witness != b64url(key.key.public):
        raise UsageError(Failure.MISUSE, "this state is not the one that 'keygen' made with this key: a witness that forgot what it cosigned is none")
    serve(Witness(file, key, _folder(said), today, _midnight), port=said.port, uds=said.uds)
    return WELL


def _status(said: argparse.Namespace) -> int:
    file = StateFile(said.state)
    if said.forget_found:
        with file.changing() as change:
            change.state = change.state.forgetting()
    state = file.read()
    heads = [{"origin": one.origin, "size": int(one.note.split("\n")[1]), "day": one.note.split("\n")[3].removeprefix("day ")} for one in state.seen]
    cosigned = [{"origin": one.head.origin, "size": one.head.size} for one in state.cosigned]
    kept = [json.loads(canonical(one)) for one in state.kept]
    looked = None if state.looked is None else state.looked.isoformat()
    lines = [f"last looked: {looked or 'never'}", *(f"seen: {one['origin']}, {one['size']} leaves, {one['day']}" for one in heads)]
    lines += [f"cosigned: {one['origin']}, {one['size']} leaves" for one in cosigned]
    lines += [f"NOT WELL since {one['day']}: {one['word']}: {one['says']}" for one in kept]
    _say(said, {"looked": looked, "seen": heads, "cosigned": cosigned, "kept": kept}, lines)
    return NOT_WELL if kept else WELL


def _judge(said: argparse.Namespace) -> int:
    try:
        with said.file.open("rb") as file:
            verdict = judge(file.read(MAX_EVIDENCE + 1))
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{said.file} cannot be read: {error.strerror}") from error
    _say(said, {"proven": verdict.proven, "why": verdict.why}, [f"{'proven' if verdict.proven else 'NOT proven'}: {verdict.why}"])
    return WELL if verdict.proven else NOT_WELL


def _verify_page(said: argparse.Namespace) -> int:
    try:
        lines = verify_page(said, today(), _progress)
    except (FileError, PeerError) as error:
        _say(said, {"well": False, "word": error.failure.value, "says": error.detail}, [f"NOT WELL: {error}"])
        return NOT_WELL
    except StoreError as error:
        print(error, file=sys.stderr)
        return NOT_LOOKED
    _say(said, {"well": True, "says": lines}, lines)
    return WELL


_COMMANDS: Final = {"keygen": _keygen, "watch": _watch, "serve": _serve, "status": _status, "judge": _judge, "verify-page": _verify_page}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    said = _parser().parse_args(words)
    try:
        return _COMMANDS[said.command](said)
    except CorncrakeError as error:
        print(error, file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return WELL


if __name__ == "__main__":
    sys.exit(main())
