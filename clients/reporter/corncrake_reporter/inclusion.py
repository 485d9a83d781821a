# SPDX-License-Identifier: AGPL-3.0-or-later
"""Has the log kept what a receipt promised? Proved from the public files of the log, without telling which report is meant.

Rules of this file: all entries are fetched, whichever is looked for, and the root over them is compared with the signed head; so the server
learns that somebody reads the log, and nothing of the receipt. The head counts when as many witnesses have cosigned it as the charter demands, and
when the log is the one that the desk's reviewers have seen: each of their edition heads names one. A receipt of a log that another one has
followed is not verified, since the charter no longer names its key: what it names is looked for in the present log, and proves nothing against
the server when it is not there.

Source: crypto/spec/receipt.md; crypto/spec/cosignature.md §3; crypto/spec/edition.md §1; crypto/spec/tiles.md; crypto/spec/checkpoint.md §3; RFC 6962
§2.1; C2SP tlog-tiles.md.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import comes_after, log_name
from corncrake_crypto.cosignature import open_cosigned
from corncrake_crypto.encoding import parse_day, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.receipt import KIND, MAX_RECEIPT, Receipt, commitment, open_receipt
from corncrake_crypto.tiles import WIDTH, entries_path, read_entries
from corncrake_reporter.transport import RefusedError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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
    FORMER = "former-log"


class ReceiptError(FileError):
    """A file is not a receipt of this log and desk: the fault of whoever chose the file, not of the server."""


class UnwitnessedError(PeerError):
    """Fewer witnesses have cosigned the log's head than the charter demands."""


def read_receipt(visit: Visit, path: Path) -> Receipt:
    """Return the receipt in a file, verified by the charter's log key unless it is of a log before that.

    Raises:
        ReceiptError: it cannot be read, or with the failure of `open_receipt`.
    """
    log = visit.charter.charter.log
    try:
        with path.open("rb") as source:
            raw = source.read(MAX_RECEIPT + 1)
        if (former := _of_former_log(raw, log.origin)) is not None and former.desk == visit.desk.id:
            return former
        return open_receipt(raw, log.origin, unb64url(log.key, 32), desk=visit.desk.id)
    except OSError as error:
        raise ReceiptError(Failure.NOTE, f"{path.name} cannot be read") from error
    except CorncrakeError as error:
        raise ReceiptError(error.failure, error.detail) from error


def _of_former_log(raw: bytes, present: str) -> Receipt | None:
    """Return a receipt, not verified, when it names an earlier log of the same host; None when it does not.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`: it is no receipt.
    """
    receipt = read_document(unverified_text(raw, limit=MAX_RECEIPT), KIND, Receipt)
    return receipt if comes_after(present, receipt.log) else None


def _entries(server: Server, log: str, size: int) -> Iterator[bytes]:
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        try:
            raw = server.log_file(log, entries_path(index, width), WIDTH * (2 + _MAX_LEAF))
        except RefusedError as error:
            raise PeerError(Failure.WITHHELD, "the server does not give a part of the log that its own head covers") from error
        yield from read_entries(raw, width)


def _stands_in(server: Server, wanted: bytes, head: Checkpoint, seen: Mapping[int, set[bytes]]) -> bool:
    """Say whether an entry is in the tree of a head, all of which is read and hashed; `seen`: what roots others have seen, by size."""
    tree, found = Frontier(), False
    for entry in _entries(server, log_name(head.origin).path, head.size):
        found = found or entry == wanted
        tree.append(leaf_hash(entry))
        if tree.size in seen and seen[tree.size] != {tree.root()}:
            raise PeerError(Failure.FORK, "a reviewer has seen another log than the one that the server shows here")
    if tree.root() != head.root:
        raise PeerError(Failure.PROOF, "the entries of the log are not those that its head is signed over")
    return found


def _seen_by_reviewers(visit: Visit, head: Checkpoint) -> Mapping[int, set[bytes]]:
    """Return the roots that the desk's reviewers have signed to have seen of this log, by size.

    Raises:
        PeerError: `shrunken`: one has seen a longer log.
    """
    seen: dict[int, set[bytes]] = {}
    for board in visit.boards:
        log = board.head.edition.log
        if log.origin != head.origin:
            continue
        if log.size > head.size:
            raise PeerError(Failure.SHRUNKEN, "a reviewer has seen a longer log than the one that the server shows here")
        seen.setdefault(log.size, set()).add(unb64url(log.root, 32))
    return seen


def _opened(raw: bytes, visit: Visit) -> Checkpoint:
    try:
        return open_cosigned(raw, visit.charter.charter)
    except PeerError as error:
        raise (UnwitnessedError(error.failure, error.detail) if error.failure is Failure.TOO_FEW else error) from error


def check_inclusion(visit: Visit, receipt: Receipt) -> Inclusion:
    """Say whether the log includes what a receipt promised.

    A head more than a day later than the receipt that lacks it is a fault of the server, and receipt and head prove it, unless the receipt is of a
    former log.

    Raises:
        LineError, RefusedError: from the transport.
        FileError: `note`, `encoding`: head or entries are not in their form; `size`: the log is too long.
        PeerError: `signature`, `origin`: the head is not the log's; `too-few`: fewer witnesses have cosigned it than the charter demands;
            `proof`, `withheld`: its entries are not there; `fork`, `shrunken`: a reviewer has seen another log.
    """
    with Server(visit.link.origin) as server:
        log = visit.charter.charter.log.origin
        raw = server.checkpoint(log_name(log).path)
        if raw is None:
            return Inclusion.NOT_YET
        head = _opened(raw, visit)
        if head.size > MAX_LEAVES:
            raise FileError(Failure.SIZE, "the log is longer than this program looks through")
        if _stands_in(server, commitment(receipt), head, _seen_by_reviewers(visit, head)):
            return Inclusion.INCLUDED
    if head.day <= parse_day(receipt.day) + GRACE:
        return Inclusion.NOT_YET
    return Inclusion.FAULT if receipt.log == log else Inclusion.FORMER
