# SPDX-License-Identifier: AGPL-3.0-or-later
"""Has the log kept what a receipt promised? Proved from the public files of the log, without telling which report is meant.

Rules of this file: all entries are fetched, whichever is looked for, and the root over them is compared with the signed head; so the server
learns that somebody reads the log, and nothing of the receipt.

Source: crypto/spec/receipt.md; crypto/spec/tiles.md; RFC 6962 §2.1; C2SP tlog-tiles.md.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.encoding import parse_day, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.receipt import MAX_RECEIPT, Receipt, commitment, open_receipt
from corncrake_crypto.tiles import WIDTH, entries_path, read_entries
from corncrake_reporter.transport import RefusedError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corncrake_crypto.checkpoint import Checkpoint
    from corncrake_reporter.visit import Visit

MAX_LEAVES: Final = 1 << 22
"""Leaves of a log that are looked through: more than ten years of a busy one."""
GRACE: Final = timedelta(days=1)
"""A head signed soon after midnight need not have what came in the last minutes of the day before."""
_MAX_LEAF: Final = 256
"""Bytes of an entry: a commitment has 32, a public document's line some 100."""


class Inclusion(StrEnum):
    """What the log says about a receipt."""

    INCLUDED = "included"
    NOT_YET = "not-yet-published"
    FAULT = "fault"


class ReceiptError(FileError):
    """A file is not a receipt of this log and desk: the fault of whoever chose the file, not of the server."""


def read_receipt(visit: Visit, path: Path) -> Receipt:
    """Return the receipt in a file, verified by the charter's log key.

    Raises:
        ReceiptError: it cannot be read, or with the failure of `open_receipt`.
    """
    log = visit.charter.charter.log
    try:
        with path.open("rb") as source:
            raw = source.read(MAX_RECEIPT + 1)
        return open_receipt(raw, log.origin, unb64url(log.key, 32), desk=visit.desk.id)
    except OSError as error:
        raise ReceiptError(Failure.NOTE, f"{path.name} cannot be read") from error
    except CorncrakeError as error:
        raise ReceiptError(error.failure, error.detail) from error


def _entries(server: Server, size: int) -> Iterator[bytes]:
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        try:
            raw = server.log_file(entries_path(index, width), WIDTH * (2 + _MAX_LEAF))
        except RefusedError as error:
            raise PeerError(Failure.WITHHELD, "the server does not give a part of the log that its own head covers") from error
        yield from read_entries(raw, width)


def _stands_in(server: Server, wanted: bytes, head: Checkpoint) -> bool:
    """Say whether an entry is in the tree of a head, all of which is read and hashed."""
    tree, found = Frontier(), False
    for entry in _entries(server, head.size):
        found = found or entry == wanted
        tree.append(leaf_hash(entry))
    if tree.root() != head.root:
        raise PeerError(Failure.PROOF, "the entries of the log are not those that its head is signed over")
    return found


def check_inclusion(visit: Visit, receipt: Receipt) -> Inclusion:
    """Say whether the log includes what a receipt promised.

    A head more than a day later than the receipt that lacks it is a fault of the server, and receipt and head prove it.

    Raises:
        LineError, RefusedError: from the transport.
        FileError: `note`, `encoding`: head or entries are not in their form; `size`: the log is too long.
        PeerError: `signature`, `origin`: the head is not the log's; `proof`, `withheld`: its entries are not there.
    """
    log = visit.charter.charter.log
    with Server(visit.link.origin) as server:
        raw = server.checkpoint()
        if raw is None:
            return Inclusion.NOT_YET
        head = open_checkpoint(raw, log.origin, unb64url(log.key, 32))
        if head.size > MAX_LEAVES:
            raise FileError(Failure.SIZE, "the log is longer than this program looks through")
        if _stands_in(server, commitment(receipt), head):
            return Inclusion.INCLUDED
    return Inclusion.FAULT if head.day > parse_day(receipt.day) + GRACE else Inclusion.NOT_YET
