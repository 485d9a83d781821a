# SPDX-License-Identifier: AGPL-3.0-or-later
"""The changes that an organisation makes to its charter: who reads, who carries, until when. Values in, values out.

Rules of this file: one change, one function; what it leaves alone stays as it is. An id that ever belonged to another key is not given
again: numbers of editions and keys count up under an id, and somebody may still hold the old ones.

Source: crypto/spec/charter.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from corncrake_crypto.charter import Charter, Courier, Desk, Log, Recovery, Reviewer
from corncrake_crypto.checkpoint import comes_after
from corncrake_crypto.encoding import day_text, decode_canonical, unb64url
from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.fields import Bytes32, Id, Wire
from corncrake_vault.recovery.keys import KEPT_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

REQUEST_MAX: Final = 4_096
"""Bytes of what a reviewer's vault or a courier hands to the organisation."""


class Request(Wire, frozen=True, kw_only=True):
    """Who would like to stand in the charter: an id, and the public key that was made for it."""

    id: Id
    key: Bytes32


def read_request(raw: bytes) -> Request:
    """Read what a reviewer's vault ('identity --out') or a courier ('keygen') has written.

    Raises:
        UsageError: `misuse`, when it is not that.
    """
    try:
        return decode_canonical(raw.rstrip(b"\n"), Request)
    except FileError as error:
        raise _refused("this names nobody: an id has a-z, 0-9 and dashes, a public key 43 characters; give the file or the key anew") from error


def _refused(detail: str) -> UsageError:
    return UsageError(Failure.MISUSE, f"{detail}; nothing was changed")


def _with_desk(charter: Charter, desk: Desk) -> Charter:
    return replace(charter, desks=tuple(desk if one.id == desk.id else one for one in charter.desks))


def find_desk(charter: Charter, desk: str) -> Desk:
    """Return a desk.

    Raises:
        UsageError: `misuse`, when there is none of this id.
    """
    found = next((one for one in charter.desks if one.id == desk), None)
    if found is None:
        raise _refused(f"there is no desk {desk}; there are {', '.join(one.id for one in charter.desks)}")
    return found


def enrol(charter: Charter, past: Iterable[Charter], desk: str, request: Request, *, voice: bool) -> Charter:
    """Return the charter with a reviewer more at a desk.

    Args:
        charter: the newest.
        past: all that were ever signed.
        desk: where they read.
        request: who they are.
        voice: whether they answer too.

    Raises:
        UsageError: `misuse`: no such desk, they read there already, or the id belonged to another key.
    """
    place = find_desk(charter, desk)
    for one in past:
        for reviewer in (reviewer for desk in one.desks for reviewer in desk.reviewers):
            if reviewer.id == request.id and reviewer.identity != request.key:
                raise _refused(f"the id {request.id} has belonged to another key; make the new vault with another id, as {request.id}-2")
    if request.id in {one.id for one in place.reviewers}:
        raise _refused(f"by the charter that was signed last, {request.id} reads at {desk} already ('organisation again' writes it once more)")
    voices = (*place.voices, request.id) if voice else place.voices
    return _with_desk(charter, replace(place, reviewers=(*place.reviewers, Reviewer(id=request.id, identity=request.key)), voices=voices))


def remove_reviewer(charter: Charter, reviewer: str, least: int | None = None) -> Charter:
    """Return the charter without a reviewer, at any desk; `least` is the new `min` of desks that would be left with fewer.

    Raises:
        UsageError: `misuse`: there is no such reviewer, or a desk would be left without reader, voice, or as many as it demands.
    """
    if reviewer not in {one.id for desk in charter.desks for one in desk.reviewers}:
        raise _refused(f"the charter names no reviewer {reviewer}")
    for desk in charter.desks:
        if reviewer not in {one.id for one in desk.reviewers}:
            continue
        left = tuple(one for one in desk.reviewers if one.id != reviewer)
        voices = tuple(one for one in desk.voices if one != reviewer)
        if not left or not voices:
            raise _refused(f"{reviewer} is the last {'reader' if not left else 'voice'} of the desk {desk.id}: enrol another one first")
        needed = least if desk.min > len(left) and least is not None else desk.min
        if needed > len(left):
            raise _refused(f"the desk {desk.id} demands {desk.min} readers and would have {len(left)}: enrol another one first, or say --min")
        charter = _with_desk(charter, replace(desk, reviewers=left, voices=voices, min=needed))
    return charter


def add_courier(charter: Charter, request: Request) -> Charter:
    """Return the charter with a courier more.

    Raises:
        UsageError: `misuse`: there is one of this id.
    """
    if request.id in {one.id for one in charter.couriers}:
        raise _refused(f"there is a courier {request.id} already; remove that one first")
    return replace(charter, couriers=(*charter.couriers, Courier(id=request.id, key=request.key)))


def remove_courier(charter: Charter, courier: str) -> Charter:
    """Return the charter without a courier.

    Raises:
        UsageError: `misuse`: there is none of this id.
    """
    if courier not in {one.id for one in charter.couriers}:
        raise _refused(f"the charter names no courier {courier}")
    return replace(charter, couriers=tuple(one for one in charter.couriers if one.id != courier))


def begin_log(charter: Charter, origin: str, key: str) -> Charter:
    """Return the charter with the next log of its server.

    Args:
        charter: the newest.
        origin: the log's origin line, as the server says it.
        key: its public key, 43 characters.

    Raises:
        UsageError: `misuse`: no such log may follow the present one, or the key is not one.
    """
    try:
        unb64url(key, 32)
    except FileError as error:
        raise _refused("a log's key has 43 characters, as 'corncrake-server new-log' prints them") from error
    if not comes_after(origin, charter.log.origin) or key == charter.log.key:
        raise _refused(f"the log {charter.log.origin} is followed by one of a higher number and another key, and not by {origin}")
    return replace(charter, log=Log(origin=origin, key=key))


def add_recovery(charter: Charter, desk: str, entry: Recovery, today: date, *, replacing: bool = False) -> Charter:
    """Return the charter with a desk's recovery key for a quarter; those whose paper's time is over leave it.

    A key that nobody seals to any longer stays for as long as its paper may be needed: a new vault learns from the charter what paper belongs to.
    One that is replaced goes, since a quarter has one key.

    Raises:
        UsageError: `misuse`: no such desk; it has one for this quarter, or none to replace; the quarter is over.
    """
    place = find_desk(charter, desk)
    if entry.not_after < today:
        raise _refused(f"the quarter {entry.quarter} is over, and nothing is sealed to its keys any more: it is {day_text(today)} here")
    kept = tuple(one for one in place.recovery or () if one.not_after + KEPT_AFTER >= today)
    there = entry.quarter in {one.quarter for one in kept}
    if there and not replacing:
        raise _refused(f"the desk {desk} has a recovery key for {entry.quarter} already; --replace makes another one in its place")
    if replacing and not there:
        raise _refused(f"the desk {desk} has no recovery key for {entry.quarter} to replace")
    others = tuple(one for one in kept if one.quarter != entry.quarter)
    return _with_desk(charter, replace(place, recovery=(*others, entry)))
