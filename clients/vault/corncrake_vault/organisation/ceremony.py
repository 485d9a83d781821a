# SPDX-License-Identifier: AGPL-3.0-or-later
"""The organisation's key: made once, offline, shared out on paper, succeeded when its time is over, and used to sign charters.

Rules of this file: the organisation key signs charters and successions and nothing else, and lies in a vault of its own. It signs nothing
before its shares were read back from paper. A charter is signed only when this version would accept it. Sequences count up and are
never given twice. The root never changes; a key has one successor.

Source: crypto/spec/charter.md; crypto/spec/charter_change.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec
from msgspec.structs import replace

from corncrake_crypto.charter import KIND, Charter, OpenedCharter, open_charter, root_of, sign_charter, sign_succession
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, root_text, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, UsageError
from corncrake_crypto.form import read_form
from corncrake_crypto.note import read_document, text_hash, unverified_text
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.organisation.consent import lacking_after, newest_agreed
from corncrake_vault.organisation.emergency import tells_now
from corncrake_vault.organisation.shares import combine, newest_set
from corncrake_vault.retention.organisation_holds import count_on_from
from corncrake_vault.vault import ORGANISATION_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corncrake_crypto.charter_change import Addition
    from corncrake_vault.vault import Vault

SPEC_MAX: Final = 1_048_576
USUAL_DAYS: Final = 90
MAX_DAYS: Final = 95
KEY: Final = ORGANISATION_KEY
SUCCESSOR: Final = "successor"
_GIVEN_BY_CEREMONY: Final = frozenset({"root", "sequence", "successions"})


class Signed(NamedTuple):
    """A charter that was just signed.

    Attributes:
        note: to be given to everybody.
        opened: the same.
        previous: the one before, None for the first.
        lacking: who is let in and whom too few have countersigned yet; empty when it can be used as it is.
        agreed: the newest one before that is known to have lacked nothing; often `previous`.
        lacking_since: as `lacking`, by the step from `agreed`: what is needed if those in between were never countersigned.
    """

    note: bytes
    opened: OpenedCharter
    previous: Charter | None
    lacking: tuple[Addition, ...]
    agreed: Charter | None
    lacking_since: tuple[Addition, ...]


def create_organisation(vault: Vault) -> bytes:
    """Make the organisation key in this vault, pin its root (32 bytes) and return it; inside a transaction.

    Raises:
        UsageError: `misuse`, when this vault has one already, or is a reviewer's.
    """
    _check_own_vault(vault)
    key = SigningKey.generate()
    root = root_of(key.public)
    vault.pin(root_text(root))
    vault.store.set_fact(KEY, key.seed)
    return root


def _check_own_vault(vault: Vault) -> None:
    """Check that an organisation's key may come into this vault.

    What is signed in a vault is its newest charter, before anybody has agreed: a reviewer there would go by it, and could not countersign it.

    Raises:
        UsageError: `misuse`.
    """
    what = "an organisation key already" if vault.store.fact(KEY) is not None else "a reviewer" if vault.store.fact("identity") is not None else None
    if what is not None:
        detail = f"this vault has {what}, and such a key lies in one of its own: --store NEW makes a new one; nothing was changed"
        raise UsageError(Failure.MISUSE, detail)


def recover_organisation(vault: Vault, shares: Sequence[str], charter: bytes | None) -> SigningKey:
    """Put the key back that shares give, and the newest charter; inside a transaction.

    Args:
        vault: without an organisation key.
        shares: as many as are needed, from paper.
        charter: the newest that it signed; None only when there is none yet, or none that is still known.

    Raises:
        UsageError: `misuse`: there is a key already, or a reviewer, or the charter names another key; `checksum`: the shares do not go together.
        FileError, PeerError: the charter is none, or contradicts itself.
    """
    _check_own_vault(vault)
    key, day = SigningKey.from_seed(combine(shares)), vault.today
    if charter is None:
        vault.pin(root_text(root_of(key.public)))
    else:
        claimed = read_document(unverified_text(charter), KIND, Charter)
        if claimed.organisation.key != b64url(key.public):
            raise UsageError(
                Failure.MISUSE, "the charter was signed by another key than these shares give; bring the newest charter, or other shares"
            )
        vault.pin(claimed.root)
        # It may have run out long ago: the next one is what this is for.
        day = max(day, claimed.issued)
        opened = open_charter(charter, root=vault.root, origin=None, today=min(day, claimed.expires))
        vault.store.run("INSERT OR IGNORE INTO charters VALUES (?, ?, ?)", (opened.charter.sequence, opened.sha256, charter))
    count_on_from(vault.store, day)
    vault.store.set_fact(KEY, key.seed)
    return key


def organisation_key(vault: Vault) -> SigningKey:
    """Return the organisation key.

    Raises:
        UsageError: `misuse`, when this vault has none.
    """
    seed = vault.store.fact(KEY)
    if seed is None:
        raise UsageError(Failure.MISUSE, "this vault has no organisation key; 'organisation create' makes one")
    return SigningKey.from_seed(seed)


def key_to_share(vault: Vault) -> SigningKey:
    """Return the key that shares are made of now: the successor while there is one, else the organisation key.

    Raises:
        UsageError: `misuse`, when this vault has none.
    """
    seed = vault.store.fact(SUCCESSOR)
    return SigningKey.from_seed(seed) if seed is not None else organisation_key(vault)


def make_successor(vault: Vault) -> SigningKey:
    """Make the key that is to take over; it signs nothing yet; inside a transaction.

    Raises:
        UsageError: `misuse`: there is no key to succeed, no charter yet, or a successor already.
    """
    organisation_key(vault)
    if vault.newest_charter() is None:
        raise UsageError(Failure.MISUSE, "no charter was ever signed here: there is nothing to hand over yet")
    if vault.store.fact(SUCCESSOR) is not None:
        raise UsageError(Failure.MISUSE, "there is a successor already; share it out and test it, then 'organisation succeed'")
    key = SigningKey.generate()
    vault.store.set_fact(SUCCESSOR, key.seed)
    return key


def succeed(vault: Vault, *, emergency: bool = False) -> Signed:
    """Hand over to the successor, sign the next charter with it, and destroy the old key; inside a transaction.

    Args:
        vault: with the organisation key and its successor.
        emergency: say that this charter is one.

    Raises:
        UsageError: `misuse`: there is no successor, or its shares were not read back yet.
    """
    seed = vault.store.fact(SUCCESSOR)
    if seed is None:
        raise UsageError(Failure.MISUSE, "there is no successor; 'organisation successor' makes one")
    old, new, previous = organisation_key(vault), SigningKey.from_seed(seed), newest_signed(vault)
    check_tested(vault, new)
    note = sign_succession(vault.root, len(previous.successions) + 1, old, new).decode()
    vault.store.set_fact(KEY, seed)
    vault.store.run("DELETE FROM facts WHERE name = ?", (SUCCESSOR,))
    following = replace(previous, successions=(*previous.successions, note), organisation=replace(previous.organisation, key=b64url(new.public)))
    return sign_following(vault, following, emergency=emergency)


def check_tested(vault: Vault, key: SigningKey) -> None:
    """Check that the newest shares of a key were read back from paper.

    Raises:
        UsageError: `misuse`.
    """
    found = newest_set(vault.store, b64url(key.public))
    if found is None or not found.tested:
        step = "organisation test-shares" if found is not None else "organisation shares"
        raise UsageError(Failure.MISUSE, f"this key is not backed up on paper yet, so it signs nothing: '{step}' comes first")


def newest_signed(vault: Vault) -> Charter:
    """Return the newest charter that this vault knows, also one that has run out.

    Raises:
        UsageError: `charter`, when there is none.
    """
    newest = vault.newest_charter()
    if newest is None:
        raise UsageError(Failure.CHARTER, "there is no charter yet; 'organisation charter SPEC.json' makes the first")
    return read_document(unverified_text(newest[1]), KIND, Charter)


def sign_following(vault: Vault, charter: Charter, *, emergency: bool = False) -> Signed:
    """Sign a charter as the next one, from today for 90 days, and keep it; inside a transaction.

    Args:
        vault: with the organisation key.
        charter: what it is to say; sequence and days are given here, and so is an emergency that must still be told.
        emergency: say that this is one.

    Raises:
        UsageError: `misuse`: the key's shares were not read back yet; `charter`: readers would refuse it.
    """
    previous = newest_signed(vault)
    following = replace(
        charter,
        sequence=previous.sequence + 1,
        issued=vault.today,
        expires=vault.today + timedelta(days=USUAL_DAYS),
        emergency=True if tells_now(vault.store, vault.today, declared=emergency) else None,
    )
    return _sign(vault, following)


def _sign(vault: Vault, charter: Charter) -> Signed:
    key = organisation_key(vault)
    check_tested(vault, key)
    newest = vault.newest_charter()
    previous = newest_signed(vault) if newest is not None else None
    try:
        note = sign_charter(charter, key)
        opened = open_charter(note, root=vault.root, origin=None, today=vault.today, floor=newest[0] if newest else None)
    except CorncrakeError as error:
        raise UsageError(Failure.CHARTER, f"readers would refuse this charter: {error.detail}; nothing was changed") from error
    vault.store.run("INSERT INTO charters VALUES (?, ?, ?)", (opened.charter.sequence, opened.sha256, note))
    return _compared(vault, note, opened, previous)


def _compared(vault: Vault, note: bytes, opened: OpenedCharter, previous: Charter | None) -> Signed:
    charter = opened.charter
    agreed = newest_agreed(vault.store, charter.sequence)
    return Signed(note, opened, previous, lacking_after(previous, note, charter), agreed, lacking_after(agreed, note, charter))


def signed_last(vault: Vault) -> Signed:
    """Return the charter that was signed last, as it is kept here, with the countersignatures that were shown to this vault.

    Raises:
        UsageError: `misuse`: this vault has no organisation key; `charter`: it has signed none yet.
    """
    organisation_key(vault)
    charter = newest_signed(vault)
    rows = vault.store.rows("SELECT note FROM charters ORDER BY sequence DESC LIMIT 2")
    notes = [bytes(row[0]) for row in rows]
    text = unverified_text(notes[0])
    previous = read_document(unverified_text(notes[1]), KIND, Charter) if len(notes) > 1 else None
    return _compared(vault, notes[0], OpenedCharter(charter, text, text_hash(text)), previous)


def sign_new_charter(vault: Vault, raw: bytes, forms: Mapping[str, bytes], *, emergency: bool = False) -> Signed:
    """Sign the charter that a specification describes, keep it, and return it; inside a transaction.

    Args:
        vault: with the organisation key.
        raw: JSON, any spacing: the fields of a charter but root, sequence and successions. `issued` is today and `expires`
            90 days later unless it says otherwise; `organisation` may leave out its key, and a desk its `form` when a form
            for it is given.
        forms: forms by their SHA-256; kept in this vault.
        emergency: say that this is one, as the specification may too; it is said anyhow while an earlier one must be told.

    Raises:
        UsageError: `charter`, when it is not JSON of that shape, or would be refused by whoever reads it.

    Source: crypto/spec/charter.md.
    """
    key = organisation_key(vault)
    check_tested(vault, key)
    try:
        given: Any = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UsageError(Failure.CHARTER, f"the specification is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise UsageError(Failure.CHARTER, "the specification is not a JSON object")
    spec = cast("dict[str, Any]", given)
    if doubled := sorted(_GIVEN_BY_CEREMONY & spec.keys()):
        raise UsageError(Failure.CHARTER, f"the ceremony gives these itself, leave them out: {', '.join(doubled)}")
    _name_forms(spec, forms)
    previous = newest_signed(vault) if vault.newest_charter() is not None else None
    spec.setdefault("issued", vault.today.isoformat())
    spec.setdefault("expires", (vault.today + timedelta(days=USUAL_DAYS)).isoformat())
    organisation: Any = spec.get("organisation", {})
    if isinstance(organisation, dict):
        spec["organisation"] = {**cast("dict[str, Any]", organisation), "key": b64url(key.public)}
    spec |= {"root": root_text(vault.root), "sequence": previous.sequence + 1 if previous else 1}
    spec["successions"] = list(previous.successions) if previous else []
    if tells_now(vault.store, vault.today, declared=emergency or spec.get("emergency") is True):
        spec["emergency"] = True
    signed = _sign(vault, _charter_of(spec))
    for sha256, form in forms.items():
        vault.store.run("INSERT OR IGNORE INTO forms VALUES (?, ?)", (sha256, form))
    return signed


def _charter_of(spec: dict[str, Any]) -> Charter:
    try:
        # First the shape alone: this says where it is wrong.
        msgspec.convert(spec, Charter)
        return decode_canonical(canonical(spec), Charter)
    except (msgspec.ValidationError, FileError) as error:
        raise UsageError(Failure.CHARTER, f"the specification is not right: {error}; nothing was signed") from error


def _name_forms(spec: dict[str, Any], forms: Mapping[str, bytes]) -> None:
    """Put the hash of each given form into the desk that it is for."""
    desks: Any = spec.get("desks", [])
    for sha256, raw in forms.items():
        form = read_form(raw, sha256)
        for desk in cast("list[Any]", desks) if isinstance(desks, list) else []:
            if isinstance(desk, dict) and cast("dict[str, Any]", desk).get("id") == form.desk:
                desk["form"] = sha256


def present_key(charter: Charter) -> bytes:
    """Return the 32 bytes of the organisation's present key."""
    return unb64url(charter.organisation.key, 32)
