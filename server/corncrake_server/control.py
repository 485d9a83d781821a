# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a command reaches the server that runs: a Unix socket in the data folder, for the same user only.

Rules of this file: one line of JSON in, one line of JSON out. SQLite has one process, so a command that finds it running asks
it; otherwise the command does the work itself. The socket is reached through its folder's descriptor, since a socket's path is
limited to 107 bytes and a folder's is not.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from corncrake_crypto.encoding import parse_day
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_server.services.charters import bring_charter
from corncrake_server.services.releases import bring_release

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from corncrake_server.services.services import Services

_NAME: Final = "control.sock"
_MOST_LINE: Final = 8 << 20
_SECONDS: Final = 10.0


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a command asks for: to publish, or to take a charter and its forms, or a page release."""

    do: Literal["publish", "charter", "release"]
    charter: bytes = b""
    release: bytes = b""
    forms: tuple[bytes, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sentence, and the failure when it was not done."""

    said: str
    failure: str = ""


async def carry_out(order: Order, services: Services) -> Answer:
    """Do what an order asks for."""
    try:
        if order.do == "charter":
            opened = await bring_charter(services, order.charter, order.forms)
            return Answer(said=f"charter {opened.charter.sequence} is here")
        if order.do == "release":
            brought = await bring_release(services, order.release)
            return Answer(said=f"release {brought.release.number} is here; the next publication puts it into the log")
        head = await services.publication.publish()
    except CorncrakeError as error:
        return Answer(said=error.detail, failure=error.failure.value)
    said = f"published: the tree has {head.size} leaves"
    try:
        removed = await services.expiry.sweep(parse_day(head.day))
    except CorncrakeError as error:
        return Answer(said=f"{said}; but not all was removed whose time has come: {error.detail}")
    return Answer(said=f"{said}; {removed} expired blocks were removed" if removed else said)


@asynccontextmanager
async def _folder(data: Path) -> AsyncGenerator[str]:
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{_NAME}"
    finally:
        os.close(descriptor)


@asynccontextmanager
async def listen(data: Path, services: Services) -> AsyncGenerator[None]:
    """Answer commands while the block runs. Of several processes of one folder, the last one started answers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError, msgspec.MsgspecError):
            line = await asyncio.wait_for(reader.readline(), _SECONDS)
            said = await carry_out(msgspec.json.decode(line, type=Order), services)
            writer.write(msgspec.json.encode(said) + b"\n")
            await writer.drain()
        writer.close()

    async with _folder(data) as path:
        (data / _NAME).unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(answer, path, limit=_MOST_LINE)
        finally:
            os.umask(before)
        try:
            yield
        finally:
            server.close()
            (data / _NAME).unlink(missing_ok=True)


async def ask(data: Path, order: Order) -> Answer:
    """Have the running server carry out an order.

    Raises:
        StoreError: `store`: no server answers.
    """
    try:
        async with _folder(data) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_MOST_LINE)
        writer.write(msgspec.json.encode(order) + b"\n")
        line = await reader.readline()
        writer.close()
        return msgspec.json.decode(line, type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(Failure.STORE, "the server that has this data folder does not answer") from error
