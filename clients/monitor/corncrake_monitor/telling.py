# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a pass came to, as lines for a person and as JSON.

Rules of this file: a line says what is wrong, whether it is proven, and what to do next. What came from the server is never the whole line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.errors import Failure
from corncrake_monitor.findings import EMERGENCY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corncrake_monitor.watching import Outcome

_NEXT: Final = {
    Failure.FORK.value: "Somebody is shown a false log. Tell the organisation, by another way than this server, and keep the evidence.",
    Failure.SHRUNKEN.value: "The log lost what it had promised to keep. Tell the organisation, and keep the evidence.",
    Failure.EQUIVOCATION.value: "One key has signed two things where there must be one: it may be in other hands. Tell the organisation.",
    Failure.FROZEN.value: "If it goes on for days, ask the organisation whether the server is well.",
    Failure.ROLLBACK.value: "An older state is shown than before. Tell the organisation.",
    Failure.SIGNATURE.value: "Something is not signed by whom it must be. Tell the organisation.",
    Failure.ALTERED.value: "Somebody is given another page than was signed. Tell the organisation, by another way than this server.",
    Failure.TOO_FEW.value: "Too few witnesses have cosigned. If it stays so, ask the organisation and the witnesses.",
    Failure.STORE.value: "Nothing was learnt and nothing is lost. Look again later.",
    EMERGENCY: "This is shown for 30 days. Ask the organisation by another way whether it is theirs.",
}


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:2_000])


def lines_of(outcome: Outcome) -> list[str]:
    """Return what a person reads."""
    now = {(one.word, one.says) for one in outcome.found}
    lines = [_line("NOT WELL", one.word, one.says, one.evidence) for one in outcome.found]
    lines += [_line(f"NOT WELL since {one.day}", one.word, one.says, one.evidence) for one in outcome.kept if (one.word, one.says) not in now]
    lines += _advice(one.word for one in (*outcome.found, *outcome.kept))
    if outcome.size is not None:
        lines.append(f"log: {outcome.size} leaves, {outcome.day}")
    if outcome.is_well:
        lines.append("all is well")
    return lines


def _line(state: str, word: str, says: str, evidence: str | None) -> str:
    return f"{state}: {word}: {_printable(says)}" + (f" (evidence: {evidence})" if evidence else "")


def _advice(words: Iterable[str]) -> list[str]:
    return [_NEXT[word] for word in dict.fromkeys(words) if word in _NEXT]


def told(outcome: Outcome) -> dict[str, Any]:
    """Return what a program reads."""
    return {
        "well": outcome.is_well,
        "looked": outcome.looked,
        "found": [{"word": one.word, "says": one.says, "evidence": one.evidence} for one in outcome.found],
        "kept": [{"word": one.word, "says": one.says, "evidence": one.evidence, "day": one.day.isoformat()} for one in outcome.kept],
        "size": outcome.size,
        "day": None if outcome.day is None else outcome.day.isoformat(),
    }
