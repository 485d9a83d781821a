# SPDX-License-Identifier: Apache-2.0
"""Page releases: every file of the built page by its size and hash, signed by most of the release keys of the charter.

Rules of this file: bytes in, a verified value out. A release says what the page is, not that it is any good: who signs has built it
from its source, and looked at what changed. It never ends by itself; a higher number takes its place. Nothing here reads files.

Source: crypto/spec/page_release.md; docs/decisions/0011.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, NamedTuple

from msgspec import Meta

from corncrake_crypto.charter import Charter
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import Day, Hash, Positive, Root, Wire
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, text_hash, write_document
from corncrake_crypto.signatures import SigningKey

KIND: Final = "page-release"
SIGNER: Final = "release"
"""The signer name of every release key."""
INDEX: Final = "index.html"
"""The file that a server answers `/` with."""
MAX_FILES: Final = 512
MAX_FILE: Final = 16 << 20
"""Bytes of one file."""
MAX_RELEASE: Final = 256 << 10
"""Bytes of a release, signatures included."""

PagePath = Annotated[str, Meta(max_length=128, pattern=r"\A[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")]
"""A file's path below the page's folder: no segment begins with a dot."""


class PageFile(Wire, frozen=True, kw_only=True):
    """One file as it is served: path, size in bytes, SHA-256."""

    path: PagePath
    size: Annotated[int, Meta(ge=0, le=MAX_FILE)]
    sha256: Hash


class PageRelease(Wire, frozen=True, kw_only=True):
    """What the page is: all of its files in the order of their paths, and which of them is the one-file edition."""

    root: Root
    number: Positive
    day: Day
    files: Annotated[tuple[PageFile, ...], Meta(min_length=1, max_length=MAX_FILES)]
    saved: PagePath

    def file(self, path: str) -> PageFile | None:
        """Return the file at a path, or None."""
        return next((file for file in self.files if file.path == path), None)

    @property
    def saved_file(self) -> PageFile:
        """The one-file edition.

        Raises:
            FileError: `incomplete`, when it is not among the files.
        """
        found = self.file(self.saved)
        if found is None:
            raise FileError(Failure.INCOMPLETE, "the one-file edition is not among the files of the release")
        return found


class OpenedRelease(NamedTuple):
    """A verified release, its text, and the SHA-256 of that."""

    release: PageRelease
    text: str
    sha256: str


class FileChanges(NamedTuple):
    """Paths by which one set of files differs from another, each in order."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Say whether there is any difference."""
        return bool(self.added or self.removed or self.changed)


def signatures_needed(charter: Charter) -> int:
    """Return how many release keys must sign: more than half of those of the charter.

    Raises:
        PeerError: `charter`, when it has none.

    Source: crypto/spec/page_release.md §2.
    """
    if not charter.release_keys:
        raise PeerError(Failure.CHARTER, "this charter names no release keys")
    return len(charter.release_keys) // 2 + 1


def _check_consistency(release: PageRelease) -> None:
    """Check what the fields say about each other."""
    paths = [file.path for file in release.files]
    if paths != sorted(set(paths)):
        raise FileError(Failure.NOT_CANONICAL, "the files of a release stand in the order of their paths, each once")
    if INDEX not in paths:
        raise FileError(Failure.INCOMPLETE, f"a page has an {INDEX}")
    _ = release.saved_file


def release_text(release: PageRelease) -> str:
    """Return the text of a release, which is what is signed and hashed.

    Raises:
        FileError: as `open_page_release`, when it contradicts itself.
    """
    _check_consistency(release)
    return write_document(KIND, release)


def sign_page_release(release: PageRelease, keys: Iterable[SigningKey]) -> bytes:
    """Return a release as a note signed by these keys; `note.join_notes` puts the signatures of several vaults together.

    Raises:
        FileError: `not-canonical` or `incomplete`, when it contradicts itself.   UsageError: `misuse`, without a key.

    Source: crypto/spec/page_release.md §1.
    """
    return sign_note(release_text(release), [(SIGNER, key) for key in keys])


def open_page_release(raw: bytes, charter: Charter) -> OpenedRelease:
    """Verify a release by a charter that was verified.

    Args:
        raw: the note.
        charter: whose release keys count.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`; `incomplete`, when the index or the one-file edition is not among the files.
        PeerError: `charter`, when it names no release keys; `signature`; `root`, when it is another organisation's.

    Source: crypto/spec/page_release.md §3.
    """
    needed = signatures_needed(charter)
    keys = [NoteKey(SIGNER, unb64url(key, 32)) for key in charter.release_keys]
    text = open_note(raw, keys, threshold=needed, limit=MAX_RELEASE)
    release = read_document(text, KIND, PageRelease)
    if release.root != charter.root:
        raise PeerError(Failure.ROOT, "this release is of another organisation")
    _check_consistency(release)
    return OpenedRelease(release, text, text_hash(text))


def check_release_floor(opened: OpenedRelease, number: int, sha256: str) -> None:
    """Check that a release is not older than one that is known to exist.

    Args:
        opened: the release that came.
        number: of the one that is known.
        sha256: of its text.

    Raises:
        PeerError: `rollback` for a lower number; `equivocation` for the same number with another text.

    Source: crypto/spec/page_release.md §4.
    """
    if opened.release.number < number:
        raise PeerError(Failure.ROLLBACK, f"release {number} exists, and this is number {opened.release.number}")
    if opened.release.number == number and opened.sha256 != sha256:
        raise PeerError(Failure.EQUIVOCATION, "two releases have the same number")


def file_changes(before: Sequence[PageFile], now: Sequence[PageFile]) -> FileChanges:
    """Return by which paths `now` differs from `before`."""
    old, new = ({file.path: file for file in files} for files in (before, now))
    return FileChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(path for path in old.keys() & new.keys() if old[path] != new[path])),
    )
