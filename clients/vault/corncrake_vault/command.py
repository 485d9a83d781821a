# SPDX-License-Identifier: AGPL-3.0-or-later
"""From words to an outcome: which command, which vault, which passphrase.

Rules of this file: an error of ours is told with its word and advice, exit 1; a wrong command line is 2. Nothing else is caught: what
is not foreseen must be seen.
"""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, TextIO

from corncrake_crypto.errors import CorncrakeError, Failure, UsageError
from corncrake_vault import clock, commands
from corncrake_vault.arguments import PASSPHRASE_VARIABLE, parser
from corncrake_vault.keys.days import doubts
from corncrake_vault.keys.passphrase import KEY_FILE
from corncrake_vault.store.folders import check_place
from corncrake_vault.terminal import Outcome, refuse, say
from corncrake_vault.vault import Vault, create_vault, unlock_vault

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def run(argv: Sequence[str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage."""
    try:
        said = parser().parse_args(list(argv))
    except SystemExit as leaving:
        return int(leaving.code or 0)
    try:
        outcome = _run(said, stdin)
    except CorncrakeError as error:
        return refuse(error, stdout, stderr, as_json=said.json)
    return say(outcome, stdout, stderr, as_json=said.json)


def _run(said: argparse.Namespace, stdin: TextIO) -> Outcome:
    if said.command == "age":
        raise UsageError(Failure.MISUSE, "write 'age' first: corncrake-vault age keygen | encrypt | decrypt")
    # Nothing is begun whose note or record could not be written.
    for place in (getattr(said, "out", None), getattr(said, "record", None)):
        if place is not None:
            check_place(place)
    passphrase = _passphrase(said, new=not (said.store / KEY_FILE).exists())
    vault = _vault(said, passphrase)
    try:
        outcome = commands.COMMANDS[said.command](vault, said, stdin)
        outcome.needs += doubts(vault.store, vault.clock)
    finally:
        vault.store.close()
    if vault.destroyed:
        epochs = ", ".join(map(str, vault.destroyed))
        outcome.needs.append(f"the secrets of these weeks were destroyed, as their time was over: {epochs}")
    outcome.data["destroyed_epochs"] = list(vault.destroyed)
    return outcome


def _vault(said: argparse.Namespace, passphrase: str) -> Vault:
    today = clock.today()
    making = said.command == "init" or (said.command == "organisation" and said.ceremony in {"create", "recover"})
    if making and not (said.store / KEY_FILE).exists():
        return create_vault(said.store, passphrase, today)
    return unlock_vault(said.store, passphrase, today, said.confirm_date)


def _passphrase(said: argparse.Namespace, *, new: bool) -> str:
    if said.passphrase_file is not None:
        try:
            lines = said.passphrase_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(Failure.MISUSE, "the passphrase file cannot be read") from error
        return lines[0] if lines else ""
    if (given := os.environ.get(PASSPHRASE_VARIABLE)) is not None:
        return given
    try:
        return _asked(new=new)
    except EOFError as error:
        raise UsageError(Failure.MISUSE, "no passphrase was given; nothing was changed") from error


def _asked(*, new: bool) -> str:
    passphrase = getpass.getpass("Passphrase of the vault: ")
    if new and getpass.getpass("The same once more: ") != passphrase:
        raise UsageError(Failure.MISUSE, "these were two different passphrases; nothing was changed")
    return passphrase
