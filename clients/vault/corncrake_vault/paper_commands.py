# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands of the organisation's key and of the paper that brings keys back.

Rules of this file: as in `commands.py`. A share is written to the sheets and nowhere else.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final, TextIO

from corncrake_crypto.encoding import b64url, day_text, root_text, unb64url
from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_crypto.recipients import Recipient
from corncrake_vault.keys.fingerprint import qr_lines, words_of
from corncrake_vault.organisation import ceremony
from corncrake_vault.organisation.record_texts import SHEET_OF_ORGANISATION, SHEET_OF_RECOVERY
from corncrake_vault.organisation.records import Done, Sheet, Tested, printed_words, record, share_sheets
from corncrake_vault.organisation.shares import combine, mark_of, newest_set, note_destroyed, note_made, note_tested, overdue, share_sets, split
from corncrake_vault.reading_input import read_shares, read_small
from corncrake_vault.recovery.drill import one_less_gives_nothing
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from corncrake_crypto.signatures import SigningKey
    from corncrake_vault.vault import Vault


def _root(vault: Vault, language: str, done: str, following: str | None) -> Outcome:
    data = {"root": root_text(vault.root), "words": words_of(vault.root, language)}
    lines = [f"Root:     {data['root']}", f"In words: {data['words']}", *qr_lines(data["root"])]
    return Outcome(done, lines, next=following, data=data)


def _record(vault: Vault, said: argparse.Namespace, held: Done | Tested, **keys: bytes) -> None:
    """Write the record of a ceremony, if one was asked for: of the root, and of other public keys (32 bytes, or 32 and more of a recovery key)."""
    if said.record is None:
        return
    shown = [("root", printed_words(vault.root, said.language, said.paper), root_text(vault.root))]
    shown += [(name, printed_words(key, said.language, said.paper), b64url(key[:32])) for name, key in keys.items()]
    write_whole(said.record, record(said.ceremony, held, shown, today=vault.today, language=said.paper))


def _create(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    with vault.store.transaction():
        ceremony.create_organisation(vault)
    _record(vault, said, Done("made"))
    return _root(vault, said.language, "Made the organisation's key.", "organisation shares K N FOLDER: the key signs nothing before it is on paper")


def _show_root(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    return _root(vault, said.language, "The organisation's root.", None)


def write_sheets(folder: Path, shares: list[str], sheet: Sheet, today: date, language: str) -> list[str]:
    """Write the sheets into a new folder, all of them or none, and return their names.

    Raises:
        StoreError: `store`: the folder is there already, the disk is full or refuses.
    """
    try:
        folder.mkdir(mode=0o700, parents=False)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the folder {folder.name} cannot be made new: {error.strerror}; no shares were made") from error
    names: list[str] = []
    try:
        for place, page in enumerate(share_sheets(shares, sheet, today=today, language=language), 1):
            for name, data in ((f"share-{place}.pdf", page), (f"share-{place}.txt", shares[place - 1].encode() + b"\n")):
                write_whole(folder / name, data)
                names.append(name)
    except BaseException:
        # A share of a set that nobody knows of opens as much as any other. All that is in this folder is ours: it is new.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return names


def _shares(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    key = ceremony.key_to_share(vault)
    shares = split(key.seed, said.needed, said.made)
    sheet = Sheet(SHEET_OF_ORGANISATION[said.paper], said.needed, printed_words(key.public, said.language, said.paper), None)
    names = write_sheets(said.folder, shares, sheet, vault.today, said.paper)
    try:
        with vault.store.transaction():
            note_made(vault.store, "organisation", "", b64url(key.public), (said.needed, said.made), None, mark_of(shares[0]))
    except BaseException:
        # As in `write_sheets`: nobody would know of this set.
        shutil.rmtree(said.folder, ignore_errors=True)
        raise
    lines = [f"{said.folder / name}" for name in names]
    needs = ["these files are the key: print them, give each sheet to another person, then destroy the files"]
    done = f"Wrote {said.made} sheets; any {said.needed} of them bring the key back."
    data = {"needed": said.needed, "made": said.made, "files": names, "key": b64url(key.public)}
    return Outcome(done, lines, needs, next=f"organisation test-shares: {said.needed} people type their words in", data=data)


def _test_shares(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    key = ceremony.key_to_share(vault)
    found = newest_set(vault.store, b64url(key.public))
    if found is None:
        raise UsageError(Failure.MISUSE, "there are no shares of this key yet: 'organisation shares' makes them")
    shares = read_shares(said.share, stdin, found.needed)
    if combine(shares) != key.seed:
        raise UsageError(Failure.CHECKSUM, "these shares give back another key: they are of another set; nothing was changed")
    if found.mark and mark_of(shares[0]) != found.mark:
        detail = f"these sheets give the key back, and are not those of set {found.number}, the newest, which are to be tested; nothing was changed"
        raise UsageError(Failure.CHECKSUM, detail)
    one_less_gives_nothing(shares)
    with vault.store.transaction():
        note_tested(vault.store, found.number)
    waits = vault.store.fact(ceremony.SUCCESSOR) is not None
    tested = Tested(SHEET_OF_ORGANISATION[said.paper], found.needed, found.made, found.destroy_after)
    _record(vault, said, tested, **{"successor" if waits else "organisation": key.public})
    lines = [f"{len(shares)} shares gave the key back", "with one of them fewer, nothing came back"]
    following = "organisation succeed --out charter.note" if waits else "organisation charter SPEC.json --form FORM.json --out charter.note"
    until = "it signs nothing before 'organisation succeed'" if waits else "from now on it signs"
    return Outcome(f"The paper is a backup of this key: {until}.", lines, next=following, data={"shares": len(shares)})


def _recover(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    charter = read_small(said.charter, 1 << 20) if said.charter is not None else None
    shares = read_shares(said.share, stdin, None)
    with vault.store.transaction():
        key = ceremony.recover_organisation(vault, shares, charter)
        number = note_made(vault.store, "organisation", "", b64url(key.public), (len(shares), len(shares)), None, mark_of(shares[0]))
        note_tested(vault.store, number)
    _record(vault, said, Done("recovered", {"needed": len(shares)}), organisation=key.public)
    outcome = _root(vault, said.language, "The organisation's key is back.", "organisation root: compare the words; then go on as before")
    if charter is None:
        outcome.needs.append(
            "no charter was given: if there ever was one, recover once more, into a new vault (--store NEW), and name the newest with --charter (a"
            " server has it: GET /v1/charter); what this vault signs would have a number that exists"
        )
    return outcome


def _schedule(vault: Vault, _said: argparse.Namespace, _: TextIO) -> Outcome:
    sets = share_sets(vault.store)
    late = {one.number for one in overdue(vault.store, vault.today)}
    lines: list[str] = []
    for one in sets:
        what = "the organisation's key" if one.what == "organisation" else f"recovery {one.name}"
        until = "kept while the key is used" if one.destroy_after is None else f"to be destroyed after {day_text(one.destroy_after)}"
        state = "destroyed" if one.destroyed else "OVERDUE" if one.number in late else until
        lines.append(f"{one.number}: {what}, {one.needed} of {one.made}, {'tested' if one.tested else 'NOT TESTED'}, {state}")
    needs = [f"destroy the sheets of set {number} and say 'organisation shares-destroyed {number}'" for number in sorted(late)]
    return Outcome(f"{len(sets)} sets of shares.", lines, needs, data={"sets": len(sets), "overdue": sorted(late)})


def _shares_destroyed(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    with vault.store.transaction():
        gone = note_destroyed(vault.store, said.number)
    if gone.what == "organisation":
        what, key = SHEET_OF_ORGANISATION[said.paper], unb64url(gone.key, 32)
    else:
        desk, quarter = gone.name.split()
        what, key = SHEET_OF_RECOVERY[said.paper].format(desk=desk, quarter=quarter), Recipient.from_text(gone.key).raw
    destroyed = Done("destroyed", {"number": gone.number, "needed": gone.needed, "made": gone.made, "what": what})
    _record(vault, said, destroyed, key=key)
    return Outcome(f"Noted that the sheets of set {said.number} are destroyed.")


def _successor(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    with vault.store.transaction():
        key = ceremony.make_successor(vault)
    _record(vault, said, Done("made"), successor=key.public)
    return _of_key(key, said.language, "Made the successor of the organisation's key; it signs nothing yet.")


def _of_key(key: SigningKey, language: str, done: str) -> Outcome:
    data = {"key": b64url(key.public), "words": words_of(key.public, language)}
    lines = [f"Public key: {data['key']}", f"In words:   {data['words']}"]
    return Outcome(done, lines, next="organisation shares K N FOLDER, organisation test-shares, organisation succeed --out charter.note", data=data)


CEREMONIES: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {
    "create": _create,
    "root": _show_root,
    "shares": _shares,
    "test-shares": _test_shares,
    "recover": _recover,
    "schedule": _schedule,
    "shares-destroyed": _shares_destroyed,
    "successor": _successor,
}
