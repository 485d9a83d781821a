# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands of the ceremonies that sign a charter: each does one step, says it, and names the next.

Rules of this file: as in `commands.py`. What is signed is written only after it was kept. Words to compare are shown with every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TextIO

from corncrake_crypto.encoding import canonical, day_text, root_text
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, StoreError, UsageError
from corncrake_crypto.form import MAX_FORM, form_hash, read_form
from corncrake_crypto.note import MAX_NOTE
from corncrake_vault import paper_commands
from corncrake_vault.organisation import amending, ceremony
from corncrake_vault.organisation.consent import take_agreed
from corncrake_vault.organisation.describing import describe_signed
from corncrake_vault.organisation.record_texts import SHEET_OF_RECOVERY
from corncrake_vault.organisation.records import Held, Sheet, printed_language, printed_words, record
from corncrake_vault.organisation.shares import mark_of, note_made, share_sets, split
from corncrake_vault.paper_commands import write_sheets
from corncrake_vault.reading_input import read_small
from corncrake_vault.recovery.keys import KEPT_AFTER, all_charters, make_recovery
from corncrake_vault.retention import organisation_holds
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from corncrake_crypto.charter import Charter
    from corncrake_crypto.charter_change import Addition
    from corncrake_vault.organisation.ceremony import Signed
    from corncrake_vault.vault import Vault


_LOG_LINE: Final = 3
"""Words of what a server prints of a log: `log`, origin line, key."""


def _countersign_by(one: Addition) -> str:
    who = ", ".join(elector.id for elector in one.electors)
    return (
        f"desk {one.desk}: {', '.join(one.readers)} may read only when {one.needed} of these countersign: {who};"
        " when too few of them can: 'organisation renew --emergency'"
    )


def _needs(signed: Signed) -> list[str]:
    """Say what must still happen before a charter can be used."""
    needs = [
        f"the desk {desk.id} has one voice, which cannot be revoked before this charter runs out"
        for desk in signed.opened.charter.desks
        if len(desk.voices) == 1
    ]
    needs += map(_countersign_by, signed.lacking)
    if signed.agreed is not None:
        unless = f"no charter after {signed.agreed.sequence} was shown here countersigned ('organisation agreed FILE' shows it); if none was, then "
        needs += [unless + _countersign_by(one) for one in signed.lacking_since if one not in signed.lacking]
    return needs


def _countersign_data(signed: Signed) -> list[dict[str, Any]]:
    steps = {one.sequence: missing for one, missing in ((signed.agreed, signed.lacking_since), (signed.previous, signed.lacking)) if one is not None}
    return [
        {"after": after, "desk": one.desk, "needed": one.needed, "of": [elector.id for elector in one.electors]}
        for after, missing in steps.items()
        for one in missing
    ]


def _signed(vault: Vault, said: argparse.Namespace, signed: Signed) -> Outcome:
    """Write a charter that was just signed, and its record; say what is still needed."""
    charter = signed.opened.charter
    changes = describe_signed(signed.previous, signed.agreed, charter, said.language)
    try:
        write_whole(said.out, signed.note)
        if said.record is not None:
            write_whole(said.record, _record_of(vault, said, signed))
    except StoreError as error:
        kept = f"{error.detail}. Charter {charter.sequence} is signed and kept here: 'organisation again --out FILE' writes it"
        raise StoreError(error.failure, kept) from error
    countersign = _countersign_data(signed)
    data: dict[str, Any] = {
        "sequence": charter.sequence,
        "sha256": signed.opened.sha256,
        "expires": day_text(charter.expires),
        "root": charter.root,
        "file": str(said.out),
        "changes": changes,
        "countersign": countersign,
        "emergency": bool(charter.emergency),
    }
    name = said.out.name
    following = (
        f"in the vault of each of these: corncrake-vault countersign {name} --out {name}; then here: organisation agreed {name}"
        if countersign
        else "corncrake-server charter FILE; corncrake-vault charter FILE on each reviewer's machine, then export, and let the courier push"
    )
    done = f"Signed charter {charter.sequence}, good until {day_text(charter.expires)}, into {said.out}."
    return Outcome(done, changes, _needs(signed), next=following, data=data)


def _record_of(vault: Vault, said: argparse.Namespace, signed: Signed) -> bytes:
    """Return the record of a ceremony that has signed a charter."""
    charter = signed.opened.charter
    changes = describe_signed(signed.previous, signed.agreed, charter, printed_language(said.language), said.paper)
    spoken = [printed_words(key, said.language, said.paper) for key in (vault.root, ceremony.present_key(charter))]
    keys = list(zip(("root", "organisation"), spoken, (root_text(vault.root), charter.organisation.key), strict=True))
    held = Held(charter.sequence, signed.opened.sha256, charter.expires, changes)
    return record(said.ceremony, held, keys, today=vault.today, language=said.paper)


def _again(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    outcome = _signed(vault, said, ceremony.signed_last(vault))
    outcome.done = f"Wrote charter {outcome.data['sequence']}, as it was signed, into {said.out}."
    return outcome


def _agreed(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    note = read_small(said.file, MAX_NOTE)
    with vault.store.transaction():
        charter = take_agreed(vault.store, note)
    following = "corncrake-server charter FILE; corncrake-vault charter FILE on each reviewer's machine, then export, and let the courier push"
    return Outcome(f"Noted that charter {charter.sequence} lacks nothing.", next=following, data={"sequence": charter.sequence})


def _form(path: Path) -> bytes:
    """Return the bytes of a form; what is wrong with one is said with its name, and where in it."""
    raw = read_small(path, MAX_FORM)
    try:
        read_form(raw, form_hash(raw))
    except CorncrakeError as error:
        where = f": {error.__cause__}" if error.failure is Failure.JSON and error.__cause__ is not None else ""
        help_ = "; docs/set-up.md says how a form is written so" if error.failure is Failure.NOT_CANONICAL else ""
        raise UsageError(error.failure, f"{path.name}: {error.detail}{where}{help_}; nothing was signed") from error
    return raw


def _charter(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    forms = {form_hash(raw): raw for raw in map(_form, said.form)}
    spec = read_small(said.spec, ceremony.SPEC_MAX)
    with vault.store.transaction():
        signed = ceremony.sign_new_charter(vault, spec, forms, emergency=said.emergency)
    return _signed(vault, said, signed)


def _changed(vault: Vault, said: argparse.Namespace, change: Callable[[Charter], Charter]) -> Outcome:
    with vault.store.transaction():
        signed = ceremony.sign_following(vault, change(ceremony.newest_signed(vault)), emergency=said.emergency)
    return _signed(vault, said, signed)


def _request(said: argparse.Namespace) -> amending.Request:
    if getattr(said, "request", None) is None and said.who is None:
        raise UsageError(Failure.MISUSE, "whom? Give the file that their program wrote, or --who ID:KEY; nothing was changed")
    try:
        if getattr(said, "request", None) is not None:
            return amending.read_request(read_small(said.request, amending.REQUEST_MAX))
        name, _, key = said.who.partition(":")
        return amending.read_request(canonical({"id": name, "key": key}))
    except FileError as error:
        detail = "this says nobody's id (a-z, 0-9 and dashes) and public key (43 characters): have their program write it again; nothing was changed"
        raise UsageError(Failure.MISUSE, detail) from error


def _enrol(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    request, past = _request(said), all_charters(vault.store)
    outcome = _changed(vault, said, lambda charter: amending.enrol(charter, past, said.desk, request, voice=said.voice))
    outcome.needs.append(f"before anybody uses it, have {request.id} read out the words of their own screen: they must be those above")
    return outcome


def _retire(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    return _changed(vault, said, lambda charter: amending.remove_reviewer(charter, said.reviewer, said.least))


def _revoke(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    outcome = _changed(vault, said, lambda charter: amending.remove_reviewer(charter, said.reviewer, said.least))
    outcome.needs.append(
        "today: the server gets this charter, and each other voice takes it, exports and has it pushed: from then on clients refuse the old charter."
        " What was sealed to the stolen vault's keys until now is as safe as its passphrase"
    )
    return outcome


def _add_courier(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    request = _request(said)
    return _changed(vault, said, lambda charter: amending.add_courier(charter, request))


def _remove_courier(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    return _changed(vault, said, lambda charter: amending.remove_courier(charter, said.courier))


def _new_log(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    printed = said.line.split()
    if len(printed) != _LOG_LINE or printed[0] != "log":
        raise UsageError(Failure.MISUSE, "give what 'corncrake-server new-log' has printed: \"log ORIGIN KEY\"; nothing was changed")
    outcome = _changed(vault, said, lambda charter: amending.begin_log(charter, *printed[1:]))
    outcome.needs.append(
        "compare the new log's key with the operator, letter by letter, since the server shows no words. Each vault begins the new log at its next"
        " import; reports that the former one promised and that are not here yet stay expected until then"
    )
    return outcome


def _renew(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    return _changed(vault, said, lambda charter: charter)


def _succeed(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    with vault.store.transaction():
        signed = ceremony.succeed(vault, emergency=said.emergency)
    outcome = _signed(vault, said, signed)
    outcome.needs.append("the old key is gone from this vault: destroy its sheets too, and say so: 'organisation schedule'")
    if vault.store.fact(organisation_holds.NUMBER) is not None:
        outcome.needs.append("what the organisation holds stays held; sign it again with this key (organisation-hold), since vaults carry it no more")
    return outcome


def _recovery(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    identity, entry = make_recovery(all_charters(vault.store), said.desk, said.quarter)
    shares, until = split(identity.seed, said.needed, said.made), entry.not_after + KEPT_AFTER
    fingerprint = printed_words(identity.recipient.raw, said.language, said.paper)
    with vault.store.transaction():
        replaced = [one.number for one in share_sets(vault.store) if one.name == f"{said.desk} {said.quarter}" and not one.destroyed]
        following = amending.add_recovery(ceremony.newest_signed(vault), said.desk, entry, vault.today, replacing=said.replace)
        signed = ceremony.sign_following(vault, following, emergency=said.emergency)
        note_made(vault.store, "recovery", f"{said.desk} {said.quarter}", entry.recipient, (said.needed, said.made), until, mark_of(shares[0]))
        title = SHEET_OF_RECOVERY[said.paper].format(desk=said.desk, quarter=said.quarter)
        names = write_sheets(said.folder, shares, Sheet(title, said.needed, fingerprint, until), vault.today, said.paper)
    outcome = _signed(vault, said, signed)
    outcome.data["files"] = names
    outcome.needs.insert(0, "the sheets are the key: print them, give each to another person, then destroy the files")
    outcome.needs += [
        f"what was sealed to the key before opens only with the sheets of set {number}: keep what is left of them, or destroy them and say"
        f" 'organisation shares-destroyed {number}'"
        for number in replaced
    ]
    outcome.next = f"recovery drill {said.desk} {said.quarter}: the paper proves itself before anybody uses the charter"
    return outcome


CEREMONIES: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {
    **paper_commands.CEREMONIES,
    "succeed": _succeed,
    "charter": _charter,
    "enrol": _enrol,
    "retire": _retire,
    "revoke": _revoke,
    "add-courier": _add_courier,
    "remove-courier": _remove_courier,
    "new-log": _new_log,
    "renew": _renew,
    "recovery": _recovery,
    "again": _again,
    "agreed": _agreed,
}


def organisation(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    """Do one ceremony."""
    return CEREMONIES[said.ceremony](vault, said, stdin)
