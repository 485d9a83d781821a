# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending: seal a report, get its receipt, then bring the blocks of its files; or go on with what an earlier run began.

Rules of this file: the report goes first, so that a line that breaks for good costs the rest of the files only. The same sealed bytes go
again until the server has answered; it gives the same receipt for the same bytes, so that nothing is there twice. A file that changes
meanwhile, or can no longer be read, is left where it is and named; the others go on. What an earlier run left to go on from is removed when
all has arrived, or when the server refuses the report, and never because of what the person names or what happens on this machine.

Source: crypto/spec/report.md; crypto/spec/block.md; crypto/spec/receipt.md.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from corncrake_crypto.block import block_id, next_block_key
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, StoreError
from corncrake_crypto.padding import BLOCK_CLASS, wire_size
from corncrake_crypto.receipt import open_receipt, report_id
from corncrake_reporter.bringing import LARGE_WEIGHT, Bringer, Job
from corncrake_reporter.clock import today
from corncrake_reporter.continuing import Continuation, TooOldError, in_order, keep
from corncrake_reporter.sealing import prepare, seal_report
from corncrake_reporter.sources import ChangedError, UnreadableError, measure
from corncrake_reporter.stamping import Stamping
from corncrake_reporter.transport import LineError, RefusedError, Server
from corncrake_reporter.visit import Link, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.continuing import Kept
    from corncrake_reporter.line import Line, Progress
    from corncrake_reporter.sealing import Message, Outgoing
    from corncrake_reporter.sources import Measured
    from corncrake_reporter.visit import Visit


def measure_all(attachments: Sequence[Attachment], line: Line) -> tuple[Measured, ...]:
    """Read all files once; see `measure`."""
    total, done = sum(one.source.size for one in attachments), 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        line.read(done, total)

    return tuple(measure(one.name, one.source, read) for one in attachments)


def _check_receipt(papers: Visit, receipt: bytes, report: str) -> None:
    log = papers.charter.charter.log
    # The day that it is by now: a busy server may have been waited for since the papers came.
    open_receipt(receipt, log.origin, unb64url(log.key, 32), report, papers.desk.id, today=max(papers.presence.today, today()))


def _newer(papers: Visit, line: Line, error: PeerError) -> Visit:
    """Return newer papers: the organisation may have begun another log since, and only its newest charter says so. `error`, if there are none."""
    link = Link(papers.link.origin, papers.link.root, papers.desk.id)
    try:
        # Whose thread it is, does not matter here; what is asked for on a visit is the same for all.
        found = line.persist(lambda: visit(link, Codename.generate(), today()))
    except LineError:
        raise
    except CorncrakeError as other:
        # What is wrong with these papers says nothing of the report.
        raise error from other
    # An older charter would bring back a log that the organisation has done with.
    if found.charter.charter.sequence <= papers.charter.charter.sequence:
        raise error
    return found


def post(papers: Visit, epoch: int, sealed: bytes, line: Line) -> None:
    """Send a sealed report and verify its receipt.

    Raises:
        LineError, RefusedError: from the transport.
        FileError, PeerError: the receipt is not right, by the newest charter too.
    """
    progress, desk = line.progress, papers.desk.id
    progress.report = report_id(sealed)
    stamping = Stamping(papers, progress.report, line)
    with Server(papers.link.origin) as server:
        progress.tried = True
        receipt = line.persist(lambda: stamping.post(lambda stamp: server.post_report(desk, epoch, sealed, stamp)))
    try:
        _check_receipt(papers, receipt, progress.report)
    except PeerError as error:
        if error.failure is not Failure.SIGNATURE:
            raise
        _check_receipt(_newer(papers, line, error), receipt, progress.report)
    progress.receipt, progress.signed = receipt, True


def send(papers: Visit, codename: Codename, message: Message, line: Line, path: Path | None = None) -> Progress:
    """Send a report and its files; done when its receipt is verified and every block is there.

    Args:
        papers: the checked papers.
        codename: whose thread it is.
        message: what is said.
        line: patience; `line.progress` says what has left, also when this raises.
        path: where to note from what a later run can go on; None to leave nothing on the disk.

    Raises:
        UsageError: `size`, when it is too long for one report, and nothing was sent.
        ChangedError, UnreadableError: a file was not sent to its end; the file to go on from stays.
        LineError: the line stayed broken.
        RefusedError: the server said no.
        FileError, PeerError: the prekeys, or the receipt, are not right.
        StoreError: `path` cannot be written.
    """
    measured = measure_all(message.attachments, line)
    prepared = [prepare(*pair) for pair in zip(message.attachments, measured, strict=True)]
    files = [file for file, _ in prepared]
    sealed = seal_report(papers, codename, message, tuple(entry for _, entry in prepared))
    del prepared
    kept = keep(papers, report_id(sealed), sealed, files)
    continuation = Continuation(path, kept, files)
    # The words first: from here on something may be there that only they lead back to.
    line.sealed(line.progress)
    continuation.save()
    line.progress.kept = line.progress.wrote = path is not None
    with _refused(continuation, line.progress):
        post(papers, papers.epoch, sealed, line)
    return _bring_files(papers.link.origin, files, continuation, line)


def go_on(kept: Kept, path: Path, attachments: Sequence[Attachment], papers: Callable[[], Visit], line: Line) -> Progress:
    """Go on with what an earlier run began; done as `send`.

    Args:
        kept: what it left.
        path: where it left it.
        attachments: the same files, in any order.
        papers: makes a visit; only needed while the server has not signed for the report.
        line: as for `send`.

    Raises:
        UsageError: `misuse`, when these are other files or `kept` is damaged, and nothing was sent; TooOldError.
        As `send`.
    """
    progress = line.progress
    progress.kept = progress.continued = progress.wrote = True
    progress.report, progress.signed = kept.report, kept.sealed is None
    files = in_order(kept, attachments, partial(measure_all, attachments, line))
    continuation = Continuation(path, kept, files)
    if kept.sealed is not None:
        # Looked for before `tried` is set: papers that do not come are no report that left.
        found = papers()
        with _refused(continuation, progress):
            post(found, kept.epoch, unb64url(kept.sealed), line)
    return _bring_files(kept.origin, files, continuation, line)


@contextmanager
def _refused(continuation: Continuation, progress: Progress) -> Generator[None]:
    """Leave nothing to go on from, when the server has refused a report that it cannot have, or will never take."""
    try:
        yield
    except RefusedError as error:
        too_old = progress.continued and error.failure is Failure.EPOCH
        if too_old or not progress.may_be_there(error):
            continuation.remove()
            progress.kept = False
        if too_old:
            raise TooOldError from error
        raise


def _jobs(file: Outgoing, progress: Progress) -> Iterator[tuple[int, Job]]:
    block_class = file.measured.cut.block_class
    weight = 1 if block_class == BLOCK_CLASS else LARGE_WEIGHT
    key = file.key
    for index in range(file.next, file.total):
        if file.fault:
            return

        def arrived(index: int = index) -> None:
            file.note_arrived(index)
            progress.sent += 1

        def failed(error: Exception) -> bool:
            if not isinstance(error, ChangedError | UnreadableError):
                return False
            file.fault = file.fault or error
            return True

        seal = partial(file.sealed_block, index)
        yield index, Job(block_id(key), seal, arrived, failed, wire_size(1, block_class), weight, ask=index < file.asked_until)
        key = next_block_key(key)


def _bring_files(origin: str, files: Sequence[Outgoing], continuation: Continuation, line: Line) -> Progress:
    progress = line.progress
    # The server has the report: whatever becomes of the files, the person needs the words from here on.
    line.signed(progress)
    continuation.signed()
    sizes = [wire_size(1, file.measured.cut.block_class) for file in files]
    progress.sent, progress.total = sum(file.next for file in files), sum(file.total for file in files)
    progress.bytes_total = sum(file.total * size for file, size in zip(files, sizes, strict=True))
    progress.bytes_sent = sum(file.next * size for file, size in zip(files, sizes, strict=True))
    try:
        with Bringer(origin, line) as bringer:
            for file in files:
                for index, job in _jobs(file, progress):
                    continuation.before(file, index)
                    bringer.offer(job)
            bringer.finish()
    except BaseException:
        with suppress(StoreError):
            continuation.save()
        raise
    if faults := [file.fault for file in files if file.fault]:
        with suppress(StoreError):
            continuation.save()
        names = ", ".join(file.name for file in files if file.fault)
        raise (UnreadableError if any(isinstance(fault, UnreadableError) for fault in faults) else ChangedError)(names)
    continuation.remove()
    progress.kept = False
    line.tell(progress)
    return progress
