# SPDX-License-Identifier: AGPL-3.0-or-later
"""One pass: charter, log, what others have seen, editions and weekly keys, the page; then what was learnt is remembered.

Rules of this file: the order of looks is the order of trust: who may sign, what was signed, what others saw of it. A look that finds something
does not stop the next. What lasts is written down when it is found: a line that breaks ends the pass, and who is found out may keep back the rest
until somebody ends the program. Heads are remembered by whole passes only.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError, UsageError
from corncrake_crypto.page_release import KIND as PAGE_RELEASE
from corncrake_monitor.charters import Known, log_key, look_at_charters, look_at_leaves
from corncrake_monitor.comparing import Word, compare, fetch_word, word_of
from corncrake_monitor.documents import look_at_editions, look_at_prekeys
from corncrake_monitor.findings import Finding, Looking
from corncrake_monitor.growth import follow
from corncrake_monitor.releases import look_at_page, newest_leaf
from corncrake_monitor.state import Kept, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from corncrake_monitor.growth import Followed
    from corncrake_monitor.server import Server
    from corncrake_monitor.state import StateFile


_LEARNT: Final = ("charter", "charters", "stray", "editions", "prekeys", "page", "release_leaf", "looked")
"""What a pass learns, apart from the head."""


@dataclass(frozen=True)
class Outcome:
    """What a pass came to.

    Attributes:
        looked: whether it came to its end and was remembered; False: the line broke, or the disk is full.
        found: what is not well, of this pass.
        kept: what was found before and stays.
        size: leaves of the log, and its day; None when there was no log to believe.
    """

    looked: bool
    found: tuple[Finding, ...]
    kept: tuple[Kept, ...]
    size: int | None = None
    day: date | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong, now or before."""
        return self.looked and not self.found and not self.kept

    @property
    def has_learnt_nothing(self) -> bool:
        """Whether it did not come to its end, and that is all that is wrong."""
        return not self.looked and not self.kept and all(one.word == Failure.STORE.value for one in self.found)


def look(  # noqa: PLR0913 - what a pass goes by, each of it once
    server: Server,
    file: StateFile,
    root: str,
    today: date,
    *,
    folder: Path,
    others: Sequence[str] = (),
    patience: float,
    progress: Callable[[str], None],
) -> Outcome:
    """Look at a server once, and remember what was learnt.

    Args:
        server: to look at.
        file: of the state.
        root: the pinned organisation, 52 characters.
        today: by this machine's clock.
        folder: for evidence.
        others: files or addresses with what others have seen of the log.
        patience: seconds for an answer of these.
        progress: told how far it is.

    Raises:
        UsageError: `misuse`: the state is of another organisation.   StoreError: `store`: the state cannot be read or written.
    """
    state = file.read()
    if state.root not in {None, root}:
        raise _other_organisation()
    looking = Looking(server, parse_root(root), today, replace(state, root=root), folder, progress, partial(_write, file, root, today))
    learnt, followed, looked = None, None, True
    try:
        learnt, followed = _look(looking, others, patience)
    except StoreError as error:
        looking.found.append(_broken(error))
        looked = False
    try:
        kept = _remember(file, looking, learnt, followed)
    except StoreError as error:
        # What was found is told, though it cannot be written down.
        looking.found.append(_broken(error))
        kept, looked = state.kept, False
    head = None if followed is None else followed.head
    size, day = (None, None) if head is None else (head.size, head.day)
    return Outcome(looked=looked, found=tuple(looking.found), kept=kept, size=size, day=day)


def _write(file: StateFile, root: str, today: date, found: Finding) -> None:
    """Write down at once what lasts. Where that cannot be, the end of the pass tries again, and says so."""
    with suppress(StoreError), file.changing() as change:
        if change.state.root in {None, root}:
            change.state = replace(change.state, root=root).keeping(_kept(found, today))


def _kept(found: Finding, today: date) -> Kept:
    return Kept(word=found.word, says=found.says, day=today, evidence=found.evidence)


def _broken(error: StoreError) -> Finding:
    return Finding(error.failure.value, error.detail)


def _look(looking: Looking, others: Sequence[str], patience: float) -> tuple[State, Followed | None]:
    state = looking.state
    charter, charters = look_at_charters(looking)
    if charter is None:
        return state, None
    opened, stray = charter.opened, state.stray
    followed = follow(looking, opened.charter)
    if followed is not None:
        charters, stray = look_at_leaves(looking, charters, _charter_leaves(state, followed), followed.head.day)
    editions, words = look_at_editions(looking, opened)
    prekeys = look_at_prekeys(looking, opened)
    if followed is not None:
        _compare(looking, followed, charter, words, others, patience)
    leaves, day = ((), None) if followed is None else (followed.public.get(PAGE_RELEASE, ()), followed.head.day)
    page = look_at_page(looking, opened.charter, leaves, day)
    learnt = replace(
        state,
        charter=charter.note.decode(),
        charters=charters,
        stray=stray,
        editions=editions,
        prekeys=prekeys,
        page=page,
        release_leaf=newest_leaf(looking, leaves),
        looked=looking.today,
    )
    return learnt, followed


def _charter_leaves(state: State, followed: Followed) -> list[str]:
    """Return the hashes of charters in the log that are to be accounted for: those of earlier passes that were not, and the new ones."""
    # A next log holds the charter in force only, and its server may have lost others.
    before = state.stray if state.seen_of(followed.head.origin) is not None else ()
    return list(dict.fromkeys((*before, *followed.public.get(CHARTER, ()))))


def _compare(looking: Looking, followed: Followed, charter: Known, words: Sequence[Word], others: Sequence[str], patience: float) -> None:  # noqa: PLR0913, PLR0917 - all that is compared
    """Compare with what reviewers, this monitor's own witness, and others have seen."""
    origin, key = log_key(charter.opened.charter)
    said = list(words)
    if (own := looking.state.cosigned_of(origin)) is not None:
        note = own.note.encode()
        said.append(word_of("the log itself, which asked this witness,", open_checkpoint(note, origin, key), note))
    for place in others:
        try:
            said.append(fetch_word(place, origin, key, patience))
        except CorncrakeError as error:
            looking.find_error(error, f"nothing could be compared with {place}")
    for word in said:
        compare(looking, followed, charter.opened.charter, word)


def _remember(file: StateFile, looking: Looking, learnt: State | None, followed: Followed | None) -> tuple[Kept, ...]:
    """Write what was learnt, unless another pass has written meanwhile; what was found is written in any case. Return what stays.

    Half of a pass is never remembered: each goes on from where one has ended, or what both have seen would be taken for missing in one.

    Raises:
        UsageError: `misuse`: the state has become another organisation's.   StoreError: `store`.
    """
    with file.changing() as change:
        now = change.state
        if now.root not in {None, looking.state.root}:
            raise _other_organisation()
        if learnt is not None and all(getattr(now, name) == getattr(looking.state, name) for name in (*_LEARNT, "seen")):
            now = replace(now, **{name: getattr(learnt, name) for name in _LEARNT})
            if followed is not None:
                now = _with_head(now, followed)
        now = replace(now, root=looking.state.root)
        for found in looking.found:
            if found.lasts:
                now = now.keeping(_kept(found, looking.today))
        change.state = now
        return now.kept


def _other_organisation() -> UsageError:
    return UsageError(Failure.MISUSE, "this state watches another organisation: name another file with --state")


def _with_head(state: State, followed: Followed) -> State:
    """Return the state with a head, unless one of a later day is there."""
    head, before = followed.head, state.seen_of(followed.head.origin)
    if before is not None:
        lines = before.note.split("\n")
        if (int(lines[1]), lines[3]) > (head.size, f"day {head.day.isoformat()}"):
            return state
    return replace(state, seen=(*(one for one in state.seen if one.origin != head.origin), followed.seen))
