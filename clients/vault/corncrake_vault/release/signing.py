# SPDX-License-Identifier: AGPL-3.0-or-later
"""The release key, and signing what a person has built and looked at.

Rules of this file: the key lies in a vault and signs page releases, nothing else. It signs only the files of the page that this person
has built, never a list alone; a number below the last one that it signed, or another text of the same, it does not sign.

Source: crypto/spec/page_release.md.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.note import join_notes, read_document, text_hash
from corncrake_crypto.page_release import (
    KIND,
    MAX_RELEASE,
    PageRelease,
    file_changes,
    open_page_release,
    release_text,
    sign_page_release,
)
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.recovery.keys import all_charters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.page_release import FileChanges, OpenedRelease, PageFile
    from corncrake_vault.vault import Vault

_KEY: Final = "release-key"
_SIGNED: Final = "release-signed"
"""Number and text hash of the last release that this key signed."""


class Proposal(NamedTuple):
    """A release that somebody asks to sign, and by what it differs from the last one; None: it is the first."""

    release: PageRelease
    changes: FileChanges | None


def create_release_key(vault: Vault) -> SigningKey:
    """Make this vault's release key and return it; inside a transaction.

    Raises:
        UsageError: `misuse`, when there is one already.
    """
    if vault.store.fact(_KEY) is not None:
        raise UsageError(Failure.MISUSE, "this vault has a release key already; nothing was changed")
    key = SigningKey.generate()
    vault.store.set_fact(_KEY, key.seed)
    return key


def release_key(vault: Vault) -> SigningKey:
    """Return this vault's release key.

    Raises:
        UsageError: `misuse`, when there is none.
    """
    seed = vault.store.fact(_KEY)
    if seed is None:
        raise UsageError(Failure.MISUSE, "this vault has no release key; 'release key' makes one")
    return SigningKey.from_seed(seed)


def propose(vault: Vault, manifest: bytes, built: Sequence[PageFile], last: bytes | None) -> Proposal:
    """Check a manifest against the page that was built here and the last release.

    Args:
        vault: that knows the charter.
        manifest: the text of the release, unsigned.
        built: the files of this person's own build.
        last: the note of the release before, or of this one, when it is signed anew; None for the first one.

    Raises:
        FileError: `kind`, `json`, `not-canonical`, `incomplete`: it is no release.
        UsageError: `altered`: it does not list the files that were built here.
        PeerError: `root`; `rollback` or `equivocation`, as the last release or this key's last signature says; as `open_page_release`.
    """
    try:
        text = str(manifest, "utf-8", "strict")
    except UnicodeDecodeError as error:
        raise FileError(Failure.KIND, "this is no page-release of version 1") from error
    release = read_document(text, KIND, PageRelease)
    release_text(release)
    if release.root != root_text(vault.root):
        raise PeerError(Failure.ROOT, "this release is of another organisation")
    if unlike := file_changes(release.files, built):
        raise UsageError(Failure.ALTERED, f"these files are not as they were built here: {', '.join(name for names in unlike for name in names)}")
    _check_last_signed(vault, release)
    if last is None:
        if release.number != 1:
            raise UsageError(Failure.MISUSE, "name the release before this one with --last, so that it can be shown what changed")
        return Proposal(release, None)
    before = _open_last(vault, last)
    if release.number < before.release.number:
        raise PeerError(Failure.ROLLBACK, f"release {before.release.number} exists, and this is number {release.number}")
    if release.number == before.release.number and text_hash(release_text(release)) != before.sha256:
        raise PeerError(Failure.EQUIVOCATION, f"another release {release.number} exists")
    return Proposal(release, file_changes(before.release.files, release.files))


def _open_last(vault: Vault, last: bytes) -> OpenedRelease:
    """Return the release before, as any charter that this vault has seen lets it count: since then, its keys may have been replaced."""
    for charter in all_charters(vault.store):
        with suppress(PeerError):
            return open_page_release(last, charter)
    return open_page_release(last, vault.charter().charter)


def _check_last_signed(vault: Vault, release: PageRelease) -> None:
    signed = vault.store.fact(_SIGNED)
    if signed is None:
        return
    number, _, sha256 = signed.decode().partition(" ")
    if release.number < int(number):
        raise PeerError(Failure.ROLLBACK, f"this key has signed release {number}, and signs no lower one")
    if release.number == int(number) and text_hash(release_text(release)) != sha256:
        raise PeerError(Failure.EQUIVOCATION, f"this key has signed another release {number}, and signs no second one")


def sign(vault: Vault, release: PageRelease) -> bytes:
    """Return the release signed by this vault's key alone, and note that it was; inside a transaction.

    Raises:
        UsageError: `charter`, when the charter does not name this vault's key.
    """
    key = release_key(vault)
    if b64url(key.public) not in vault.charter().charter.release_keys:
        raise UsageError(Failure.CHARTER, "the charter does not name this vault's release key: the organisation puts it there first")
    vault.store.set_fact(_SIGNED, f"{release.number} {text_hash(release_text(release))}".encode())
    return sign_page_release(release, [key])


def join(vault: Vault, notes: Sequence[bytes]) -> tuple[bytes, OpenedRelease]:
    """Put together what several people have signed; return the note and the release, which enough have signed.

    Raises:
        UsageError: `misuse`: they have not signed the same.
        FileError, PeerError: as `open_page_release`: `signature`, when more must sign.
    """
    joined = join_notes(notes, limit=MAX_RELEASE)
    return joined, open_page_release(joined, vault.charter().charter)
