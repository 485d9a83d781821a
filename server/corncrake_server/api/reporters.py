# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reporter's device asks for and sends."""

import re
from typing import Any

from litestar import MediaType, Request, Response, get, head, post, put

from corncrake_crypto.errors import Failure
from corncrake_crypto.note import write_bundle
from corncrake_server.api.bodies import stated_digest, stated_length, stated_stamp
from corncrake_server.api.state import rooms, services
from corncrake_server.refusals import NotHere

AnyRequest = Request[Any, Any, Any]
_BYTES = "application/octet-stream"
_HASH = re.compile(r"[0-9a-f]{64}")
_MOST_EPOCHS = 1 << 30
_MOST_BUCKETS = 1 << 16
_MOST_NUMBER = 1 << 53


@get("/v1/charter", media_type=MediaType.TEXT)
async def get_charter(request: AnyRequest) -> Response[bytes]:
    """The organisation's newest charter: a signed note."""
    return Response(await services(request).organisation.note(), media_type=MediaType.TEXT)


@get("/v1/charters/{sequence:int}", media_type=MediaType.TEXT)
async def get_charter_of(request: AnyRequest, sequence: int) -> Response[bytes]:
    """Any charter that was in force here, by its sequence, with its countersignatures: for those who check each change."""
    found = await services(request).documents.charter_of(sequence) if 0 < sequence < _MOST_NUMBER else None
    if found is None:
        raise NotHere("there is no charter with this sequence", Failure.CHARTER)
    return Response(found.note, media_type=MediaType.TEXT)


@get("/v1/forms/{sha256:str}")
async def get_form(request: AnyRequest, sha256: str) -> Response[bytes]:
    """A desk's form, by the hash that the charter gives: canonical JSON."""
    form = await services(request).documents.form(sha256) if _HASH.fullmatch(sha256) else None
    if form is None:
        raise NotHere("there is no such form")
    return Response(form, media_type=MediaType.JSON)


@get("/v1/desks/{desk:str}/epochs/{epoch:int}/prekeys")
async def get_prekeys(request: AnyRequest, desk: str, epoch: int) -> Response[bytes]:
    """The prekeys of a desk's reviewers for an epoch: a bundle of signed notes."""
    notes = await services(request).organisation.desk_prekeys(desk, max(0, min(epoch, _MOST_EPOCHS)))
    return Response(write_bundle(prekey.note for prekey in notes), media_type=MediaType.JSON)


@get("/v1/desks/{desk:str}/heads")
async def get_heads(request: AnyRequest, desk: str) -> Response[bytes]:
    """The newest edition head of each voice of a desk: a bundle of signed notes."""
    here = services(request)
    voices = set((await here.organisation.charter()).desk(desk).voices)
    heads = [found.note for found in await here.documents.heads(desk) if found.reviewer in voices]
    return Response(write_bundle(heads), media_type=MediaType.JSON)


@get("/v1/desks/{desk:str}/editions/{reviewer:str}/{number:int}/{bucket:int}")
async def get_edition_tile(request: AnyRequest, desk: str, reviewer: str, number: int, bucket: int) -> Response[bytes]:
    """One reply tile of a voice's newest edition."""
    here, tile = services(request), None
    voices = (await here.organisation.charter()).desk(desk).voices
    if reviewer in voices and 0 <= number < _MOST_NUMBER and 0 <= bucket < _MOST_BUCKETS:
        tile = await here.documents.edition_tile(desk, reviewer, number, bucket)
    if tile is None:
        raise NotHere("there is no such tile, or the edition has been replaced")
    return Response(tile, media_type=_BYTES)


@post("/v1/desks/{desk:str}/epochs/{epoch:int}/reports", media_type=MediaType.TEXT, request_max_body_size=None)
async def post_report(request: AnyRequest, desk: str, epoch: int) -> Response[bytes]:
    """Store a sealed report. Answers 201 with a receipt, and 200 with the same receipt when the same bytes come again.

    503 with Retry-After when too many wait; `step` in its body says which stamp, in a header Corncrake-Stamp, would help now.
    """
    intake = services(request).intake
    length = stated_length(request)
    allowed = await intake.allowed(desk, epoch, length, stated_stamp(request))
    async with rooms(request).reports.whole(request, length, allowed.paid) as body:
        taken = await intake.take(desk, epoch, allowed, body)
    return Response(taken.receipt, status_code=201 if taken.new else 200, media_type=MediaType.TEXT)


@put("/v1/blocks/{block:str}", request_max_body_size=None)
async def put_block(request: AnyRequest, block: str) -> Response[bytes]:
    """Store a sealed block, once. 201 when it is new, 200 when the same bytes are there, 409 when others are.

    With a header Content-Digest it is stored only if it has that SHA-256. 507 with Retry-After when there is no room now.
    """
    shelf = services(request).blocks
    length = stated_length(request)
    await shelf.allowed(block, length)
    digest = stated_digest(request)
    async with rooms(request).blocks.pieces(request, length) as pieces:
        new = await shelf.put(block, length, pieces, digest)
    return Response(b"", status_code=201 if new else 200, media_type=MediaType.TEXT)


@head("/v1/blocks/{block:str}")
async def head_block(request: AnyRequest, block: str) -> Response[None]:
    """Say whether a block is there: 200 or 404, and nothing else about it."""
    present = await services(request).blocks.has(block)
    return Response(None, status_code=200 if present else 404, media_type=MediaType.TEXT)
