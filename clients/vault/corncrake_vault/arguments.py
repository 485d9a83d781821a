# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that `corncrake-vault` understands.

Rules of this file: a command's help is one line that says what it does for a person. `--json` works before and after the command.
"""

from __future__ import annotations

import argparse
from datetime import date  # noqa: TC003 - as everywhere in command lines
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import parse_day
from corncrake_crypto.errors import FileError
from corncrake_vault.keys.fingerprint import LISTS
from corncrake_vault.keys.prekeys import MAX_WEEKS, USUAL_WEEKS
from corncrake_vault.organisation_arguments import on_organisation, on_recovery
from corncrake_vault.threads.reading import STATES

if TYPE_CHECKING:
    from collections.abc import Callable

PASSPHRASE_VARIABLE: Final = "CORNCRAKE_PASSPHRASE"  # noqa: S105 - the name of a variable


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except FileError as error:
        raise argparse.ArgumentTypeError(error.detail) from error


def _view_words(view: argparse.ArgumentParser) -> None:
    view.add_argument("thread")
    view.add_argument("file", type=int, nargs="?", help="the file to begin with, as `save` numbers them")
    view.add_argument("--open", action="store_true", help="open the system's browser")
    view.add_argument("--idle-minutes", type=int, default=15, metavar="N", help="end when nobody has looked for so long (default: 15)")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="corncrake-vault", description="Reads reports on a machine without a network.")
    top.add_argument("--store", type=Path, default=Path("vault"), help="folder of the vault (default: ./vault)")
    top.add_argument(
        "--passphrase-file", type=Path, help=f"file with the passphrase in its first line; or {PASSPHRASE_VARIABLE}; else it is asked for"
    )
    top.add_argument("--confirm-date", type=_day, metavar="YYYY-MM-DD", help="say that it is this day, when the clock and the vault disagree")
    top.add_argument("--json", action="store_true", help="print everything as one JSON object")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return added

    init = command("init", "make a new vault for a reviewer")
    init.add_argument("--reviewer", required=True, help="the reviewer's id in the charter: a-z, 0-9 and dashes")
    init.add_argument("--root", help="the organisation's root, 52 characters; can also come later by 'charter FILE --root'")
    init.set_defaults(out=None, language="en")

    organisation = command("organisation", "the organisation's key, in a vault of its own")
    on_organisation(organisation)

    charter = command("charter", "take a charter that the organisation signed, and its forms")
    charter.add_argument("file", type=Path, nargs="?")
    charter.add_argument("--root", help="the organisation's root, when this vault does not know it yet")
    charter.add_argument("--form", type=Path, action="append", default=[])
    charter.add_argument(
        "--compared",
        action="store_true",
        help="say that keys were compared by voice, where this vault had missed a charter",
    )
    identity = command("identity", "show this reviewer's public key, as text, words and QR code")
    identity.add_argument("--out", type=Path, help="write it to a file for the organisation")
    identity.add_argument("--language", choices=sorted(LISTS), default="en", help="of the words to compare (default: en)")

    prekeys = command("prekeys", "make the weekly keys that reports are sealed to")
    prekeys.add_argument("--weeks", type=int, default=USUAL_WEEKS, help=f"how many weeks ahead, this one included, at most {MAX_WEEKS}")

    on_recovery(command)
    _on_release(command)
    _on_threads(command)
    _on_retention(command)
    _on_canaries(command)
    commands.add_parser("age", help="seal and open files like the age command: keygen, encrypt, decrypt")
    return top


def _on_retention(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    hold = command("hold", "have the server keep a thread, a report or a whole desk, whoever has acknowledged it")
    lift = command("lift", "let go of what this reviewer holds; the server may then delete it")
    for words in (hold, lift):
        words.add_argument("thread", nargs="?", help="its number, or the start of its or a report's id")
        words.add_argument("--report", metavar="ID", help="one report, by the start of its id")
        words.add_argument("--desk", help="everything of a desk")
    lift.add_argument("--yes", action="store_true", help="do not ask")
    sign = command("organisation-hold", "in the vault of the organisation's key: sign all that the organisation holds now")
    sign.add_argument("--desk", action="append", default=[])
    sign.add_argument("--report", action="append", default=[], metavar="ID")
    sign.add_argument("--overrule", action="append", default=[], metavar="REVIEWER:NUMBER", help="holds of this reviewer up to this number end")
    sign.add_argument("--after", type=int, default=0, metavar="N", help="give it a number above N, where a vault has refused one for its number")
    sign.add_argument("--out", type=Path, required=True, help="where the note goes")
    command("bring-hold", "take what the organisation holds, for this vault's exports to carry").add_argument("file", type=Path)


def _on_canaries(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    canary = command("canary", "make sealed reports that say nothing, to be posted from elsewhere and to come back; without words, list them")
    canary.add_argument("desk", nargs="?")
    canary.add_argument("folder", type=Path, nargs="?", help="where they go, each with a slip for whoever posts it")
    canary.add_argument("--count", type=int, default=1, metavar="N", help="how many (default: 1)")
    canary.add_argument("--week", type=int, default=0, metavar="N", help="to be posted so many weeks from now (default: 0, this week)")
    canary.add_argument("--forget", type=int, metavar="NUMBER", help="one that nobody posted: it is not waited for any more")


def _on_release(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    steps = command("release", "sign what the reporting page is").add_subparsers(dest="step", required=True, metavar="STEP")
    key = steps.add_parser("key", help="make this vault's release key")
    key.add_argument("--language", choices=sorted(LISTS), default="en", help="of the words to compare (default: en)")
    sign = steps.add_parser("sign", help="sign a release of the page that you built yourself, after seeing what changed")
    sign.add_argument("manifest", type=Path, help="its text, as './dev release' writes it")
    sign.add_argument("--page", type=Path, required=True, help="the folder of the page that you built")
    sign.add_argument("--last", type=Path, help="the note of the release before; not for the first")
    sign.add_argument("--yes", action="store_true", help="do not ask")
    join = steps.add_parser("join", help="put together what several people have signed")
    join.add_argument("notes", type=Path, nargs="+")
    for writing in (sign, join):
        writing.add_argument("--out", type=Path, required=True, help="where the note goes")
    for step in steps.choices.values():
        step.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _on_threads(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    command("import", "check a parcel from the courier and open what is in it").add_argument("parcel", type=Path)
    command("list", "all threads, the newest first")
    command("status", "the log, keys, charter, and what is withheld")
    command("show", "one thread, whole").add_argument("thread", help="its number, or the start of its or a report's id")
    save = command("save", "save a thread's files")
    save.add_argument("thread")
    save.add_argument("folder", type=Path)
    save.add_argument("--sealed", action="store_true", help="sealed as they came, with their keys, for age and tar; the folder must be new")
    save.add_argument("--partial", action="store_true", help="also what is here of files that are not whole, with a list of what is missing")
    command("previews", "make previews of all whole files, and compare them with each other")
    clean = command("clean", "make a copy of a picture or film without anything but picture and sound")
    clean.add_argument("thread")
    clean.add_argument("file", type=int, help="its number in the thread, as 'save' counts them")
    clean.add_argument("folder", type=Path)
    _view_words(command("view", "look at a thread's files in a browser on this machine; nothing of them runs, and nothing is written"))
    reply = command("reply", "answer a thread; the next export publishes it")
    reply.add_argument("thread")
    reply.add_argument("text", nargs="?", default="-", help="the text; without it, or with -, it is read from standard input, and no shell keeps it")
    command("ask", "ask again for blocks of a thread that were given up").add_argument("thread")
    mark = command("mark", "mark a thread")
    mark.add_argument("thread")
    mark.add_argument("state", choices=STATES)
    command("export", "write the parcel that the courier brings back").add_argument("parcel", type=Path)
