# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands on keys, parcels and the organisation: each does one thing and says it in one line.

Rules of this file: no command decides anything; that is done in the rooms. `--json` data hold ids in full; lines for people are short.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TextIO

from mnemonic import Mnemonic

from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import CorncrakeError, Failure, UsageError
from corncrake_crypto.form import form_hash, read_form
from corncrake_crypto.signatures import SigningKey
from corncrake_vault import evidence_commands, thread_commands
from corncrake_vault.evidence.custody import check_arrived
from corncrake_vault.export.exporting import export_parcel
from corncrake_vault.inbox.delivery import weeks_at_server
from corncrake_vault.inbox.growth import own_size, root_at
from corncrake_vault.inbox.importing import faults_now, import_parcel
from corncrake_vault.keys.prekeys import make_prekeys, weeks_left
from corncrake_vault.organisation.ceremony import SPEC_MAX, create_organisation, sign_new_charter
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from corncrake_vault.vault import Vault

WARN_BEFORE: Final = timedelta(days=30)
"""How long before its end a charter is spoken of."""
WARN_WEEKS: Final = 3
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


def words_of(public: bytes) -> str:
    """Return the first 88 bits of a root or key as eight words, to compare by voice."""
    listed = Mnemonic("english").wordlist
    bits = int.from_bytes(public[:11], "big")
    return " ".join(listed[bits >> 11 * (7 - i) & 2047] for i in range(8))


def read_small(path: Path, most: int) -> bytes:
    """Return the bytes of a small file a person named.

    Raises:
        UsageError: `misuse`, when it cannot be read or is larger than `most` bytes.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{path.name} cannot be read: {error.strerror}") from error
    if len(raw) > most:
        raise UsageError(Failure.MISUSE, f"{path.name} is larger than {most} bytes")
    return raw


def _init(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    if _ID.fullmatch(said.reviewer) is None:
        raise UsageError(Failure.MISUSE, "a reviewer's id is a-z, 0-9 and dashes, a letter first, at most 32")
    if vault.store.fact("identity") is not None:
        raise UsageError(Failure.MISUSE, "this vault has a reviewer already; nothing was changed")
    key = SigningKey.generate()
    with vault.store.transaction():
        if said.root is not None:
            vault.pin(said.root)
        vault.store.set_fact("reviewer", said.reviewer.encode())
        vault.store.set_fact("identity", key.seed)
    return _identity(vault, said, _, done=f"Made a vault for {said.reviewer}.")


def _identity(vault: Vault, _said: argparse.Namespace, _: TextIO, *, done: str | None = None) -> Outcome:
    public = vault.identity.public
    data = {"reviewer": vault.reviewer, "identity": b64url(public), "words": words_of(public)}
    lines = [f"Public key: {data['identity']}", f"In words:   {data['words']}"]
    return Outcome(
        done or f"The identity of {vault.reviewer}.", lines, next="give the public key to the organisation, and read it the words", data=data
    )


def _organisation(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    if said.ceremony == "create":
        with vault.store.transaction():
            create_organisation(vault)
        return _root(vault, "Made the organisation's key.")
    if said.ceremony == "root":
        return _root(vault, "The organisation's root.")
    return _sign_charter(vault, said, stdin)


def _root(vault: Vault, done: str) -> Outcome:
    data = {"root": root_text(vault.root), "words": words_of(vault.root)}
    return Outcome(
        done, [f"Root:     {data['root']}", f"In words: {data['words']}"], next="organisation charter SPEC.json --out charter.note", data=data
    )


def _sign_charter(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    forms = {form_hash(raw): raw for raw in (read_small(path, 65_536) for path in said.form)}
    with vault.store.transaction():
        note, opened = sign_new_charter(vault, read_small(said.spec, SPEC_MAX), forms)
    write_whole(said.out, note)
    charter = opened.charter
    lonely = [desk.id for desk in charter.desks if len(desk.voices) == 1]
    needs = [f"the desk {desk} has one voice, which cannot be revoked before this charter runs out" for desk in lonely]
    done = f"Signed charter {charter.sequence}, good until {charter.expires.isoformat()}, into {said.out}."
    data = {
        "sequence": charter.sequence,
        "sha256": opened.sha256,
        "expires": charter.expires.isoformat(),
        "root": charter.root,
        "file": str(said.out),
    }
    return Outcome(done, needs=needs, next="corncrake-server charter FILE; corncrake-vault charter FILE on each reviewer's machine", data=data)


def _charter(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    raw = read_small(said.file, 1 << 20)
    with vault.store.transaction():
        if said.root is not None:
            vault.pin(said.root)
        opened = vault.open_and_keep_charter(raw)
        desks = vault.own_desks(opened.charter)
        for path in said.form:
            form = read_small(path, 65_536)
            read_form(form, form_hash(form))
            vault.store.run("INSERT OR IGNORE INTO forms VALUES (?, ?)", (form_hash(form), form))
    needs = [] if desks else [f"this charter has no desk with the reviewer {vault.reviewer}"]
    data = {"sequence": opened.charter.sequence, "sha256": opened.sha256, "desks": [desk.id for desk in desks]}
    return Outcome(f"Took charter {opened.charter.sequence}.", needs=needs, next="prekeys, then export PARCEL", data=data)


def _prekeys(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    with vault.store.transaction():
        made = make_prekeys(vault, said.weeks)
    left = weeks_left(vault.store, vault.today)
    done = f"Made keys for {len(made)} weeks; there are keys for {left} weeks ahead, this one included."
    return Outcome(done, next="export PARCEL, and let the courier push it", data={"epochs": list(made), "weeks_ahead": left})


def _import(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    try:
        with said.parcel.open("rb") as source:
            done = import_parcel(vault, source)
        done.faults += check_arrived(vault)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"the parcel cannot be read: {error.strerror}") from error
    needs = [f"report {report[:12]}… was kept aside: {failure}" for report, failure in done.kept_aside] + done.notes + _warnings(vault)
    opened = len(done.reports) - len(done.kept_aside)
    data: dict[str, Any] = {
        "reports": done.reports,
        "kept_aside": [{"report": report, "failure": failure} for report, failure in done.kept_aside],
        "blocks": done.blocks,
        "still_to_come": done.coming,
        "log": {"size": done.size, "day": done.day},
    }
    line = f"Imported: {opened} new reports, {done.blocks} blocks; the log has {done.size} leaves, its head is of {done.day}."
    return Outcome(line, needs=needs, next="list", data=data, faults=done.faults)


def _warnings(vault: Vault) -> list[str]:
    """Say what runs out soon."""
    warnings: list[str] = []
    left, served = weeks_left(vault.store, vault.today), weeks_at_server(vault.store, vault.today)
    if left < WARN_WEEKS:
        warnings.append(f"there are keys for {left} weeks only: run 'prekeys', then 'export'")
    elif served is not None and served < WARN_WEEKS:
        warnings.append(f"the server has your keys for {served} weeks only, of {left}: export, and let the courier push it")
    try:
        expires = vault.charter().charter.expires
        if expires - vault.today <= WARN_BEFORE:
            warnings.append(f"the charter runs out on {expires.isoformat()}: the organisation signs a new one")
    except CorncrakeError as error:
        warnings.append(f"charter: {error.detail}")
    return warnings


def _status(vault: Vault, _said: argparse.Namespace, _: TextIO) -> Outcome:
    newest, size = vault.newest_charter(), own_size(vault.store)
    made, served = weeks_left(vault.store, vault.today), weeks_at_server(vault.store, vault.today)
    data: dict[str, Any] = {
        "log": {"size": size, "root": b64url(root_at(vault.store, size))},
        "charter": newest[0].sequence if newest else None,
        "weeks_ahead": made,
        "weeks_at_server": served,
        "day": vault.today.isoformat(),
    }
    keys = f"keys for {made} weeks" + (f", {served} of them at the server" if served is not None else "")
    found, lines = faults_now(vault)
    line = f"It is {data['day']}; the log has {size} leaves; charter {data['charter']}; {keys}."
    return Outcome(line, [f"Root of the log: {data['log']['root']}"], lines + _warnings(vault), data=data, faults=found)


def _export(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    done = export_parcel(vault, said.parcel)
    editions = ", ".join(f"{desk} {number}" for desk, number in done.editions) or "none"
    line = (
        f"Wrote parcel {done.number} ({done.size} bytes): editions {editions}; {done.prekeys} prekeys; {done.acknowledged} reports acknowledged;"
        f" {done.wanted} blocks asked for."
    )
    data = {
        "number": done.number,
        "editions": [{"desk": desk, "number": number} for desk, number in done.editions],
        "prekeys": done.prekeys,
        "acknowledged": done.acknowledged,
        "wanted": done.wanted,
        "bytes": done.size,
        "left_out": [{"desk": desk, "threads": count} for desk, count in done.left_out],
        "without_edition": done.without,
        "file": str(said.parcel),
    }
    needs = [f"the edition of {desk} had no room for {count} threads that have only an acknowledgement" for desk, count in done.left_out]
    needs += [f"there was no room for an edition of {desk}: the replies wait, nothing is lost; mark and answer fewer" for desk in done.without]
    return Outcome(line, needs=needs + _warnings(vault), next=f"on the courier's machine: corncrake-courier push {said.parcel.name}", data=data)


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {
    "init": _init,
    "identity": _identity,
    "organisation": _organisation,
    "charter": _charter,
    "prekeys": _prekeys,
    "import": _import,
    "status": _status,
    "export": _export,
    **thread_commands.COMMANDS,
    **evidence_commands.COMMANDS,
}
