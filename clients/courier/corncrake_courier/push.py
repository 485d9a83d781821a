# SPDX-License-Identifier: AGPL-3.0-or-later
"""Push: bring a vault's parcel to the server, and remember which blocks it asks for.

Rules of this file: the parcel is read whole and its signature checked before a byte leaves; a courier does not carry what is damaged or
somebody else's. The server applies it whole or refuses it whole; the same parcel twice is the same as once.

Source: crypto/spec/parcel.md.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from corncrake_courier.state import Asked, State, save
from corncrake_crypto.charter import KIND, Charter, open_charter
from corncrake_crypto.encoding import decode_canonical, unb64url
from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError
from corncrake_crypto.fields import BlockId  # noqa: TC001 - read when the struct is made
from corncrake_crypto.note import MAX_NOTE, read_document, unverified_text
from corncrake_crypto.parcel import Parcel, read_parcel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from corncrake_courier.server import Server
    from corncrake_crypto.archive import MemberReader

PARCEL_MAX: Final = 64 << 20
"""Bytes: what the server takes in one request."""
WANTED_MAX: Final = 8 << 20
_COPY: Final = 65_536


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The member `wanted.json`: blocks that the vault waits for."""

    blocks: Annotated[tuple[BlockId, ...], msgspec.Meta(max_length=100_000)]


def push(server: Server, state: State, path: Path, *, folder: Path, root: bytes, today: date) -> dict[str, Any]:  # noqa: PLR0913 - what a person said
    """Check the parcel at `path` and bring it to the server.

    Returns:
        `{"number", "from", "new", "wanted"}`; `new` is False when the server had it already.

    Raises:
        FileError, PeerError: the parcel is damaged, or nobody of the charter has signed it.
        UsageError: `misuse`: there is no such file, or it is larger than `PARCEL_MAX`.
        StoreError: `store`: the line broke, or the stick is gone; run it again.
    """
    raw = server.get("/v1/charter", MAX_NOTE)
    # Also by one that has run out: it says whose parcels these are, and the parcel may bring the next one.
    ended = read_document(unverified_text(raw), KIND, Charter).expires
    charter = open_charter(raw, root=root, origin=server.origin, today=min(today, ended), floor=state.charter)
    try:
        size, digest = path.stat().st_size, _sha256(path)
        parcel, wanted = _check(path, charter.charter)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"the parcel cannot be read: {error.strerror}") from error
    if size > PARCEL_MAX:
        raise UsageError(Failure.SIZE, f"a parcel to a server has at most {PARCEL_MAX} bytes")
    try:
        status = server.put(f"/v1/courier/inbox/{parcel.from_id}/{parcel.number}", size, digest, _chunks(path))
    except OSError as error:
        detail = f"{path.name} could not be read to its end ({error.strerror}): is the stick still there? Nothing is lost: run it again"
        raise StoreError(Failure.STORE, detail) from error
    others = [entry for entry in state.asked if entry.reviewer != parcel.from_id]
    vain = {block for entry in state.asked if entry.reviewer == parcel.from_id for block in entry.missing}
    # In the vault's order, but what was not on the server before comes last: a pull looks for so many absent ones only (`MOST_ABSENT`).
    left = sorted(dict.fromkeys(wanted), key=vain.__contains__)
    asked = Asked(reviewer=parcel.from_id, number=parcel.number, left=left)
    save(folder, msgspec.structs.replace(state, asked=[*others, asked]))
    return {"number": parcel.number, "from": parcel.from_id, "new": status != 200, "wanted": len(wanted)}  # noqa: PLR2004 - HTTP OK


def _check(path: Path, charter: Charter) -> tuple[Parcel, tuple[str, ...]]:
    wanted: tuple[str, ...] = ()

    def look(_: Parcel, name: str, size: int, reader: MemberReader) -> None:
        nonlocal wanted
        if name == "wanted.json":
            if size > WANTED_MAX:
                raise PeerError(Failure.SIZE, "the parcel asks for too many blocks")
            wanted = decode_canonical(reader.read(), Wanted).blocks

    keys = {reviewer.id: unb64url(reviewer.identity, 32) for desk in charter.desks for reviewer in desk.reviewers}
    with path.open("rb") as source:
        return read_parcel(source, look, keys), wanted


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_COPY):
            yield piece


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
