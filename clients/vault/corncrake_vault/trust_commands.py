# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers' vaults do in ceremonies: agree to a charter, try the paper of a recovery key, use it, change the passphrase.

Rules of this file: as in `commands.py`. Whoever agrees sees first what they agree to.
"""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Final, TextIO

from corncrake_crypto.charter import open_charter
from corncrake_crypto.charter_change import additions, countersign, lacking
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.note import MAX_NOTE
from corncrake_crypto.recipients import Recipient
from corncrake_vault.backup.making import make_backup
from corncrake_vault.inbox.reports import try_again
from corncrake_vault.organisation.ceremony import newest_signed
from corncrake_vault.organisation.describing import describe
from corncrake_vault.organisation.record_texts import SHEET_OF_RECOVERY
from corncrake_vault.organisation.records import Held, Tested, printed_language, printed_words, record
from corncrake_vault.organisation.shares import combine, newest_set, note_tested
from corncrake_vault.reading_input import agrees, read_shares, read_small
from corncrake_vault.recovery.drill import drill
from corncrake_vault.recovery.keys import KEPT_AFTER, find_fitting, find_recoveries, keep_secret, open_older
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome, plain
from corncrake_vault.vault import change_passphrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_crypto.charter import Charter, OpenedCharter, Recovery
    from corncrake_vault.vault import Vault


def _countersign(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    # Whom the charter in doubt let in would not be among the changes, and a countersignature is over the whole charter.
    vault.check_no_doubt("nothing is countersigned, since you would see only what changes from there on, and vouch for all of it")
    raw, newest = read_small(said.file, MAX_NOTE), vault.newest_charter()
    if newest is None:
        raise UsageError(Failure.CHARTER, "this vault has no charter to compare with; 'charter FILE' takes the one in force")
    opened = open_charter(raw, root=vault.root, origin=None, today=vault.today, floor=newest[0])
    previous = newest_signed(vault)
    if opened.charter.sequence == previous.sequence:
        raise UsageError(Failure.MISUSE, "this charter is in force here already; nothing was changed")
    mine = [one for one in additions(previous, opened.charter) if vault.reviewer in {elector.id for elector in one.electors}]
    changes = describe(previous, opened.charter, said.language)
    if not mine:
        return Outcome("Nobody is let in at your desks; this charter needs no countersignature of yours.", changes, data={"signed": False})
    if not said.yes:
        for line in changes:
            print(plain(line), file=sys.stderr)
        print("Have you compared the words with each of them, by voice? Then type yes:", file=sys.stderr)
        agrees(stdin)
    vault.own_desks(previous)
    note = countersign(raw, vault.reviewer, vault.identity)
    write_whole(said.out, note)
    if said.record is not None:
        write_whole(said.record, _record_of(vault, said, previous, opened))
    missing = lacking(previous, note, opened.charter)
    needs = [f"desk {one.desk}: still fewer than {one.needed} of {', '.join(elector.id for elector in one.electors)}" for one in missing]
    following = (
        "in the next reviewer's vault: countersign FILE"
        if missing
        else "organisation agreed FILE in the organisation's vault, corncrake-vault charter FILE in each other, and export"
    )
    data = {"signed": True, "complete": not missing, "file": str(said.out), "changes": changes}
    return Outcome(f"Countersigned charter {opened.charter.sequence} into {said.out}.", changes, needs, next=following, data=data)


def _record_of(vault: Vault, said: argparse.Namespace, previous: Charter, opened: OpenedCharter) -> bytes:
    """Return the record of a countersignature."""
    charter, keys = opened.charter, {"root": vault.root, "reviewer": vault.identity.public}
    codes = (root_text(vault.root), b64url(vault.identity.public))
    shown = [(name, printed_words(key, said.language, said.paper), code) for (name, key), code in zip(keys.items(), codes, strict=True)]
    changes = describe(previous, charter, printed_language(said.language), said.paper)
    held = Held(charter.sequence, opened.sha256, charter.expires, changes, countersigned=vault.reviewer)
    return record("countersign", held, shown, today=vault.today, language=said.paper)


def _record_of_drill(vault: Vault, said: argparse.Namespace, entry: Recovery, needed: int, made: int | None) -> bytes:
    """Return the record of a drill."""
    what = SHEET_OF_RECOVERY[said.paper].format(desk=said.desk, quarter=said.quarter)
    keys = {"root": (vault.root, root_text(vault.root)), "recovery": (key := Recipient.from_text(entry.recipient).raw, b64url(key[:32]))}
    shown = [(name, printed_words(raw, said.language, said.paper), code) for name, (raw, code) in keys.items()]
    return record("drill", Tested(what, needed, made, entry.not_after + KEPT_AFTER), shown, today=vault.today, language=said.paper)


def _recovery(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    older = open_older(vault, read_small(said.charter, MAX_NOTE)) if getattr(said, "charter", None) is not None else None
    entries = find_recoveries(vault.store, said.desk, said.quarter, older)
    entry = entries[0]
    known = newest_set(vault.store, entry.recipient)
    # Sheets of a key that was replaced may need another number of people.
    needed = known.needed if known is not None and (said.step == "drill" or len(entries) == 1) else None
    shares = read_shares(said.share, stdin, needed)
    if said.step == "drill":
        proven = drill(entry, shares)
        if known is not None:
            with vault.store.transaction():
                note_tested(vault.store, known.number)
        if said.record is not None:
            write_whole(said.record, _record_of_drill(vault, said, entry, len(shares), known.made if known is not None else None))
        return Outcome(f"The paper for {said.desk}, {said.quarter}, opens what it is for.", proven, data={"proven": proven})
    entry, identity = find_fitting(entries, combine(shares))
    with vault.store.transaction():
        keep_secret(vault, said.desk, entry, identity)
        opened = try_again(vault, vault.charter().charter, said.desk)
    told = sum(not taken.covers for taken in opened.values())
    done = f"This vault opens reports of {said.desk}, {said.quarter}, now; {told} that waited were opened."
    return Outcome(done, next="import PARCEL, pulled from the beginning: corncrake-courier pull --from 0", data={"opened": list(opened)})


def _new_passphrase(said: argparse.Namespace) -> str:
    """Return the new passphrase, from a file or as it was typed twice."""
    if said.new_passphrase_file is not None:
        try:
            lines = read_small(said.new_passphrase_file, 4_096).decode().splitlines()
        except UnicodeDecodeError as error:
            raise UsageError(
                Failure.MISUSE, f"{said.new_passphrase_file.name} is no text in UTF-8: write it again so; nothing was changed"
            ) from error
        return lines[0] if lines else ""
    try:
        typed = getpass.getpass("The new passphrase: ")
        if getpass.getpass("The same once more: ") != typed:
            raise UsageError(Failure.MISUSE, "these were two different passphrases; nothing was changed")
    except EOFError as error:
        raise UsageError(Failure.MISUSE, "no passphrase was given; nothing was changed") from error
    return typed


def _passphrase(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    change_passphrase(vault, said.store, _new_passphrase(said))
    needs = ["copies of this vault that were made before still open with the old passphrase: destroy them"]
    return Outcome("The vault has a new passphrase and a new key.", needs=needs)


def _backup(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    count = make_backup(vault, said.folder, _new_passphrase(said))
    lines = ["it has the cases and no weekly key: what nobody has opened yet, it cannot open"]
    following = (
        f"to bring it back: copy the folder, corncrake-vault --store COPY import PARCEL (pulled from the beginning), then go on; now at {said.folder}"
    )
    return Outcome(f"Wrote a backup with {count} sealed blocks.", lines, next=following, data={"folder": str(said.folder), "blocks": count})


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {
    "countersign": _countersign,
    "recovery": _recovery,
    "passphrase": _passphrase,
    "backup": _backup,
}
