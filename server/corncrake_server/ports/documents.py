# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers and the organisation signed, as a server keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class CharterNote:
    """The newest charter."""

    sequence: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class ReleaseNote:
    """The newest page release."""

    number: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class PrekeyNote:
    """The prekey of one reviewer for one epoch."""

    reviewer: str
    epoch: int
    number: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class EditionNote:
    """The head of a voice's newest edition."""

    desk: str
    reviewer: str
    number: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class EditionTile:
    """One reply tile of an edition."""

    desk: str
    reviewer: str
    number: int
    bucket: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AcknowledgementNote:
    """What a reviewer's vault has: replaces what that identity said before.

    Attributes:
        identity: the key that signed it, base64url.
        size: leaves of the log that its reviewer had seen; of reports beyond them it says nothing.
        reports, aside: ids, opened and kept sealed.
        day: of the newest head, `YYYY-MM-DD`; None when there is none.
    """

    reviewer: str
    identity: str
    number: int
    size: int
    reports: Sequence[str]
    aside: Sequence[str]
    day: str | None
    note: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HoldNote:
    """A legal hold: replaces what its holder held before. `holder`: a reviewer's id, or `""` for the organisation."""

    holder: str
    number: int
    note: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """What is here of a holder.

    Attributes:
        last: the newest hold.
        desks, reports: ids of what it holds; none when the organisation has overruled it.
    """

    last: HoldNote
    desks: Collection[str]
    reports: Collection[str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What an outbound parcel, or an operator, changes; all of it or nothing.

    Attributes:
        parcel: reviewer, number and SHA-256 (hex) of the parcel; None when an operator brings a charter.
        editions: new heads; each replaces the older one of its desk and reviewer, whose tiles go at once.
        tiles: the tiles of `editions`, read once, while the transaction is open; an error in it undoes everything.
        holds: legal holds; the same again changes nothing, and an older one of the organisation's is passed over.
        wanted: ids of the blocks that the parcel's reviewer waits for now, instead of those named before; None: no change.
        release: a newer page release, or the newest one with other signatures.
        by: the sequence of the charter in force by which all of it was checked, 0 when there was none; None: it is the same by any.
        entries: log entries of the public documents among these, for the next publication.
    """

    parcel: tuple[str, int, str] | None = None
    charter: CharterNote | None = None
    release: ReleaseNote | None = None
    forms: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    prekeys: Sequence[PrekeyNote] = ()
    editions: Sequence[EditionNote] = ()
    tiles: Iterator[EditionTile] | None = None
    acknowledgement: AcknowledgementNote | None = None
    holds: Sequence[HoldNote] = ()
    wanted: Sequence[str] | None = None
    entries: Sequence[bytes] = ()
    by: int | None = None


class Documents(Protocol):
    """What reviewers and the organisation signed."""

    async def charter(self) -> CharterNote | None:
        """Return the charter with the highest sequence."""
        ...

    async def charter_of(self, sequence: int) -> CharterNote | None:
        """Return the charter with this sequence, also when newer ones are here."""
        ...

    async def charter_before(self, sequence: int) -> CharterNote | None:
        """Return the charter with the highest sequence below this one."""
        ...

    async def release(self) -> ReleaseNote | None:
        """Return the page release with the highest number."""
        ...

    async def form(self, sha256: str) -> bytes | None:
        """Return a form by its hash."""
        ...

    async def prekeys(self, epoch: int) -> Sequence[PrekeyNote]:
        """Return the newest prekey of each reviewer for `epoch`."""
        ...

    async def heads(self, desk: str) -> Sequence[EditionNote]:
        """Return the newest head of each reviewer of `desk`."""
        ...

    async def edition_tile(self, desk: str, reviewer: str, number: int, bucket: int) -> bytes | None:
        """Return one tile of a newest edition."""
        ...

    async def last_parcel(self, reviewer: str, number: int) -> tuple[int, str | None]:
        """Return the highest number applied of a reviewer (0: none), and the hash applied under `number`, if any."""
        ...

    async def apply(self, changes: Changes) -> None:
        """Apply all of `changes` in one transaction. A charter that names another log than the one before begins that log: see `Log`.

        Raises:
            StoreError: `store`, also when another charter than `by` says has come into force meanwhile: it is checked anew when it is brought again.
            PeerError: `equivocation` or `repeated`, when another process was faster with the same number; `repeated`, when the acknowledgement or a
                reviewer's hold is not newer than the last; `equivocation`, when it is another hold of the same number.
        """
        ...

    async def wanted(self, blocks: Collection[str], reviewers: Collection[str]) -> Sequence[str]:
        """Return those of `blocks`, at most 1,000, that one of `reviewers` waits for."""
        ...

    async def desks_of(self, reports: Collection[str]) -> set[str]:
        """Return the desks of those of these reports that are here."""
        ...

    async def held_by(self, holder: str) -> Held | None:
        """Return what a reviewer, or for `""` the organisation, holds; None before the first hold."""
        ...

    async def use_nonce(self, courier: str, nonce: str, day: str, forget_before: str) -> bool:
        """Note a nonce; False when it was noted before. Those of days before `forget_before` are dropped."""
        ...
