# SPDX-License-Identifier: AGPL-3.0-or-later
"""What kind of fault a failure word is, and what a person does about it.

Rules of this file: one entry a word, plain sentences, and never the advice to ignore. What is not listed is damage: fetch it again. What
refuses is one thing, and nothing was changed; what is only shown is another, and what came is filed.
"""

from __future__ import annotations

from typing import Final

from corncrake_crypto.errors import CorncrakeError, Failure, UsageError

_DAMAGE: Final = (
    "The file is damaged, or of another kind than this command takes. Nothing was changed. Copy it again; a parcel that stays so is pulled again."
)
_FORGED: Final = (
    "This was signed by nobody who may, or for somebody else. Nothing was changed. Keep the parcel, use another courier or machine,"
    " and tell the organisation."
)
_LOG: Final = (
    "The server's log is not the one that this vault has followed: a fault of the server or an attack. Nothing was changed. Keep the parcel, tell the"
    " organisation and the other reviewers, and compare with their vaults."
)

ADVICE: Final[dict[Failure, str]] = {
    Failure.SHORTENED: "The parcel is cut short. Nothing was changed. Copy it again, and check that the stick has room.",
    Failure.ALTERED: (
        "A part of the parcel was changed after it was made. Nothing was changed here. Copy it again; if it stays, pull it by another courier."
    ),
    Failure.REPEATED: "Nothing was changed, nothing is double. Import a newer parcel.",
    Failure.RANGE: ("A parcel before this one is missing. Nothing was changed. Import that one first, or pull again with --from 0."),
    Failure.TOO_FEW: (
        "Too few witnesses have cosigned the log's head. Nothing was changed, nothing is lost. Pull again in some hours; if it stays so, ask the "
        "witnesses, or sign a charter that names others."
    ),
    Failure.SHRUNKEN: _LOG,
    Failure.FORK: _LOG,
    Failure.EQUIVOCATION: _LOG,
    Failure.SIGNATURE: (
        "A signature that is needed is wrong or not there. Nothing was changed. A charter that lets somebody in waits for countersignatures"
        " ('countersign FILE'); anything else was signed by nobody who may: keep it, use another courier or machine, and tell the organisation."
    ),
    Failure.ROOT: _FORGED,
    Failure.SUCCESSION: _FORGED,
    Failure.ORIGIN: _FORGED,
    Failure.ROLLBACK: (
        "A reviewer has seen a newer charter than the parcel and this vault have. Nothing was changed. Get the newest charter from the organisation,"
        " give it to this vault with 'charter FILE', and import again; and tell the organisation that the server gives an old one."
    ),
    Failure.EXPIRED: (
        "The newest charter that this vault has has run out. Nothing is lost. The organisation signs a new one: give it to this vault with"
        " 'charter FILE', then import the same parcel again; export, and let the courier push it, so that the server has it too."
    ),
    Failure.NOT_YET_VALID: "It is of a day that has not come, by this machine. Nothing was changed. Set the clock, then again.",
    Failure.CHARTER: "The charter contradicts itself or this vault. Nothing was changed. Ask the organisation.",
    Failure.DESK: "It names a desk or reviewer that the charter does not. Nothing was changed. Pull again; if it stays, tell the organisation.",
}

SHOWN: Final[dict[Failure, str]] = {
    Failure.WITHHELD: (
        "The server or the courier holds something back. What came is filed. Pull again from the beginning ('pull --from 0'),"
        " by another courier if it stays, and tell the organisation."
    ),
    Failure.FROZEN: "No newer head of the log has come. The server may have stopped, or somebody holds it back. Pull again; ask the operator.",
    Failure.FORK: (
        "This vault's own log is sound, and what came is filed. Compare with that reviewer in person ('status' shows the log of each)."
        " Tell the organisation."
    ),
    Failure.EQUIVOCATION: "Two things were signed of which there may be one. What came is filed. Keep the parcel, and tell the organisation.",
    Failure.ROLLBACK: (
        "The server goes on giving an old charter. What came was read by the newest one here and is filed. Pull again; if it stays,"
        " tell the organisation."
    ),
    Failure.BLOCK: (
        "The server, the courier or the reporter's own device gave other bytes than the report says. Nothing that was good is lost. Export,"
        " push, pull and import; if it stays, by another courier."
    ),
    Failure.NOT_YET_VALID: (
        "What came is filed. Compare this machine's clock with another one; if it is right, tell the organisation about the server's."
    ),
    Failure.INCOMPLETE: "Some blocks are not here yet. Export, push, pull and import; then save again.",
}
_SAID: Final = "What came is filed. Somebody gave something that is not good: pull again, and if it stays, tell the organisation."

_DAMAGED: Final = frozenset(
    {
        Failure.ARCHIVE,
        Failure.ENCODING,
        Failure.JSON,
        Failure.NOT_CANONICAL,
        Failure.SIZE,
        Failure.KIND,
        Failure.NOTE,
        Failure.PAYLOAD,
        Failure.HEADER,
    }
)


def advice_for(error: CorncrakeError) -> str | None:
    """Return what to do about a refusal, or None when its own sentence says all: as where a person asked for what cannot be."""
    if isinstance(error, UsageError):
        return None
    return ADVICE.get(error.failure, _DAMAGE if error.failure in _DAMAGED else None)


def advice_for_shown(failure: Failure) -> str:
    """Return what to do about a fault that is shown while the rest was done."""
    return SHOWN.get(failure, _SAID)
