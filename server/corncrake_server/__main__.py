# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-server`: run the server, and what an operator does to it.

Rules of this file: what a command says goes to standard output, one line; what went wrong goes to standard error as
`failure: sentence`, exit 1. Listening is on a Unix socket or on loopback, nowhere else; nothing writes an access log.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from corncrake_crypto.checkpoint import log_name
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError, UsageError
from corncrake_crypto.page_release import MAX_RELEASE
from corncrake_server.api.saved_page import SavedPages
from corncrake_server.api.unread_bodies import UnreadBodies
from corncrake_server.app import Process, create_app
from corncrake_server.backup import back_up, restore
from corncrake_server.checking import check
from corncrake_server.clock import SystemClock
from corncrake_server.control import Answer, Order, ask, carry_out
from corncrake_server.refusals import FolderTaken
from corncrake_server.settings import Settings, load_settings
from corncrake_server.storage.database import Database
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.log_key import LogKeyFiles, has_signed, log_numbers
from corncrake_server.storage.process_lock import ProcessLock
from corncrake_server.storage.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOG_PATH: Final = "/log/1"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="corncrake-server", description="The server of Corncrake: it keeps what it cannot read.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", type=Path, help="a TOML file of settings")
    shared.add_argument("--data", dest="data_dir", help="the data folder")
    shared.add_argument("--database", dest="database_url", help="an SQLAlchemy URL; without: SQLite in the data folder")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", parents=[shared], help="run the server")
    serve.add_argument("--uds", help="listen on this Unix socket")
    serve.add_argument("--port", type=int, help="listen on this port of 127.0.0.1")
    serve.add_argument("--page", dest="page_dir", help="serve the built page in this folder")
    serve.add_argument("--publish-at", dest="publish_at", help="HH:MM, UTC; empty: only by command")
    init = commands.add_parser("init", parents=[shared], help="make data folder, tables and log key; print the public key")
    init.add_argument("--origin", help="https://host[:port] as the charter will have it")
    commands.add_parser(
        "new-log", parents=[shared], help="make the key of the next log, for when the present one is lost or stolen; print what the charter must name"
    )
    charter = commands.add_parser("charter", parents=[shared], help="take a charter and the forms that it names")
    charter.add_argument("note", type=Path)
    charter.add_argument("--form", type=Path, action="append", default=[])
    release = commands.add_parser("release", parents=[shared], help="take a page release that the release keys have signed")
    release.add_argument("note", type=Path)
    commands.add_parser("publish", parents=[shared], help="publish now")
    tables = commands.add_parser("migrate", parents=[shared], help="bring the tables up or down")
    tables.add_argument("direction", choices=["up", "down"], nargs="?", default="up")
    tables.add_argument("revision", nargs="?")
    tables.add_argument("--remove", metavar="everything", help="with down: say that it is meant")
    commands.add_parser("check", parents=[shared], help="look at everything, and say what to do; changes nothing")
    for name, text in (("backup", "copy everything but the log key into a new folder"), ("restore", "bring a backup back")):
        copy = commands.add_parser(name, parents=[shared], help=text)
        copy.add_argument("folder", type=Path)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    values = {key: value for key, value in vars(arguments).items() if key in Settings.__struct_fields__}
    return load_settings(arguments.config, values)


def _check_user(settings: Settings) -> None:
    """Refuse to be root in another user's folder: what root writes there, the service cannot read, and it would not start again.

    Raises:
        UsageError: `misuse`.
    """
    for folder in (settings.data, settings.keys):
        if os.geteuid() == 0 and folder.exists() and (owner := folder.stat().st_uid) != 0:
            name = next((user.pw_name for user in pwd.getpwall() if user.pw_uid == owner), f"#{owner}")
            raise UsageError(Failure.MISUSE, f"{folder} is not root's: run this as its owner, `runuser -u {name} -- corncrake-server …`")


def _init(settings: Settings) -> str:
    if not settings.origin:
        raise UsageError(Failure.MISUSE, "init needs --origin, as the charter will have it")
    for folder in (settings.data, settings.keys):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(_migrate(settings, "head"))
    LogKeyFiles.create(settings.keys, settings.origin.partition("://")[2] + _LOG_PATH)
    return _log_line(LogKeyFiles(settings.keys))


def _new_log(settings: Settings) -> str:
    """Make the key of the log after the one that the charter names, and after all that have signed; one that waits for its charter is shown again."""
    return _log_line(asyncio.run(_next_key(settings)))


async def _next_key(settings: Settings) -> LogKeyFiles:
    database = Database(settings.url)
    try:
        named = await SqlLog(database).named()
    finally:
        await database.close()
    if named is None:
        raise UsageError(Failure.MISUSE, "there is no charter yet, and so no log that another one could follow: run `corncrake-server init`")
    present = log_name(named.origin)
    settings.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    # One that has signed was named by a charter that this database, an older copy, does not know.
    later = [number for number in log_numbers(settings.keys) if number > present.number]
    last = max([present.number, *(number for number in log_numbers(settings.keys, "head") if has_signed(settings.keys, number))])
    waiting = [number for number in later if number > last]
    if not waiting:
        LogKeyFiles.create(settings.keys, f"{present.host}/log/{last + 1}")
    return LogKeyFiles(settings.keys, next(iter(waiting), last + 1))


def _log_line(log: LogKeyFiles) -> str:
    return f"log {log.origin} {b64url(log.key.public)}"


async def _migrate(settings: Settings, revision: str) -> None:
    database = Database(settings.url)
    lock = ProcessLock(settings.data) if database.is_sqlite else None
    try:
        await migrate(database, revision)
    finally:
        await database.close()
        if lock is not None:
            lock.close()


async def _order(settings: Settings, order: Order) -> Answer:
    """Carry out an order here or, when a server has the data folder, there."""
    try:
        process = Process(settings, SystemClock())
    except FolderTaken:
        return await ask(settings.data, order)
    try:
        await process.start(whole=order.do != "charter")
        return await carry_out(order, process.services)
    finally:
        await process.stop()


def _check(settings: Settings) -> str:
    findings = asyncio.run(check(settings, SystemClock()))
    lines = "\n".join(map(str, findings))
    wrong = sum(not finding.well for finding in findings)
    if wrong:
        sys.stdout.write(lines + "\n")
        raise StoreError(Failure.STORE, f"{wrong} of {len(findings)} checks say what to do")
    return lines


async def _try(settings: Settings) -> None:
    """Start and stop, so that what is wrong is said in one line, before the event loop's own way of saying it."""
    process = Process(settings, SystemClock())
    try:
        await process.start()
    finally:
        await process.stop()


def _serve(settings: Settings) -> str:
    asyncio.run(_try(settings))
    application = SavedPages(UnreadBodies(create_app(settings)))
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=settings.port,
        uds=settings.uds or None,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.graceful_seconds,
        timeout_keep_alive=20,
    )
    return ""


def _ordered(settings: Settings, order: Order) -> str:
    answer = asyncio.run(_order(settings, order))
    if answer.failure:
        raise StoreError(Failure(answer.failure), answer.said)
    return answer.said


def _run_migrate(settings: Settings, arguments: argparse.Namespace) -> str:
    down = arguments.direction == "down"
    if down and arguments.remove != "everything":
        raise UsageError(Failure.MISUSE, "this removes tables with all in them; nothing was changed. Make a backup, then say --remove everything")
    asyncio.run(_migrate(settings, arguments.revision or ("base" if down else "head")))
    return "the tables were removed" if down else "the tables are in place"


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise UsageError(Failure.SIZE, f"{path.name} has more than {most} bytes; nothing was changed")
    return raw


def _run_charter(settings: Settings, arguments: argparse.Namespace) -> str:
    forms = tuple(path.read_bytes() for path in arguments.form)
    return _ordered(settings, Order(do="charter", charter=arguments.note.read_bytes(), forms=forms))


_COMMANDS: Final[dict[str, Callable[[Settings, argparse.Namespace], str]]] = {
    "serve": lambda settings, _: _serve(settings),
    "init": lambda settings, _: _init(settings),
    "new-log": lambda settings, _: _new_log(settings),
    "charter": _run_charter,
    "release": lambda settings, arguments: _ordered(settings, Order(do="release", release=_read(arguments.note, MAX_RELEASE))),
    "publish": lambda settings, _: _ordered(settings, Order(do="publish")),
    "migrate": _run_migrate,
    "check": lambda settings, _: _check(settings),
    "backup": lambda settings, arguments: asyncio.run(back_up(settings, arguments.folder)),
    "restore": lambda settings, arguments: asyncio.run(restore(settings, arguments.folder)),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    os.umask(0o077)
    try:
        arguments = _parser().parse_args(words)
        settings = _settings(arguments)
        _check_user(settings)
        said = _COMMANDS[arguments.command](settings, arguments)
    except CorncrakeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{Failure.STORE}: {f'{error.filename}: ' if error.filename else ''}{error.strerror}\n")
        return 1
    if said:
        sys.stdout.write(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
