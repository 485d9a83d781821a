# SPDX-License-Identifier: AGPL-3.0-or-later
"""Page releases, as a monitor checks them: signed by enough, never an older one than before, in the log, and what the server gives to everybody.

Rules of this file: where a charter names no release keys there is nothing to go by, and nothing is found. A release whose leaf is not in the log
soon, and a leaf of a later release that the server does not show, are both something that is kept from somebody.

Source: crypto/spec/page_release.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.page_release import MAX_RELEASE, check_release_floor, open_page_release
from corncrake_monitor.evidence import keep_answer
from corncrake_monitor.page import compare_page
from corncrake_monitor.server import Missing
from corncrake_monitor.state import PageSeen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from corncrake_crypto.charter import Charter
    from corncrake_crypto.page_release import OpenedRelease
    from corncrake_monitor.findings import Looking

_GRACE: Final = timedelta(days=1)
"""A head signed soon after a release came need not have its leaf."""


def newest_leaf(looking: Looking, leaves: Sequence[str]) -> str | None:
    """Return the hash of the newest page release that the log has, by this pass or by an earlier one."""
    return leaves[-1] if leaves else looking.state.release_leaf


def look_at_page(looking: Looking, charter: Charter, leaves: Sequence[str], head: date | None) -> PageSeen | None:
    """Compare the page that is served with its release, and the release with the log; return the newest release known.

    Args:
        looking: the pass.
        charter: the newest one, verified.
        leaves: text hashes of the releases that the log has gained since the last pass.
        head: the day of the log's newest head; None: the log was not to be believed.

    Raises:
        StoreError: `store`: the line broke.
    """
    before = looking.state.page
    if not charter.release_keys:
        return before
    opened = _release(looking, charter, before)
    if opened is None:
        return before
    now = PageSeen(number=opened.release.number, sha256=opened.sha256, since=looking.today)
    if before is not None and before.sha256 == now.sha256:
        now = before
    now = _look_at_leaves(looking, now, leaves, head)
    for difference in compare_page(looking.server.origin, opened.release, uds=looking.server.uds, patience=looking.server.patience):
        looking.find(Failure.ALTERED, f"the page: {difference}", keep_answer(looking.folder, difference.came) if difference.came else None)
    return now


def _release(looking: Looking, charter: Charter, before: PageSeen | None) -> OpenedRelease | None:
    try:
        opened = open_page_release(looking.server.get("/v1/page-release", MAX_RELEASE), charter)
        if before is not None:
            check_release_floor(opened, before.number, before.sha256)
    except StoreError:
        raise
    except Missing:
        looking.find(Failure.WITHHELD, "the charter names release keys, and the server shows no page release: nobody can check its page")
        return None
    except CorncrakeError as error:
        looking.find_error(error, "the page release that the server shows")
        return None
    return opened


def _look_at_leaves(looking: Looking, now: PageSeen, leaves: Sequence[str], head: date | None) -> PageSeen:
    newest = newest_leaf(looking, leaves)
    logged = now.logged or now.sha256 in leaves or now.sha256 == newest
    if logged and newest not in {None, now.sha256}:
        looking.find(Failure.WITHHELD, f"the log has a later page release than number {now.number}, which the server shows")
    if not logged and head is not None and head > now.since + _GRACE:
        looking.find(Failure.WITHHELD, f"page release {now.number} is shown and does not stand in the log")
    return replace(now, logged=logged)
