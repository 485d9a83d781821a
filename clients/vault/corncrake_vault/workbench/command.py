# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command `view`.

Rules of this file: as `thread_commands`. It loads a web server, so that only who says `view` loads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.errors import Failure, UsageError
from corncrake_vault.terminal import Outcome
from corncrake_vault.threads.reading import find_thread
from corncrake_vault.workbench.exhibits import Exhibits
from corncrake_vault.workbench.serving import MAX_MINUTES, view

if TYPE_CHECKING:
    import argparse

    from corncrake_vault.vault import Vault


def run_view(vault: Vault, said: argparse.Namespace) -> Outcome:
    """Show a thread's files in a browser until it ends.

    Raises:
        UsageError: `thread`: there is no such thread or file; `misuse`: minutes out of range.
    """
    thread = find_thread(vault.store, said.thread)
    if not 1 <= said.idle_minutes <= MAX_MINUTES:
        raise UsageError(Failure.MISUSE, f"it ends after 1 to {MAX_MINUTES} idle minutes")
    if said.file is not None and Exhibits(vault, thread).one(said.file) is None:
        raise UsageError(Failure.THREAD, f"thread {thread} has no file {said.file}; 'view {thread}' lists all")
    why = view(vault, thread, said.file, said.idle_minutes, browser=said.open)
    return Outcome(f"The viewer has ended: {why}.", next=f"save {thread} FOLDER", data={"thread": thread, "ended": why})
