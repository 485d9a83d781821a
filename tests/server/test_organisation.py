# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked of the database, and what is not."""

import asyncio
from pathlib import Path

import pytest

from corncrake_crypto.errors import StoreError
from corncrake_crypto.prekeys import epoch_days
from corncrake_server.services.organisation import Organisation
from corncrake_server.storage.database import Database
from corncrake_server.storage.documents import SqlDocuments
from tests.server.tree import SetClock

NOW = 100
FAR, NEAR = (0, NOW - 27, NOW + 27, 1 << 30), (NOW - 26, NOW, NOW + 26)


@pytest.mark.parametrize(("epoch", "asked"), [*((epoch, False) for epoch in FAR), *((epoch, True) for epoch in NEAR)])
def test_prekeys_of_a_week_that_is_far_away_are_not_asked_for(tmp_path: Path, epoch: int, asked: bool) -> None:
    # It has no tables: whoever asks it gets an error.
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/database")
    organisation = Organisation(SqlDocuments(database), SetClock(epoch_days(NOW)[0]))

    async def work() -> None:
        try:
            if asked:
                with pytest.raises(StoreError):
                    await organisation.prekeys(epoch)
            else:
                assert list(await organisation.prekeys(epoch)) == []
        finally:
            await database.close()

    asyncio.run(work())
