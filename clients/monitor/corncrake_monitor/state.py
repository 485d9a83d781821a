# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a monitor remembers, in one small file: how far it has seen each log, what it has cosigned, the newest charter, and what it has found.

Rules of this file: it is replaced whole and synced, under a lock, so that `watch` and `serve` may run side by side. Neither head ever goes
backwards: a smaller one never replaces a larger one. What was found against a log stays until a person takes it out.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta
from msgspec.structs import replace

from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.fields import Bytes32, Day, Hash, Id, LogHead, LogOrigin, Natural, Positive, Root, Wire
from corncrake_monitor.files import held, write_whole

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

MAX_STATE: Final = 8 << 20
MOST_FOUND: Final = 256
MOST_CHARTERS: Final = 1_024
SHORT: Final = 16_384
"""Characters of a reviewer's note that is kept."""
_Text = Annotated[str, Meta(max_length=1 << 20)]
_Short = Annotated[str, Meta(max_length=SHORT)]


class Seen(Wire, frozen=True, kw_only=True):
    """How far one log was seen: its newest head as a note, and the frontier there, hex; see `merkle.Frontier`."""

    origin: LogOrigin
    note: _Text
    frontier: Annotated[str, Meta(max_length=4_096)]


class Cosigned(Wire, frozen=True, kw_only=True):
    """The last head of one log that this witness was asked for and has cosigned, as it was brought."""

    head: LogHead
    note: _Text


class LetIn(Wire, frozen=True, kw_only=True):
    """That a charter let somebody in without consent: its own day, whom (nobody where no charter before it was known), and whether it is silent."""

    issued: Day
    readers: _Short
    silent: bool = False


class CharterSeen(Wire, frozen=True, kw_only=True):
    """A charter that was checked: its sequence, the hash of its text, whether its leaf was found in the log, and since when it is known."""

    sequence: Positive
    sha256: Hash
    logged: bool = False
    since: Day
    let_in: LetIn | None = None


class EditionSeen(Wire, frozen=True, kw_only=True):
    """The newest edition of a voice, and its head as a note unless that is long: to show with another of the same number."""

    desk: Id
    reviewer: Id
    number: Positive
    sha256: Hash
    note: _Short | None = None


class PrekeySeen(Wire, frozen=True, kw_only=True):
    """The newest prekey of a reviewer for an epoch, and its note."""

    reviewer: Id
    epoch: Natural
    number: Positive
    sha256: Hash
    note: _Short | None = None


class PageSeen(Wire, frozen=True, kw_only=True):
    """The newest page release: its number, the hash of its text, and whether its leaf was found in the log."""

    number: Positive
    sha256: Hash
    logged: bool = False
    since: Day


class Kept(Wire, frozen=True, kw_only=True):
    """What was found against the log or the organisation and does not pass: the word, the sentence, the day, and the file of evidence."""

    word: Annotated[str, Meta(max_length=64)]
    says: Annotated[str, Meta(max_length=2_000)]
    day: Day
    evidence: Annotated[str, Meta(max_length=255)] | None = None


class State(Wire, frozen=True, kw_only=True):
    """A monitor's memory.

    Attributes:
        root: the pinned organisation.
        witness: the public key that cosigns by this state; None when none does.
        charter: the newest charter, a note.
        stray: hashes of charters that stand in the newest log and that the server has not shown.
        settled: those of them that a person has dealt with; one that is shown later stands in the log all the same.
        looked: the day of the last whole pass.
        release_leaf: hash of the newest page release that any log of the organisation was seen to have.
    """

    root: Root | None = None
    witness: Bytes32 | None = None
    charter: _Text | None = None
    looked: Day | None = None
    seen: tuple[Seen, ...] = ()
    cosigned: tuple[Cosigned, ...] = ()
    charters: Annotated[tuple[CharterSeen, ...], Meta(max_length=MOST_CHARTERS)] = ()
    stray: Annotated[tuple[Hash, ...], Meta(max_length=MOST_CHARTERS)] = ()
    settled: Annotated[tuple[Hash, ...], Meta(max_length=MOST_CHARTERS)] = ()
    editions: tuple[EditionSeen, ...] = ()
    prekeys: tuple[PrekeySeen, ...] = ()
    page: PageSeen | None = None
    release_leaf: Hash | None = None
    kept: Annotated[tuple[Kept, ...], Meta(max_length=MOST_FOUND)] = ()

    def seen_of(self, origin: str) -> Seen | None:
        """Return how far a log was seen."""
        return next((one for one in self.seen if one.origin == origin), None)

    def cosigned_of(self, origin: str) -> Cosigned | None:
        """Return the last head of a log that was cosigned."""
        return next((one for one in self.cosigned if one.head.origin == origin), None)

    def keeping(self, found: Kept) -> State:
        """Return the state with one thing more that was found; the same again brings at most the evidence that could not be kept before."""
        for at, one in enumerate(self.kept):
            if (one.word, one.says) == (found.word, found.says):
                whole = replace(one, evidence=one.evidence or found.evidence)
                return self if whole == one else replace(self, kept=(*self.kept[:at], whole, *self.kept[at + 1 :]))
        return replace(self, kept=(*self.kept, found)[:MOST_FOUND])

    def forgetting(self) -> State:
        """Return the state without what was found, after a person has dealt with it."""
        return replace(self, kept=(), stray=(), settled=(*self.settled, *self.stray)[-MOST_CHARTERS:])


class StateFile:
    """The file that a `State` lies in."""

    def __init__(self, path: Path) -> None:
        """Name it; nothing is read yet."""
        self.path = path

    def read(self) -> State:
        """Return what is there; an empty state where no file is.

        Raises:
            StoreError: `store`: it cannot be read or is damaged. It is never begun anew by itself: a witness that forgot would cosign twice.
        """
        try:
            raw = self.path.read_bytes() if self.path.stat().st_size <= MAX_STATE else b""
            return decode_canonical(raw, State)
        except FileNotFoundError:
            return State()
        except (OSError, CorncrakeError) as error:
            raise StoreError(Failure.STORE, f"{self.path.name} cannot be read; nothing was changed: bring it back from where it is whole") from error

    @contextmanager
    def changing(self) -> Generator[Changing]:
        """Hold the state while it changes; what is put into `Changing.state` is on the disk when the block ends, and nothing when it raises.

        Raises:
            StoreError: `store`.
        """
        with held(self.path):
            change = Changing(self.path, self.read())
            yield change
            change.save()


class Changing:
    """A state that is held: replace `state` to change it."""

    def __init__(self, path: Path, state: State) -> None:
        """Begin with what is there."""
        self._path = path
        self._written = state
        self.state = state

    def save(self) -> None:
        """Put the state on the disk now, if it has changed: it is there when this returns.

        Raises:
            StoreError: `store`: the old one stands.
        """
        if self.state is not self._written:
            raw = canonical(self.state)
            if len(raw) > MAX_STATE:
                raise StoreError(
                    Failure.STORE, f"what was seen has no room in {self._path.name}, which stays as it was: the organisation signs too much"
                )
            write_whole(self._path, raw)
            self._written = self.state
