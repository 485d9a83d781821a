# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands on what the server must keep: hold, lift, the organisation's own holds.

Rules of this file: holding is quick and letting go is said twice, since what is let go may be deleted for ever. Nothing here deletes anything.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final, TextIO

from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.legal_hold import Overruled
from corncrake_crypto.note import MAX_NOTE
from corncrake_vault.organisation.ceremony import organisation_key
from corncrake_vault.reading_input import read_small
from corncrake_vault.retention.holds import Target, find_report, held, held_here_only, hold, lift, not_named
from corncrake_vault.retention.organisation_holds import bring, brought, sign_for_organisation
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome
from corncrake_vault.threads.reading import find_thread

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_crypto.legal_hold import LegalHold
    from corncrake_vault.vault import Vault

NEXT: Final = "export PARCEL, and let the courier push it: until then the server does not know"
MAX_AFTER: Final = 10**15
_OVERRULED: Final = re.compile(r"([a-z][a-z0-9-]{0,31}):([1-9][0-9]{0,14})")


def _target(vault: Vault, said: argparse.Namespace) -> Target:
    given = [name for name in ("thread", "report", "desk") if getattr(said, name) is not None]
    if len(given) != 1:
        raise UsageError(Failure.MISUSE, "say one of: a thread, --report ID, --desk DESK")
    if said.desk is not None:
        return Target("desk", said.desk)
    if said.report is not None:
        return Target("report", find_report(vault.store, said.report))
    return Target("thread", str(find_thread(vault.store, said.thread)))


def _hold(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    target = _target(vault, said)
    with vault.store.transaction():
        hold(vault, target)
    needs = ["the server sees which reports are held together: to hide that, hold the desk"] if target.kind == "thread" else []
    return Outcome(f"Held: {target.kind} {target.which}.", needs=needs, next=NEXT, data={"kind": target.kind, "which": target.which})


def _lift(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    target = _target(vault, said)
    if not said.yes:
        print(f"What is let go may be deleted at the server. To let go, write its name: {target.which}", file=sys.stderr, flush=True)
        if stdin.readline().strip() != target.which:
            raise UsageError(Failure.MISUSE, "that was another name; it is held as before")
    with vault.store.transaction():
        lift(vault, target)
    return Outcome(f"No longer held: {target.kind} {target.which}.", next=NEXT, data={"kind": target.kind, "which": target.which})


def _organisation_hold(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    key = organisation_key(vault)
    overruled: list[Overruled] = []
    for text in said.overrule:
        match = _OVERRULED.fullmatch(text)
        if match is None:
            raise UsageError(Failure.MISUSE, "--overrule is a reviewer and the number of the last hold that no longer counts: bo:3")
        overruled.append(Overruled(reviewer=match[1], number=int(match[2])))
    if any(re.fullmatch(r"[0-9a-f]{64}", report) is None for report in said.report):
        raise UsageError(Failure.MISUSE, "--report is the whole id of a report: 64 characters, which a reviewer's vault shows")
    if not 0 <= said.after < MAX_AFTER:
        raise UsageError(Failure.MISUSE, "--after is the number of a hold of the organisation")
    with vault.store.transaction():
        number, note = sign_for_organisation(vault, key, desks=said.desk, reports=said.report, overruled=overruled, after=said.after)
    write_whole(said.out, note)
    what = f"{len(said.desk)} desks, {len(said.report)} reports; {len(overruled)} reviewers overruled"
    done = f"Signed what the organisation holds now, as hold {number}: {what}."
    following = "on a reviewer's machine: corncrake-vault bring-hold FILE, then export"
    return Outcome(done, next=following, data={"number": number, "file": str(said.out)})


def _bring_hold(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    raw = read_small(said.file, MAX_NOTE)
    with vault.store.transaction():
        value = bring(vault, raw)
    return Outcome(f"Took of the organisation: {_all_of(value)}.", next=NEXT, data={"number": value.number})


def held_lines(vault: Vault) -> list[str]:
    """Return what `status` says of holds."""
    lines = [f"Held since {day}: {target.kind} {target.which}" for target, day in held(vault.store)]
    if (here := brought(vault)) is not None:
        lines.append(f"The organisation holds, as it was brought here: {_all_of(here.value)}")
    return lines


def _all_of(value: LegalHold) -> str:
    return f"hold {value.number}, {len(value.desks)} desks, {len(value.reports)} reports"


def hold_needs(vault: Vault) -> list[str]:
    """Say what of the holds here a server is not told.

    Raises:
        PeerError: `charter`, when the newest charter gives this reviewer another identity.
    """
    needs: list[str] = []
    if (here := brought(vault)) is not None and not here.is_present:
        needs.append(
            f"hold {here.value.number} of the organisation is by its former key, so exports carry it no more; the server keeps it if it came there"
            " before: have it signed anew (organisation-hold), then bring-hold"
        )
    desks, reports = held_here_only(vault)
    needs += [f"the desk {desk} is held here only, since {vault.reviewer} reads there no longer: whoever reads there can hold it" for desk in desks]
    if (count := not_named(vault)) > 0:
        needs.append(f"{count} reports are held here only, since a hold names so many and no more: hold the desk, and all of it is kept")
    if reports:
        needs.append(
            f"{len(reports)} reports are held here only, since {vault.reviewer} reads at their desks no longer: whoever reads there can hold them"
        )
    return needs


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {
    "hold": _hold,
    "lift": _lift,
    "organisation-hold": _organisation_hold,
    "bring-hold": _bring_hold,
}
