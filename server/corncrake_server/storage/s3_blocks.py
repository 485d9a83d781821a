# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks in a bucket of an S3 service: one object each, created and never written over.

Rules of this file: a block is spooled on the disk as it comes, without a name, and sent in one request that the service refuses
when the object exists: no other way of writing is used,
and none before the service was seen to refuse that once. No more than `_AT_ONCE` blocks are in memory. An object has its bytes and
nothing that we add: no metadata, no tags, no content type. What the service said of an error stays here, but for its code, since
the rest names the object. Credentials come from the environment, where the library finds them itself.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from contextlib import suppress
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_server.ports.blocks import StoredBlock
from corncrake_server.refusals import Conflict, NotHere
from corncrake_server.storage.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from obstore.store import S3Config

    from corncrake_server.settings import Settings
    from corncrake_server.storage.files import FileSpool

CREDENTIALS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_AT_ONCE: Final = 4
"""Blocks in memory: four large ones are 16 MiB."""
_LOOKS_AT_ONCE: Final = 16
"""Questions whether a block is there, which anybody may ask; the rest wait."""
_TRIES: Final = 5
_PIECE: Final = 262_144
_ID: Final = re.compile(r"[0-9a-f]{32}")
_CODE: Final = re.compile(r"<Code>(\w{1,64})</Code>")
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
_PATIENCE: Final = timedelta(seconds=30)
"""For one request; a proxy before us waits somewhat more than twice that."""


def _fault(what: str, error: Exception) -> StoreError:
    code = _CODE.search(str(error))
    return StoreError(Failure.STORE, f"{what}: {code[1] if code else type(error).__name__}")


def open_bucket(settings: Settings) -> S3Store:
    """Return the bucket of the settings; nothing is asked of it yet.

    Raises:
        UsageError: `misuse`: bucket or region is not set, the endpoint is neither HTTPS nor on this machine, or there are no
            credentials in the environment.
    """
    if not settings.s3_bucket or not settings.s3_region:
        raise UsageError(Failure.MISUSE, 'block_store = "s3" needs s3_bucket and s3_region')
    endpoint = urlsplit(settings.s3_endpoint)
    plain = endpoint.scheme == "http" and endpoint.hostname in _LOOPBACK
    if settings.s3_endpoint and endpoint.scheme != "https" and not plain:
        raise UsageError(Failure.MISUSE, "s3_endpoint is https://host[:port]; without TLS only on this machine")
    if missing := [name for name in CREDENTIALS if not os.environ.get(name)]:
        raise UsageError(Failure.MISUSE, f"the environment lacks {' and '.join(missing)}")
    config: S3Config = {"region": settings.s3_region}
    if settings.s3_endpoint:
        config["endpoint"] = settings.s3_endpoint
    return S3Store(
        settings.s3_bucket,
        prefix=settings.s3_prefix or None,
        config=config,
        client_options={"allow_http": plain, "connect_timeout": timedelta(seconds=5), "timeout": _PATIENCE},
        retry_config={"max_retries": 4, "retry_timeout": _PATIENCE},
    )


class S3Blocks:
    """`ports.blocks.Blocks` in a bucket."""

    def __init__(self, bucket: S3Store, spool: FileSpool) -> None:
        """Keep the bucket, and a spool for what comes."""
        self._bucket = bucket
        self._spool = spool
        self._threads = Threads(_AT_ONCE, "blocks")
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._looks = asyncio.Semaphore(_LOOKS_AT_ONCE)
        self._proof: asyncio.Task[date] | None = None
        self._proven = False

    async def put(self, block_id: str, length: int, pieces: AsyncIterator[bytes], day: str) -> bool:  # noqa: ARG002 - the service has a clock of its own
        """Store a block durably; see `ports.blocks.Blocks.put`. None is sent before the service was seen to refuse to write over one."""
        await self._prove()
        try:
            with self._spool.open(length) as file:
                async for piece in pieces:
                    await self._spool.write(file, piece)
                async with self._slots:
                    body = await self._threads.run(_whole, file)
                    return await self._create(block_id, body)
        except OSError as error:
            raise StoreError(Failure.STORE, "the block could not be written") from error

    async def _create(self, block_id: str, body: bytes) -> bool:
        for _ in range(_TRIES):
            try:
                await obstore.put_async(self._bucket, block_id, body, mode="create", use_multipart=False)
            except AlreadyExistsError:
                # It may also say so of two that come at the same time, of which none is there yet, and of our own first try.
                there = await self._compare(block_id, body)
            except (BaseError, OSError) as error:
                raise _fault("the block could not be written to the bucket", error) from None
            else:
                return True
            if there is False:
                raise Conflict(Failure.BLOCK, "another block is there under this id")
            if there:
                return False
        raise StoreError(Failure.STORE, "the bucket says that the block is there, and does not give it")

    async def _compare(self, block_id: str, body: bytes) -> bool | None:
        """Say whether what is there under an id is the same; None when nothing is."""
        at = 0
        try:
            async for piece in await self.read(block_id, 0, len(body) + 1):
                if body[at : at + len(piece)] != piece:
                    return False
                at += len(piece)
        except NotHere:
            return None
        return at == len(body)

    async def size(self, block_id: str) -> int | None:
        """Return the length of a block in bytes, None when it is not there."""
        try:
            async with self._looks:
                return (await obstore.head_async(self._bucket, block_id))["size"]
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise _fault("the bucket does not answer", error) from None

    async def read(self, block_id: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Return a part of a block in pieces; see `ports.blocks.Blocks.read`."""
        try:
            found = await obstore.get_async(self._bucket, block_id, options={"range": (start, stop)})
        except FileNotFoundError:
            raise NotHere("there is no such block", Failure.BLOCK) from None
        except (BaseError, OSError) as error:
            raise _fault("the bucket does not answer", error) from None
        return _pieces(found.stream(min_chunk_size=_PIECE))

    async def stored(self) -> AsyncIterator[StoredBlock]:
        """Yield all blocks."""
        try:
            async for some in obstore.list(self._bucket):  # pyright: ignore[reportUnknownMemberType] - of a library that we do not use
                for found in some:
                    if _ID.fullmatch(found["path"]):
                        yield StoredBlock(found["path"], found["size"], found["last_modified"].astimezone(UTC).date())
        except (BaseError, OSError) as error:
            raise _fault("the bucket cannot be listed", error) from None

    async def remove(self, block_id: str) -> None:
        """Remove a block, if it is there."""
        try:
            await obstore.delete_async(self._bucket, block_id)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _fault("nothing can be removed from the bucket", error) from None

    async def clear(self, *, alone: bool) -> None:
        """Do nothing: what is spooled has no name, and what is sent in one request is whole or not there."""

    async def day_now(self, today: date) -> date:  # noqa: ARG002 - the service has a clock of its own
        """Return the day of the service, as an object written now has it."""
        return await self._probe()

    async def _probe(self) -> date:
        """Write an object, see that the service refuses to write it over, and return the day that it has.

        Raises:
            StoreError: `store`: the bucket does not answer, or writes over objects.
        """
        probe = f"probe-{secrets.token_hex(16)}"
        try:
            with suppress(AlreadyExistsError):  # of our own first try, whose answer was lost
                await obstore.put_async(self._bucket, probe, b"first", mode="create", use_multipart=False)
            try:
                self._proven = await self._refuses(probe)
                day = (await obstore.head_async(self._bucket, probe))["last_modified"].astimezone(UTC).date()
            finally:
                await obstore.delete_async(self._bucket, probe)
        except (BaseError, OSError) as error:
            raise _fault("the bucket cannot be written to, read and cleared", error) from None
        if not self._proven:
            raise StoreError(Failure.STORE, "the bucket writes over objects, though told not to: no block is sent to it")
        return day

    async def _refuses(self, probe: str) -> bool:
        try:
            await obstore.put_async(self._bucket, probe, b"second", mode="create", use_multipart=False)
        except AlreadyExistsError:
            return True
        return False

    async def _prove(self) -> None:
        """Probe the service, if it was not seen to be right yet; all that wait meanwhile share one probe."""
        if self._proven:
            return
        if self._proof is None or self._proof.done():
            self._proof = asyncio.create_task(self._probe())
        await asyncio.shield(self._proof)

    async def check(self) -> None:
        """Check that an object can be written, read and removed, and not written over; see `ports.blocks.Blocks.check`."""
        self._spool.open(0).close()
        await self._probe()


async def _pieces(found: Any) -> AsyncIterator[bytes]:
    try:
        async for piece in found:
            yield bytes(piece)
    except (BaseError, OSError) as error:
        raise _fault("the bucket does not answer", error) from None


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
