# SPDX-License-Identifier: AGPL-3.0-or-later
"""A store that an older version has written, and two commands that open it at the same time."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Barrier, Thread
from typing import TYPE_CHECKING

from corncrake_vault.organisation.shares import newest_set
from corncrake_vault.store.database import DATABASE_FILE, Store
from corncrake_vault.store.schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pytest

KEY = bytes(32)


def test_two_commands_that_bring_an_older_store_up_to_date_at_once_both_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / DATABASE_FILE
    with monkeypatch.context() as older:
        older.setattr("corncrake_vault.store.database.STEPS", STEPS[:-1])
        with Store(path, KEY) as store, store.transaction():
            store.run("INSERT INTO share_sets (what, name, key, needed, made, destroy_after) VALUES ('organisation', '', 'key', 2, 3, '')")
    together, transaction, opened = Barrier(2), Store.transaction, list[bool]()

    @contextmanager
    def after_both_have_looked(store: Store) -> Generator[None]:
        together.wait(timeout=60)
        with transaction(store):
            yield

    def open_store() -> None:
        with Store(path, KEY) as store:
            found = newest_set(store, "key")
            opened.append(found is not None and not found.mark)

    monkeypatch.setattr(Store, "transaction", after_both_have_looked)
    commands = [Thread(target=open_store) for _ in range(2)]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert opened == [True, True]
