# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks a charter that came, from an operator or in a parcel, and what must come with it.

Rules of this file: the first charter pins the organisation's root, and every later one must have the same. A charter that names
a log whose key is not here would make every receipt worthless, so it is refused; so is one that lets somebody in unseen, or by an emergency of
a day long past. One that names the next log is applied while nobody publishes. Every form that it names must be here or come along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.charter import KIND, Charter, open_charter
from corncrake_crypto.charter_change import check_change, check_receipt
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.form import form_hash, read_form
from corncrake_crypto.note import read_document, text_hash, unverified_text
from corncrake_crypto.tiles import leaf_entry
from corncrake_server.ports.documents import Changes, CharterNote
from corncrake_server.services.emergency import emergency_here

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_server.ports.documents import Documents
    from corncrake_server.ports.log import Log, LogKeys
    from corncrake_server.services.services import Services


def check_charter(note: bytes, here: OpenedCharter | None, since: date | None, keys: LogKeys, today: date) -> OpenedCharter:
    """Verify a charter that is to follow `here`; `since` is that of `emergency_here`.

    Raises:
        FileError, PeerError: as `open_charter`, `check_change` and `check_receipt`; `charter`, when it names a log whose key is not here.
    """
    claimed = here.charter if here else read_document(unverified_text(note), KIND, Charter)
    opened = open_charter(
        note, root=parse_root(claimed.root), origin=here.charter.origin if here else None, today=today, floor=here.ref if here else None
    )
    if here is not None:
        check_change(here, note, opened, since)
        check_receipt(here, note, opened, today)
    if not keys.has(opened.charter.log):
        raise PeerError(Failure.CHARTER, "the charter names another log key than this server has")
    return opened


def is_known(note: bytes, here: OpenedCharter) -> bool:
    """Say whether a charter is the one in force, or older: it changes nothing then, whoever brings it, and is not looked at further.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`.
    """
    text = unverified_text(note)
    claimed = read_document(text, KIND, Charter).sequence
    return claimed < here.charter.sequence or (claimed == here.charter.sequence and text_hash(text) == here.sha256)


async def check_forms(opened: OpenedCharter, forms: Iterable[bytes], documents: Documents) -> Mapping[str, bytes]:
    """Return by their hashes the forms that came, after checking that every desk has its form.

    Raises:
        FileError, PeerError: as `read_form`; `charter`, when a form is missing, or came and is no desk's.
    """
    wanted = {desk.form for desk in opened.charter.desks}
    found = {form_hash(form): form for form in forms}
    for sha256, form in found.items():
        read_form(form, sha256)
    if not found.keys() <= wanted:
        raise PeerError(Failure.CHARTER, "a form came that no desk of the charter has")
    for sha256 in wanted - found.keys():
        if await documents.form(sha256) is None:
            raise PeerError(Failure.CHARTER, "the charter names a form that is not here")
    return found


async def apply_changes(documents: Documents, log: Log, changes: Changes) -> None:
    """Apply; what brings a charter waits until nobody publishes, since it may begin another log.

    Raises:
        PeerError, StoreError: as `Documents.apply`.
    """
    if changes.charter is None:
        await documents.apply(changes)
        return
    async with log.publishing():
        await documents.apply(changes)


async def bring_charter(services: Services, note: bytes, forms: Iterable[bytes]) -> OpenedCharter:
    """Take a charter that an operator brings; the same one again changes nothing.

    Raises:
        FileError, PeerError: as `check_charter` and `check_forms`.   StoreError: it could not be stored.
    """
    # Another process may have taken one since this one was asked.
    services.organisation.forget()
    here = await services.organisation.charter_or_none()
    since = await emergency_here(here, services.documents)
    opened = check_charter(note, here, since, services.log_keys, services.clock.today())
    found = await check_forms(opened, forms, services.documents)
    if here is None or opened.charter.sequence > here.charter.sequence:
        stored = CharterNote(opened.charter.sequence, opened.sha256, note)
        changes = Changes(charter=stored, forms=found, entries=[leaf_entry(KIND, opened.text)], by=here.charter.sequence if here else 0)
        await apply_changes(services.documents, services.log, changes)
        services.organisation.forget()
    return opened
