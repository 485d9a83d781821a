# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person should know of the organisation before writing to it: an emergency, and voices that have not been seen.

Rules of this file: it says and never stops: whether to wait is for the person to decide.

Source: crypto/spec/charter.md §6; crypto/spec/edition.md §3.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from corncrake_crypto.charter import EMERGENCY_DAYS, tells_emergency
from corncrake_crypto.edition import unseen_voices
from corncrake_crypto.encoding import day_text
from corncrake_reporter.messages import Tongue, message

if TYPE_CHECKING:
    from corncrake_crypto.edition import Unseen
    from corncrake_reporter.visit import Visit


def _unseen(papers: Visit) -> tuple[Unseen, ...]:
    """Return the voices that have not been seen lately, where others have; when none has, that is said in another way."""
    if papers.presence.quiet:
        return ()
    return unseen_voices(papers.charter, papers.desk.id, (board.head for board in papers.boards), papers.presence.today)


def notices(papers: Visit, tongue: Tongue) -> list[str]:
    """Return what to say, one paragraph each."""
    charter, said = papers.charter.charter, list[str]()
    if tells_emergency(charter, papers.presence.today):
        said.append(message(tongue, "emergency", day=charter.issued + timedelta(days=EMERGENCY_DAYS - 1)))
    unseen = _unseen(papers)
    said += [message(tongue, "unseen" if one.last_seen else "unseen_never", name=one.reviewer, day=one.last_seen) for one in unseen]
    if unseen:
        said.append(message(tongue, "unseen_hint"))
    return said


def notice_fields(papers: Visit) -> dict[str, Any]:
    """Return the same for programs."""
    unseen = [{"reviewer": one.reviewer, "last_seen": day_text(one.last_seen) if one.last_seen else None} for one in _unseen(papers)]
    return {"emergency": tells_emergency(papers.charter.charter, papers.presence.today), "unseen": unseen}
