# SPDX-License-Identifier: AGPL-3.0-or-later
"""Legal holds of the organisation: signed in the vault of its key, brought into a reviewer's, carried by that one's exports.

Rules of this file: one note says all that the organisation holds. Numbers rise, also when its key comes back from paper. What is by a former key
is carried no more: a server would refuse the parcel, and keeps what came to it before.

Source: crypto/spec/legal_hold.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.charter import Charter
from corncrake_crypto.encoding import root_text, unb64url
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.legal_hold import KIND, MAX_DESKS, MAX_OVERRULED, MAX_REPORTS, LegalHold, Overruled, open_legal_hold, sign_legal_hold
from corncrake_crypto.note import read_document, text_hash, unverified_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from corncrake_crypto.signatures import SigningKey
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

BROUGHT: Final = "organisation_hold"
"""The fact that keeps the note of the organisation that this vault carries."""
NUMBER: Final = "organisation_hold_number"
A_DAY: Final = 1_000
"""More holds than an organisation signs in one day."""


class Brought(NamedTuple):
    """What the organisation holds, as it was brought here: the note, what it says, and whether it is by the present key: others are not carried."""

    note: bytes
    value: LegalHold
    is_present: bool


def newest_terms(vault: Vault) -> Charter:
    """Return the newest charter, verified when it was kept, also one that has run out: a hold only ever keeps.

    Raises:
        UsageError: `charter`, when there is none yet.
    """
    newest = vault.newest_charter()
    if newest is None:
        raise UsageError(Failure.CHARTER, "no charter yet; 'charter FILE' or the first import brings it")
    return read_document(unverified_text(newest[1]), CHARTER, Charter)


def count_on_from(store: Store, day: date) -> None:
    """Have the organisation's next hold numbered above all that it can have signed before a day; inside a transaction.

    A key that comes back from paper knows no number, and no parcel shows one.
    """
    store.raise_number(NUMBER, A_DAY * day.toordinal())


def sign_for_organisation(  # noqa: PLR0913 - what such a hold says
    vault: Vault, key: SigningKey, *, desks: Sequence[str], reports: Sequence[str], overruled: Sequence[Overruled], after: int = 0
) -> tuple[int, bytes]:
    """Return the number, higher than `after`, and note of all that the organisation holds now, and whom it overrules; inside a transaction.

    Raises:
        UsageError: `misuse`: nobody would take it: a name is none, a reviewer is overruled twice, or too much is held.
    """
    vault.store.raise_number(NUMBER, after)
    try:
        value = LegalHold(
            root=root_text(vault.root),
            number=vault.store.next_number(NUMBER),
            desks=tuple(sorted(set(desks))),
            reports=tuple(sorted(set(reports))),
            overruled=tuple(overruled) or None,
        )
        note = sign_legal_hold(value, key)
        open_legal_hold(note, root=vault.root, holder=None, key=key.public)
    except (ValueError, FileError) as error:
        most = f"at most {MAX_DESKS} desks, {MAX_REPORTS} reports and {MAX_OVERRULED} overruled reviewers, each once and by its id"
        raise UsageError(Failure.MISUSE, f"a hold names {most}; nothing was changed") from error
    return value.number, note


def _open_organisation(vault: Vault, note: bytes) -> LegalHold:
    return open_legal_hold(note, root=vault.root, holder=None, key=unb64url(newest_terms(vault).organisation.key, 32))


def brought(vault: Vault) -> Brought | None:
    """Return what the organisation holds, as it was brought here; None when nothing was."""
    note = vault.store.fact(BROUGHT)
    if note is None:
        return None
    # It was verified by the key of its day; what it says of its number holds also when that has been succeeded.
    value = read_document(unverified_text(note), KIND, LegalHold)
    try:
        _open_organisation(vault, note)
    except PeerError:
        return Brought(note, value, is_present=False)
    return Brought(note, value, is_present=True)


def bring(vault: Vault, raw: bytes) -> LegalHold:
    """Take a hold of the organisation, for the next exports to carry; inside a transaction.

    Raises:
        FileError, PeerError: as `open_legal_hold`.
        UsageError: `repeated`, when a newer one is here; `equivocation`, when it is another one of this number.
    """
    try:
        value, here = _open_organisation(vault, raw), brought(vault)
    except PeerError as error:
        if error.failure is not Failure.SIGNATURE:
            raise
        detail = f"the key of charter {newest_terms(vault).sequence}, the newest here, has not signed this; a newer charter comes first"
        raise PeerError(Failure.SIGNATURE, detail) from error
    if here is not None:
        last = here.value.number
        again = f"nothing was changed. If this one was signed later, have it signed anew: organisation-hold --after {last}"
        if last > value.number:
            raise UsageError(Failure.REPEATED, f"hold {last} of the organisation is here already, and this is hold {value.number}; {again}")
        if last == value.number and text_hash(unverified_text(here.note)) != text_hash(unverified_text(raw)):
            raise UsageError(Failure.EQUIVOCATION, f"another hold {last} of the organisation is here; {again}")
    vault.store.set_fact(BROUGHT, raw)
    return value
