# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands on keys, parcels and the organisation: each does one thing and says it in one line.

Rules of this file: no command decides anything; that is done in the rooms. `--json` data hold ids in full; lines for people are short.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TextIO

from corncrake_crypto.encoding import b64url, canonical
from corncrake_crypto.errors import CorncrakeError, Failure, UsageError
from corncrake_crypto.form import form_hash, read_form
from corncrake_crypto.signatures import SigningKey
from corncrake_vault import canary_commands, clock, evidence_commands, release_commands, retention_commands, thread_commands, trust_commands
from corncrake_vault.canaries.waiting import came_back
from corncrake_vault.consent import let_in_lines
from corncrake_vault.evidence.custody import check_arrived
from corncrake_vault.export.exporting import export_parcel
from corncrake_vault.inbox.delivery import desks_now, weeks_at_server
from corncrake_vault.inbox.growth import own_size, root_at
from corncrake_vault.inbox.importing import faults_now, import_parcel
from corncrake_vault.keys.fingerprint import qr_lines, words_of
from corncrake_vault.keys.prekeys import make_prekeys, weeks_left
from corncrake_vault.organisation.amending import Request
from corncrake_vault.organisation.describing import describe
from corncrake_vault.organisation.shares import overdue
from corncrake_vault.organisation_commands import organisation
from corncrake_vault.reading_input import read_small
from corncrake_vault.retention.holds import held
from corncrake_vault.retention.organisation_holds import brought
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome
from corncrake_vault.vault import DOUBT, ORGANISATION_KEY

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_vault.vault import Vault

WARN_BEFORE: Final = timedelta(days=30)
"""How long before its end a charter is spoken of."""
WARN_WEEKS: Final = 4
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


def _init(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    if _ID.fullmatch(said.reviewer) is None:
        raise UsageError(Failure.MISUSE, "a reviewer's id is a-z, 0-9 and dashes, a letter first, at most 32")
    for fact, what in (("identity", "a reviewer"), (ORGANISATION_KEY, "the organisation's key")):
        if vault.store.fact(fact) is not None:
            raise UsageError(Failure.MISUSE, f"this vault has {what} already; --store NEW makes another vault; nothing was changed")
    key = SigningKey.generate()
    with vault.store.transaction():
        if said.root is not None:
            vault.pin(said.root)
        vault.store.set_fact("reviewer", said.reviewer.encode())
        vault.store.set_fact("identity", key.seed)
    return _identity(vault, said, _, done=f"Made a vault for {said.reviewer}.")


def _identity(vault: Vault, said: argparse.Namespace, _: TextIO, *, done: str | None = None) -> Outcome:
    public = vault.identity.public
    data = {"reviewer": vault.reviewer, "identity": b64url(public), "words": words_of(public, said.language)}
    request = canonical(Request(id=vault.reviewer, key=data["identity"]))
    lines = [f"Public key: {data['identity']}", f"In words:   {data['words']}", *qr_lines(request.decode())]
    if said.out is not None:
        write_whole(said.out, request + b"\n")
        lines.append(f"For the organisation: {said.out}")
    return Outcome(
        done or f"The identity of {vault.reviewer}.", lines, next="give the public key to the organisation, and read it the words", data=data
    )


def _charter_here(vault: Vault, *, compared: bool) -> Outcome:
    """Show whom the newest charter lets read, to compare by voice; or note that somebody has compared."""
    charter = vault.charter().charter
    if compared:
        with vault.store.transaction():
            vault.store.run("DELETE FROM facts WHERE name = ?", (DOUBT,))
    needs = [f"{vault.doubt}; when the words were compared: charter --compared"] if vault.doubt is not None else []
    needs += let_in_lines(vault.store, vault.today)
    done = f"Charter {charter.sequence}{': noted that it was compared' if compared else ''}."
    return Outcome(done, describe(None, charter), needs, data={"sequence": charter.sequence, "in_doubt": vault.doubt is not None})


def _charter(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    if said.file is None:
        return _charter_here(vault, compared=said.compared)
    raw = read_small(said.file, 1 << 20)
    with vault.store.transaction():
        if said.root is not None:
            vault.pin(said.root)
        opened = vault.open_and_keep_charter(raw)
        if said.compared:
            vault.store.run("DELETE FROM facts WHERE name = ?", (DOUBT,))
        desks = vault.own_desks(opened.charter)
        for path in said.form:
            form = read_small(path, 65_536)
            read_form(form, form_hash(form))
            vault.store.run("INSERT OR IGNORE INTO forms VALUES (?, ?)", (form_hash(form), form))
    needs = [] if desks else [f"this charter has no desk with the reviewer {vault.reviewer}"]
    needs += _doubt(vault) + let_in_lines(vault.store, vault.today)
    following = (
        "export PARCEL: it makes the weekly keys that are missing" if vault.doubt is None else "charter, to compare by voice; then charter --compared"
    )
    data = {
        "sequence": opened.charter.sequence,
        "sha256": opened.sha256,
        "desks": [desk.id for desk in desks],
        "in_doubt": vault.doubt is not None,
    }
    return Outcome(f"Took charter {opened.charter.sequence}.", needs=needs, next=following, data=data)


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
    if done.deleted:
        needs.append(
            f"{len(done.deleted)} reports never came here: the server has deleted them, since enough other reviewers have them, as they have signed"
        )
    if done.deleted_held:
        needs.append(
            f"{len(done.deleted_held)} reports were deleted at the server though they are held, the first {done.deleted_held[0][:12]}…: the hold came"
            " there later, was overruled, or is not heeded; ask the operator"
        )
    back = came_back(vault.store, done.reports)
    lines = [f"Canaries that came back: {', '.join(map(str, back))}."] if back else []
    opened, blocks = len(done.reports) - len(done.kept_aside) - done.covers, done.blocks - done.cover_blocks
    data: dict[str, Any] = {
        "reports": done.reports,
        "kept_aside": [{"report": report, "failure": failure} for report, failure in done.kept_aside],
        "blocks": done.blocks,
        "still_to_come": done.coming,
        "deleted": done.deleted,
        "deleted_held": done.deleted_held,
        "canaries": back,
        "log": {"size": done.size, "day": done.day},
    }
    line = f"Imported: {opened} new reports, {blocks} blocks; the log has {done.size} leaves, its head is of {done.day}."
    return Outcome(line, lines, needs, next="list", data=data, faults=done.faults)


def _doubt(vault: Vault) -> list[str]:
    if vault.doubt is None:
        return []
    return [f"{vault.doubt}; compare by voice with whoever reads now ('charter' shows who), then: charter --compared"]


def _warnings(vault: Vault) -> list[str]:
    """Say what runs out soon."""
    warnings = _doubt(vault) + let_in_lines(vault.store, vault.today)
    late = overdue(vault.store, vault.today)
    warnings += [f"the sheets of share set {one.number} were to be destroyed: 'organisation schedule'" for one in late]
    left, served = weeks_left(vault.store, vault.today), weeks_at_server(vault.store, vault.today)
    if vault.store.fact("reviewer") is None:
        # The vault of the organisation's key has no weekly keys.
        pass
    elif desks_now(vault) == ():
        warnings.append(f"the newest charter names {vault.reviewer} at no desk by this vault's key: the server takes nothing of it")
    elif left < WARN_WEEKS:
        warnings.append(f"there are keys for {left} weeks only: 'export' makes them, and the courier pushes it")
    elif served is not None and served < WARN_WEEKS:
        warnings.append(f"the server has your keys for {served} weeks only, of {left}: export, and let the courier push it")
    try:
        warnings += retention_commands.hold_needs(vault)
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
    said = [f"Root of the log: {data['log']['root']}", *retention_commands.held_lines(vault)]
    data["held"] = [{"kind": target.kind, "which": target.which, "since": day} for target, day in held(vault.store)]
    data["organisation_hold"] = here.value.number if (here := brought(vault)) is not None else None
    if clock.is_fixed():
        lines.append(f"the day is the one that {clock.TODAY_VARIABLE} says, and not the clock's: unset it before anything is real")
    return Outcome(line, said, lines + _warnings(vault), data=data, faults=found)


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
    "organisation": organisation,
    "charter": _charter,
    "prekeys": _prekeys,
    "import": _import,
    "status": _status,
    "export": _export,
    **trust_commands.COMMANDS,
    **release_commands.COMMANDS,
    **retention_commands.COMMANDS,
    **canary_commands.COMMANDS,
    **thread_commands.COMMANDS,
    **evidence_commands.COMMANDS,
}
