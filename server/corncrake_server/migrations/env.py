# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alembic's entry: runs on the connection that `storage.schema` hands over."""

from alembic import context

from corncrake_server.storage.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
