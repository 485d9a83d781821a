# SPDX-License-Identifier: AGPL-3.0-or-later
"""A thread as it came, sealed, with the keys that open it: for whoever wants to open it with nothing of Corncrake.

Rules of this file: it writes into a folder that it makes itself, every file 0600. Keys leave the vault's encryption here and nowhere else; only
those of this thread's own reports and files do, and of reports whose weekly keys were not destroyed yet.

Source: docs/open-without-corncrake.md; C2SP age.md.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from corncrake_crypto.age_format import parse_header
from corncrake_crypto.encoding import decode_canonical, parse_day
from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.report import Report
from corncrake_vault.keys.prekeys import secrets_near
from corncrake_vault.threads.opening import FileOnShelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corncrake_vault.vault import Vault


class SavedSealed(NamedTuple):
    """How many reports and blocks were written, and how many reports no key is left for."""

    reports: int
    blocks: int
    without_key: int


def save_sealed(vault: Vault, thread: int, folder: Path) -> SavedSealed:
    """Write a thread's sealed objects and their keys into a new folder.

    `message-N/report.age` and `report.key` for each message; `message-N/file-M/key` and `NNNNN.age`, the blocks that hold data, in order.

    Raises:
        StoreError: `store`: the folder is there already, or the disk refuses.
    """
    reports = blocks = without_key = 0
    try:
        folder.mkdir(mode=0o700)
        rows = vault.store.rows(
            "SELECT messages.number, sealed, reports.day, body FROM messages JOIN reports ON reports.id = messages.report"
            " WHERE thread = ? ORDER BY messages.number",
            (thread,),
        )
        for place, (message, sealed, day, body) in enumerate(rows, 1):
            here = folder / f"message-{place}"
            here.mkdir(mode=0o700)
            _write(here / "report.age", bytes(sealed))
            reports += 1
            key = _key_of(vault, bytes(sealed), str(day))
            if key is None:
                without_key += 1
            else:
                _write(here / "report.key", f"{key}\n".encode())
            for number, file in enumerate(decode_canonical(bytes(body), Report).files, 1):
                inside = here / f"file-{number}"
                inside.mkdir(mode=0o700)
                _write(inside / "key", f"{file.identity}\n".encode())
                for index, block in _blocks(vault, int(message), number - 1):
                    _write(inside / f"{index:05d}.age", block)
                    blocks += 1
    except OSError as error:
        raise StoreError(Failure.STORE, f"{folder.name} cannot be written: {error.strerror}; name a new folder") from error
    return SavedSealed(reports, blocks, without_key)


def _key_of(vault: Vault, sealed: bytes, day: str) -> str | None:
    header, _ = parse_header(sealed)
    secrets = secrets_near(vault.store, parse_day(day))
    return next((one.identity.text for one in secrets if one.identity.file_key(header) is not None), None)


def _blocks(vault: Vault, message: int, file: int) -> Iterator[tuple[int, bytes]]:
    for here in FileOnShelf(vault.store, message, file).here():
        yield here.place, vault.store.blocks.read(here.id)


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(data)
