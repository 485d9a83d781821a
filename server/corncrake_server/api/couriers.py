# SPDX-License-Identifier: AGPL-3.0-or-later
"""What couriers fetch and bring; every request here is signed by one that the charter names."""

import asyncio
import hashlib
import re
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, put
from litestar.response import Stream

from corncrake_crypto.deletion import write_deletions
from corncrake_crypto.encoding import canonical
from corncrake_crypto.errors import Failure
from corncrake_crypto.receipt import Opening
from corncrake_server.api.bodies import stated_length
from corncrake_server.api.ranges import asked_span
from corncrake_server.api.state import rooms, services
from corncrake_server.ports.log import Leaf
from corncrake_server.refusals import NotHere, TooLarge, Unsigned
from corncrake_server.services.intake import receipt_of
from corncrake_server.settings import MOST_PARCEL

AnyRequest = Request[Any, Any, Any]
_BYTES = "application/octet-stream"
_EMPTY = hashlib.sha256(b"").digest()
_REPORT = re.compile(r"[0-9a-f]{64}")
_MOST_PENDING = 10_000
_MOST_NUMBER = 1 << 53


async def _admit(request: AnyRequest) -> bytes:
    """Check the courier's signature; return the SHA-256 that the body must have."""
    path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    headers = {name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers}
    return await services(request).couriers.admit(request.method, path, query, headers)


async def _admit_without_body(request: AnyRequest) -> None:
    if await _admit(request) != _EMPTY:
        raise Unsigned(Failure.SIGNATURE, "the signed digest is not that of an empty body")


class Notes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signed notes."""

    notes: list[str]


class Openings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What opens commitments."""

    openings: list[Opening]


@get("/v1/courier/pending")
async def get_pending(request: AnyRequest) -> Response[bytes]:
    """Receipts of reports that no signed head includes yet, at most 10,000."""
    await _admit_without_body(request)
    here = services(request)
    promises = await here.reports.unpublished(_MOST_PENDING)
    # Ten thousand signatures take half a second: beside the loop, so that no reporter waits for a courier.
    key = await here.intake.log_key()
    notes = await asyncio.to_thread(lambda: canonical(Notes(notes=[receipt_of(p, key).decode() for p in promises])))
    return Response(notes, media_type=MediaType.JSON)


def _opening(leaf: Leaf) -> Opening | None:
    if leaf.day is None or leaf.salt is None:
        return None
    kind = "dummy" if leaf.report is None else "report"
    return Opening(index=leaf.index, kind=kind, day=leaf.day, salt=leaf.salt, desk=leaf.desk, id=leaf.report)


@get("/v1/courier/openings")
async def get_openings(request: AnyRequest, start: int, end: int) -> Response[bytes]:
    """What opens the commitments among leaves start ≤ index < end; public leaves have none."""
    await _admit_without_body(request)
    leaves = await services(request).log_reader.leaves(start, end)
    openings = Openings(openings=[opening for opening in map(_opening, leaves) if opening is not None])
    return Response(await asyncio.to_thread(canonical, openings), media_type=MediaType.JSON)


@get("/v1/courier/reports/{report:str}")
async def get_report(request: AnyRequest, report: str) -> Response[bytes]:
    """A sealed report."""
    await _admit_without_body(request)
    body = await services(request).reports.body(report) if _REPORT.fullmatch(report) else None
    if body is None:
        raise NotHere("there is no such report")
    return Response(body, media_type=_BYTES)


@get("/v1/courier/deletions")
async def get_deletions(request: AnyRequest, start: int) -> Response[bytes]:
    """Which reports were deleted, and on whose acknowledgement: from number `start` on, which count from 1, at most 10,000."""
    await _admit_without_body(request)
    deletions = await services(request).retention.deletions(start) if 0 < start < _MOST_NUMBER else ()
    return Response(await asyncio.to_thread(write_deletions, deletions), media_type=MediaType.JSON)


@get("/v1/courier/acknowledgements/{reviewer:str}/{number:int}", media_type=MediaType.TEXT)
async def get_acknowledgement(request: AnyRequest, reviewer: str, number: int) -> Response[bytes]:
    """A reviewer's acknowledgement: the newest, or one on which a deletion rests."""
    await _admit_without_body(request)
    note = await services(request).retention.acknowledgement(reviewer, number) if 0 < number < _MOST_NUMBER else None
    if note is None:
        raise NotHere("there is no such acknowledgement")
    return Response(note, media_type=MediaType.TEXT)


@get("/v1/blocks/{block:str}")
async def get_block(request: AnyRequest, block: str) -> Stream:
    """A sealed block, or one range of its bytes: 206; 416 when it has none of them. Of several ranges at once, the whole block."""
    await _admit_without_body(request)
    shelf = services(request).blocks
    span = asked_span(request, await shelf.size(block))
    pieces = await shelf.read(block, span.start, span.stop)
    return Stream(pieces, media_type=_BYTES, status_code=span.status, headers=span.headers)


@put("/v1/courier/inbox/{reviewer:str}/{number:int}", request_max_body_size=None)
async def put_parcel(request: AnyRequest, reviewer: str, number: int) -> Response[bytes]:
    """Apply a reviewer's outbound parcel, whole or not at all. 201 when it is applied, 200 when it was before."""
    length = stated_length(request)
    if length > MOST_PARCEL:
        raise TooLarge(MOST_PARCEL)
    digest = await _admit(request)
    async with rooms(request).parcels.pieces(request, length) as pieces:
        new = await services(request).inbox.receive(reviewer, number, digest, length, pieces)
    return Response(b"", status_code=201 if new else 200, media_type=MediaType.TEXT)
