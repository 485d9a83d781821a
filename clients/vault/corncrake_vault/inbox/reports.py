# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a sealed report to a message in a thread.

Rules of this file: a report that does not open, or is not ours, is kept sealed with its failure word and shown; it never stops
an import. The first of each (thread, message) is kept. What a reporter wrote is data: nothing of it is ever a path or a command. A
cover report is filed like any other, so that to the server nothing is different: it has a slot in editions, is acknowledged, and its blocks
are asked for. No list shows it, and what its blocks hold is not kept.

Source: crypto/spec/report.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.charter import RECOVERY
from corncrake_crypto.encoding import canonical, parse_day, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.prekeys import epoch_of
from corncrake_crypto.report import OpenedReport, check_addressed, check_sealed_to, open_report
from corncrake_vault.keys.prekeys import secrets_near
from corncrake_vault.recovery.keys import recovery_secrets
from corncrake_vault.threads.blocks import ask_again
from corncrake_vault.threads.expected import close_recordings, expect_file

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.charter import Charter
    from corncrake_crypto.report import Report
    from corncrake_vault.vault import Vault

STATE_NEW: Final = "new"
STATE_COVER: Final = "cover"
"""Of a thread in which nobody has said anything yet."""
COVERS: Final = "cover"
"""What stands instead of a check of a file that was never kept."""


class Taken(NamedTuple):
    """What became of a report: the failure word with which it was kept aside, if it was, and whether it says nothing."""

    failure: str | None = None
    covers: bool = False


def keep_report(vault: Vault, charter: Charter, sealed: bytes, *, report_id: str, desk: str, day: date) -> Taken:  # noqa: PLR0913 - as the log says it
    """Open one report and file it; inside a transaction. A report that is here already is passed over.

    Args:
        vault: with the prekey secrets.
        charter: the newest.
        report_id: SHA-256 of `sealed`, hex, checked by the caller.
        desk: as the log or the receipt says.
        day: of its receipt, as the log or the receipt says.
        sealed: the age file.
    """
    store = vault.store
    if store.row("SELECT 1 FROM reports WHERE id = ?", (report_id,)) is not None:
        return Taken()
    taken = Taken()
    try:
        opened = _open(vault, sealed, desk, day)
        check_addressed(opened.report, charter.origin, desk)
        with store.attempt():
            _file(vault, report_id, opened)
        taken = Taken(covers=opened.report.kind == "cover")
    except CorncrakeError as error:
        taken = Taken(error.failure.value)
    store.run("INSERT INTO reports VALUES (?, ?, ?, ?, ?)", (report_id, desk, day.isoformat(), sealed, taken.failure))
    return taken


def _open(vault: Vault, sealed: bytes, desk: str, day: date) -> OpenedReport:
    """Open a report by a weekly key, or by a recovery key that shares gave back, and check that it says so itself."""
    weekly, recovery = secrets_near(vault.store, day), recovery_secrets(vault.store, desk)
    opened = open_report(sealed, [secret.identity for secret in (*weekly, *recovery)])
    if opened.opened_by < len(weekly):
        by = weekly[opened.opened_by]
        to = SealedTo(reviewer=vault.reviewer, epoch=by.epoch, number=by.number)
    else:
        said = next((one.epoch for one in opened.report.epochs if one.reviewer == RECOVERY), 0)
        to = SealedTo(reviewer=RECOVERY, epoch=said, number=recovery[opened.opened_by - len(weekly)].number)
    check_sealed_to(opened.report, to)
    check_week(to.reviewer, opened.report, day)
    return opened


def try_again(vault: Vault, charter: Charter, desk: str) -> dict[str, Taken]:
    """Open what was kept aside for want of a key; return the reports that opened, by their ids; inside a transaction."""
    rows = vault.store.rows("SELECT id, day, sealed FROM reports WHERE desk = ? AND failure = ?", (desk, Failure.NO_MATCH.value))
    found: dict[str, Taken] = {}
    for report, day, sealed in rows:
        vault.store.run("DELETE FROM reports WHERE id = ?", (report,))
        taken = keep_report(vault, charter, bytes(sealed), report_id=str(report), desk=desk, day=parse_day(str(day)))
        if taken.failure is None:
            found[str(report)] = taken
    return found


def check_week(reader: str, report: Report, day: date) -> None:
    """Check that a report was sealed to this reader's key for the week in which it was received, a day's slack aside.

    Raises:
        PeerError: `epoch`.
    """
    received = epoch_of(day)
    mine = [to for to in report.epochs if to.reviewer == reader]
    if not mine or any(abs(to.epoch - received) > 1 for to in mine):
        raise PeerError(Failure.EPOCH, "this report was sealed to another week than it was handed in, or to another reviewer")


def _file(vault: Vault, report_id: str, opened: OpenedReport) -> None:
    store, report = vault.store, opened.report
    store.run(
        "INSERT OR IGNORE INTO threads (thread, desk, reply_tag, recipient, language, state, last_day) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            report.thread,
            report.desk,
            unb64url(report.reply_tag, 32),
            opened.reply_recipient.raw,
            report.language,
            STATE_COVER if report.kind == "cover" else STATE_NEW,
            vault.today.isoformat(),
        ),
    )
    row = store.row("SELECT number FROM threads WHERE thread = ? AND desk = ?", (report.thread, report.desk))
    thread = int(row[0]) if row else 0
    if store.row("SELECT 1 FROM messages WHERE thread = ? AND message = ?", (thread, report.message)) is not None:
        raise PeerError(Failure.REPEATED, "this message came before, in another report; the first one counts")
    message = store.insert(
        "INSERT INTO messages (thread, report, message, day, body) VALUES (?, ?, ?, ?, ?)",
        (thread, report_id, report.message, report.day.isoformat(), canonical(report)),
    )
    store.run("UPDATE threads SET last_day = ? WHERE number = ?", (vault.today.isoformat(), thread))
    if report.kind != "cover":
        store.run("UPDATE threads SET state = ? WHERE number = ? AND state = ?", (STATE_NEW, thread, STATE_COVER))
    # Who writes again may have sent again what was missing.
    ask_again(store, thread)
    for number, file in enumerate(report.files):
        expect_file(store, message, number, file)
    if report.kind == "cover":
        store.run("UPDATE files SET checked = ? WHERE message = ?", (COVERS, message))
    close_recordings(store, thread)
