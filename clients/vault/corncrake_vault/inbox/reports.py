# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a sealed report to a message in a thread.

Rules of this file: a report that does not open, or is not ours, is kept sealed with its failure word and shown; it never stops
an import. The first of each (thread, message) is kept. What a reporter wrote is data: nothing of it is ever a path or a command.

Source: crypto/spec/report.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import canonical, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.prekeys import epoch_of
from corncrake_crypto.report import OpenedReport, check_addressed, check_sealed_to, open_report
from corncrake_vault.keys.prekeys import secrets_near
from corncrake_vault.threads.blocks import ask_again
from corncrake_vault.threads.expected import close_recordings, expect_file

if TYPE_CHECKING:
    from datetime import date

    from corncrake_crypto.charter import Charter
    from corncrake_crypto.report import Report
    from corncrake_vault.vault import Vault

STATE_NEW: Final = "new"


def keep_report(vault: Vault, charter: Charter, sealed: bytes, *, report_id: str, desk: str, day: date) -> str | None:  # noqa: PLR0913 - as the log says it
    """Open one report and file it; inside a transaction. A report that is here already is passed over.

    Args:
        vault: with the prekey secrets.
        charter: the newest.
        report_id: SHA-256 of `sealed`, hex, checked by the caller.
        desk: as the log or the receipt says.
        day: of its receipt, as the log or the receipt says.
        sealed: the age file.

    Returns:
        None when it was filed or was here, else the failure word with which it was kept aside.
    """
    store = vault.store
    if store.row("SELECT 1 FROM reports WHERE id = ?", (report_id,)) is not None:
        return None
    failure: str | None = None
    try:
        secrets = secrets_near(store, day)
        opened = open_report(sealed, [secret.identity for secret in secrets])
        by = secrets[opened.opened_by]
        check_sealed_to(opened.report, SealedTo(reviewer=vault.reviewer, epoch=by.epoch, number=by.number))
        check_addressed(opened.report, charter.origin, desk)
        check_week(vault, opened.report, day)
        with store.attempt():
            _file(vault, report_id, opened)
    except CorncrakeError as error:
        failure = error.failure.value
    store.run("INSERT INTO reports VALUES (?, ?, ?, ?, ?)", (report_id, desk, day.isoformat(), sealed, failure))
    return failure


def check_week(vault: Vault, report: Report, day: date) -> None:
    """Check that a report was sealed to this reviewer's prekey of the week in which it was received, a day's slack aside.

    Raises:
        PeerError: `epoch`.
    """
    received = epoch_of(day)
    mine = [to for to in report.epochs if to.reviewer == vault.reviewer]
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
            STATE_NEW,
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
    # Who writes again may have sent again what was missing.
    ask_again(store, thread)
    for number, file in enumerate(report.files):
        expect_file(store, message, number, file)
    close_recordings(store, thread)
