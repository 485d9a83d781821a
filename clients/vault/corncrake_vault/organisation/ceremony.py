# SPDX-License-Identifier: AGPL-3.0-or-later
"""The organisation's key: made once, offline, and used to sign charters.

Rules of this file: the organisation key signs charters and successions and nothing else, and lies in a vault of its own. A
charter is signed only when this version would accept it. Sequences count up and are never given twice.

Source: crypto/spec/charter.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from corncrake_crypto.charter import Charter, OpenedCharter, open_charter, root_of, sign_charter
from corncrake_crypto.encoding import b64url, canonical, day_text, decode_canonical, root_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.form import read_form
from corncrake_crypto.signatures import SigningKey

if TYPE_CHECKING:
    from corncrake_vault.vault import Vault

SPEC_MAX: Final = 1_048_576
USUAL_DAYS: Final = 90
MAX_DAYS: Final = 95
_GIVEN_BY_CEREMONY: Final = frozenset({"root", "sequence", "successions"})


def create_organisation(vault: Vault) -> bytes:
    """Make the organisation key in this vault, pin its root (32 bytes) and return it; inside a transaction.

    Raises:
        UsageError: `misuse`, when this vault has one already.
    """
    if vault.store.fact("organisation") is not None:
        raise UsageError(Failure.MISUSE, "this vault has an organisation key already; nothing was changed")
    key = SigningKey.generate()
    root = root_of(key.public)
    vault.pin(root_text(root))
    vault.store.set_fact("organisation", key.seed)
    return root


def organisation_key(vault: Vault) -> SigningKey:
    """Return the organisation key.

    Raises:
        UsageError: `misuse`, when this vault has none.
    """
    seed = vault.store.fact("organisation")
    if seed is None:
        raise UsageError(Failure.MISUSE, "this vault has no organisation key; 'organisation create' makes one")
    return SigningKey.from_seed(seed)


def sign_new_charter(vault: Vault, raw: bytes, forms: dict[str, bytes]) -> tuple[bytes, OpenedCharter]:
    """Sign the charter that a specification describes, keep it, and return its note; inside a transaction.

    Args:
        vault: with the organisation key.
        raw: JSON, any spacing: the fields of a charter but root, sequence and successions. `issued` is today and `expires`
            90 days later unless it says otherwise; `organisation` may leave out its key, and a desk its `form` when a form
            for it is given.
        forms: forms by their SHA-256; kept in this vault.

    Raises:
        UsageError: `charter`, when it is not JSON of that shape, or would be refused by whoever reads it.

    Source: crypto/spec/charter.md.
    """
    key = organisation_key(vault)
    try:
        given: Any = msgspec.json.decode(raw)
    except msgspec.MsgspecError as error:
        raise UsageError(Failure.CHARTER, f"the specification is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise UsageError(Failure.CHARTER, "the specification is not a JSON object")
    spec = cast("dict[str, Any]", given)
    if doubled := sorted(_GIVEN_BY_CEREMONY & spec.keys()):
        raise UsageError(Failure.CHARTER, f"the ceremony gives these itself, leave them out: {', '.join(doubled)}")
    _name_forms(spec, forms)
    newest = vault.newest_charter()
    spec.setdefault("issued", day_text(vault.today))
    spec.setdefault("expires", day_text(vault.today + timedelta(days=USUAL_DAYS)))
    spec["organisation"] = {**cast("dict[str, Any]", spec.get("organisation", {})), "key": b64url(key.public)}
    spec |= {"root": root_text(vault.root), "sequence": newest[0].sequence + 1 if newest else 1, "successions": []}
    charter = decode_canonical(canonical(spec), Charter)
    note = sign_charter(charter, key)
    opened = open_charter(note, root=vault.root, origin=None, today=vault.today, floor=newest[0] if newest else None)
    vault.store.run("INSERT INTO charters VALUES (?, ?, ?)", (opened.charter.sequence, opened.sha256, note))
    for sha256, form in forms.items():
        vault.store.run("INSERT OR IGNORE INTO forms VALUES (?, ?)", (sha256, form))
    return note, opened


def _name_forms(spec: dict[str, Any], forms: dict[str, bytes]) -> None:
    """Put the hash of each given form into the desk that it is for."""
    for sha256, raw in forms.items():
        form = read_form(raw, sha256)
        for desk in cast("list[dict[str, Any]]", spec.get("desks", [])):
            if desk.get("id") == form.desk:
                desk["form"] = sha256
