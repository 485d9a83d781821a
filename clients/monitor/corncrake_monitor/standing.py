# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does a page release stand in the log, and is it the newest there? For whoever looks once and remembers nothing.

Rules of this file: the whole log is read, checked under its signed head, and the head must be of these days: an older one, rightly signed, would hide
what came since. What the server says in any other way counts for nothing.

Source: crypto/spec/page_release.md §4; crypto/spec/tiles.md.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.encoding import day_text, parse_root
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.page_release import KIND as PAGE_RELEASE
from corncrake_monitor.findings import Looking
from corncrake_monitor.growth import AHEAD, follow
from corncrake_monitor.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_crypto.page_release import OpenedRelease
    from corncrake_monitor.server import Server

YOUNG: Final = timedelta(days=14)
"""A release bears the day on which it was made; its signatures are gathered by hand before any server has it."""
_NOT_YET: Final = (
    "It does NOT stand in the log yet, which takes a day: look again tomorrow. Until then nobody can tell whether others are shown it too."
)


def _has_later(leaves: Sequence[str], sha256: str) -> bool:
    """Say whether another document follows this one."""
    return sha256 in leaves and any(leaf != sha256 for leaf in leaves[leaves.index(sha256) :])


def check_standing(server: Server, charter: OpenedCharter, release: OpenedRelease, today: date, progress: Callable[[str], None]) -> str:
    """Look for a release in the log of its charter; return a line for a person.

    Args:
        server: that has the log.
        charter: verified.
        release: verified by it.
        today: by this machine's clock.
        progress: told how far it is.

    Raises:
        PeerError: `rollback`: the log has a later release, or a later charter; `withheld`: it has had time, and has not this one;
            `not-yet-valid`: it has not this one, which is of a day to come; `frozen` and others: the log is not to be believed.
        StoreError: `store`: the line broke.
    """
    looking = Looking(server, parse_root(charter.charter.root), today, State(), Path(), progress)
    followed = follow(looking, charter.charter)
    if looking.found:
        raise PeerError(Failure(looking.found[0].word), looking.found[0].says)
    if followed is None:
        return _NOT_YET
    head, number = followed.head, release.release.number
    releases = followed.public.get(PAGE_RELEASE, [])
    if _has_later(followed.public.get(CHARTER, []), charter.sha256):
        raise PeerError(Failure.ROLLBACK, f"the log has a later charter than number {charter.charter.sequence}, by which this release was looked at")
    if _has_later(releases, release.sha256):
        raise PeerError(Failure.ROLLBACK, f"the log has a later page release than number {number}: this one must not be used any more")
    if release.sha256 in releases:
        return f"It stands in the log, and no later one does: {head.origin}, {head.size} leaves, {day_text(head.day)}."
    if release.release.day - today > AHEAD:
        # The log would have time until then, and nobody would ever see such a page but who is given it.
        raise PeerError(Failure.NOT_YET_VALID, f"release {number}, of {day_text(release.release.day)}, a day to come, does not stand in the log")
    if head.day - release.release.day > YOUNG:
        raise PeerError(Failure.WITHHELD, f"release {number}, of {day_text(release.release.day)}, does not stand in the log: few may be shown it")
    return _NOT_YET
