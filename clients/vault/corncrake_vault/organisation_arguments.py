# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the ceremonies: the organisation's key, who stands in its charter, and the paper that brings lost keys back.

Rules of this file: as in `arguments.py`. What a ceremony signs goes to `--out`; `--record` writes its record for the printer.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from corncrake_vault.keys.fingerprint import LISTS
from corncrake_vault.organisation.record_texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable


def on_organisation(organisation: argparse.ArgumentParser) -> None:
    """Add the ceremonies of the organisation's vault."""
    ceremonies = organisation.add_subparsers(dest="ceremony", required=True, metavar="CEREMONY")

    def ceremony(name: str, text: str) -> argparse.ArgumentParser:
        added = ceremonies.add_parser(name, help=text, description=text)
        added.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.add_argument("--language", choices=sorted(LISTS), default="en", help="of the words to compare (default: en)")
        return added

    _recorded(ceremony("create", "make the key; makes the vault when there is none"))
    _on_paper(ceremony)
    _on_charter(ceremony)
    ceremony("root", "show the root: as text, as words to compare, and as a QR code")


def _on_paper(ceremony: Callable[[str, str], argparse.ArgumentParser]) -> None:
    shares = ceremony("shares", "write the key's shares for the printer: K of N people together can bring it back")
    _numbers(shares)
    test = ceremony("test-shares", "read shares back from paper: only then does the key sign")
    _typed(test)
    _recorded(test)
    recover = ceremony("recover", "bring the organisation's key back from its shares, into a new vault")
    _typed(recover)
    recover.add_argument("--charter", type=Path, help="the newest charter that it signed")
    _recorded(recover)
    ceremony("schedule", "which sheets of paper there are, and when they must be destroyed")
    destroyed = ceremony("shares-destroyed", "say that the sheets of a set were destroyed")
    destroyed.add_argument("number", type=int, help="as 'schedule' lists it")
    _recorded(destroyed)
    successor = ceremony("successor", "make the key that is to take over; share it out and test it, then 'succeed'")
    _recorded(successor)


def _on_charter(ceremony: Callable[[str, str], argparse.ArgumentParser]) -> None:
    signing = ceremony("charter", "sign a charter from a specification in JSON")
    signing.add_argument("spec", type=Path)
    signing.add_argument("--form", type=Path, action="append", default=[], help="a desk's form; its hash goes into the charter")
    enrol = ceremony("enrol", "let a reviewer read at a desk")
    enrol.add_argument("desk")
    enrol.add_argument("request", type=Path, nargs="?", help="what the reviewer's vault wrote: 'identity --out FILE'")
    _named(enrol)
    enrol.add_argument("--voice", action="store_true", help="who answers reporters too")
    retire = ceremony("retire", "a reviewer reads no longer")
    revoke = ceremony("revoke", "a reviewer's vault was stolen: it must read no longer, at once")
    for one in (retire, revoke):
        one.add_argument("reviewer")
        one.add_argument("--min", type=int, dest="least", metavar="N", help="how many readers a desk demands, where it would have fewer now")
    courier = ceremony("add-courier", "let a courier come")
    _named(courier)
    without = ceremony("remove-courier", "a courier comes no longer")
    without.add_argument("courier")
    log = ceremony("new-log", "the server begins a new log, since the present one's key or end is lost or was stolen")
    # One word, since a public key may begin with a dash.
    log.add_argument("line", metavar='"log ORIGIN KEY"', help="what 'corncrake-server new-log' has printed, between quotation marks")
    renew = ceremony("renew", "the same charter for another 90 days")
    succession = ceremony("succeed", "the successor takes over, and the old key is destroyed")
    recovery = ceremony("recovery", "make a desk's recovery key for a quarter, as shares for the printer")
    recovery.add_argument("desk")
    recovery.add_argument("quarter", help="as 2026-Q4")
    recovery.add_argument("--replace", action="store_true", help="instead of the one that there is for this quarter: its sheets are lost or fail")
    _numbers(recovery)
    for one in (signing, enrol, retire, revoke, courier, without, log, renew, succession):
        _signs(one)
        _emergency(one)
    _signs(recovery, paper=False)
    _emergency(recovery)
    again = ceremony("again", "write the charter that was signed last once more")
    _signs(again)
    agreed = ceremony("agreed", "show this vault a charter that came back countersigned: the next one is compared with it")
    agreed.add_argument("file", type=Path)


def _numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("needed", type=int, metavar="K", help="so many sheets bring the key back")
    parser.add_argument("made", type=int, metavar="N", help="so many sheets there are")
    parser.add_argument("folder", type=Path, help="a new folder for the sheets: print them, then destroy it")
    parser.add_argument("--paper", choices=LANGUAGES, default="en", help="language of the sheets")


def _typed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--share", type=Path, action="append", default=[], help="a file with the words of one share; else they are asked for")


def _named(parser: argparse.ArgumentParser) -> None:
    # One word for both: a public key may begin with a dash.
    parser.add_argument("--who", metavar="ID:KEY", help="instead of a file: id, colon, public key of 43 characters")


def _signs(parser: argparse.ArgumentParser, *, paper: bool = True) -> None:
    parser.add_argument("--out", type=Path, required=True, help="where the charter's note goes")
    _recorded(parser, paper=paper)


def _emergency(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--emergency", action="store_true", help="too few can countersign: clients show this for 30 days")


def _recorded(parser: argparse.ArgumentParser, *, paper: bool = True) -> None:
    parser.add_argument("--record", type=Path, help="where the record of the ceremony goes, a PDF without secrets")
    if paper:
        parser.add_argument("--paper", choices=LANGUAGES, default="en", help="language of the record")


def on_recovery(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add what reviewers' vaults do in ceremonies: agree to a charter, try the paper, use it."""
    agree = command("countersign", "agree to a charter that lets somebody in, after seeing what it changes")
    agree.add_argument("file", type=Path)
    agree.add_argument("--out", type=Path, required=True, help="where the countersigned note goes")
    agree.add_argument("--yes", action="store_true", help="do not ask")
    agree.add_argument("--language", choices=sorted(LISTS), default="en", help="of the words to compare (default: en)")
    _recorded(agree)
    recovery = command("recovery", "a desk's recovery key, from paper")
    steps = recovery.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, text in (("drill", "try the paper: proves that it would open reports, and keeps nothing"), ("use", "open reports with it")):
        step = steps.add_parser(name, help=text, description=text)
        step.add_argument("desk")
        step.add_argument("quarter", help="as 2026-Q4")
        _typed(step)
        if name == "drill":
            _recorded(step)
            step.add_argument("--language", choices=sorted(LISTS), default="en", help="of the words to compare (default: en)")
        else:
            step.add_argument("--charter", type=Path, help="an older charter that has the key, where that was replaced before this vault was made")
        step.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    change = command("passphrase", "change the vault's passphrase")
    backup = command("backup", "write the cases, without weekly keys, into a new folder, under a passphrase of its own")
    backup.add_argument("folder", type=Path)
    for one in (change, backup):
        one.add_argument("--new-passphrase-file", type=Path, help="file with the new one in its first line; else it is asked for")
