# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a vault keeps of a log that another one has followed: the order of what is here, and what it was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.encoding import day_text
from corncrake_vault.inbox.growth import begin_log, own_log, own_size
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk

HERE = {"early": 2, "late": 5}
LONG_AGO = "2026-01-01"


def test_what_is_here_keeps_its_order_over_two_logs_and_what_was_promised_stays_expected(desk: Desk) -> None:
    with unlock_vault(desk.store, PASSPHRASE, TODAY).store as store, store.transaction():
        for report in HERE:
            store.run("INSERT INTO reports VALUES (?, 'legal', ?, x'00', NULL)", (report, LONG_AGO))
        for report, position in (HERE | {"promised": 3}).items():
            store.run(
                "INSERT INTO expected (report, desk, day, leaf, head, position, told) VALUES (?, 'legal', ?, x'00', '', ?, ?)",
                (report, LONG_AGO, position, LONG_AGO),
            )
        for _ in range(2):
            begin_log(store, TODAY)
            rows = store.rows("SELECT report, position, told FROM expected ORDER BY position IS NULL, position")
            assert [str(row[0]) for row in rows] == ["early", "late", "promised"]
            assert all(int(row[1]) < 0 for row in rows[:2])
            assert (rows[2][1], rows[2][2]) == (None, day_text(TODAY))
        assert (own_log(store), own_size(store)) == (None, 0)
