# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer as a person starts it: an address in the terminal, and an end.

Rules of this file: it is the only one of the vault that opens a socket, and that socket listens on 127.0.0.1. It ends at Ctrl-C, or by itself when
nobody has looked for a while: an open vault must not wait on a table for whoever comes.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import uvicorn

from corncrake_crypto.errors import Failure, StoreError
from corncrake_vault.workbench.application import create_application
from corncrake_vault.workbench.exhibits import Exhibits
from corncrake_vault.workbench.gate import Gate

if TYPE_CHECKING:
    from corncrake_vault.vault import Vault

MAX_MINUTES: Final = 240
LOOPBACK: Final = "127.0.0.1"
_GRACE: Final = 1
"""Seconds that answers under way have when the viewer ends."""


def view(vault: Vault, thread: int, file: int | None, minutes: int, *, browser: bool) -> str:
    """Show a thread's files until a person or the time ends it; return why it ended.

    Args:
        vault: open.
        thread: its number.
        file: the file to begin with; the list when None.
        minutes: end when nobody has asked for anything for so long.
        browser: open the system's browser.

    Raises:
        StoreError: `store`: this machine has no free loopback port.
    """
    with _listening() as listening:
        exhibits = Exhibits(vault, thread)
        port = int(listening.getsockname()[1])
        gate = Gate(port, lambda path: create_application(exhibits, path), first=str(file or ""))
        print(f"Open this in a browser on this machine; it opens once:\n  {gate.address}\nEnd with Ctrl-C.", file=sys.stderr, flush=True)
        if browser:
            _open_browser(gate.address)
        try:
            asyncio.run(_serve(gate, listening, minutes * 60))
        except KeyboardInterrupt:
            return "you stopped it"
        return f"nobody has looked for {minutes} minutes"


def _listening() -> socket.socket:
    try:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.bind((LOOPBACK, 0))
        listening.listen()  # before the address is told
    except OSError as error:
        raise StoreError(Failure.STORE, f"no port of {LOOPBACK} is free: {error.strerror}") from error
    return listening


async def _serve(gate: Gate, listening: socket.socket, idle_seconds: int) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            gate,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    watch = asyncio.create_task(_end_when_idle(server, gate, idle_seconds))
    try:
        await server.serve(sockets=[listening])
    finally:
        watch.cancel()


async def _end_when_idle(server: uvicorn.Server, gate: Gate, seconds: int) -> None:
    while (left := seconds - gate.idle_seconds()) > 0:  # noqa: ASYNC110 - it waits for time to pass, and for nothing else
        await asyncio.sleep(left)
    server.should_exit = True


def _open_browser(address: str) -> None:
    """Ask the desktop for its browser; when there is none, the address stands in the terminal."""
    try:
        subprocess.Popen(["/usr/bin/xdg-open", address], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own address
    except OSError:
        print("There is no xdg-open here: open the address by hand.", file=sys.stderr)
