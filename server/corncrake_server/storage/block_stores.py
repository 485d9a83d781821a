# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store of blocks that the settings name.

Rules of this file: nothing is asked of a store here, so that a server starts, and takes reports, while its bucket cannot be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_server.storage.file_blocks import FileBlocks

if TYPE_CHECKING:
    from corncrake_server.ports.blocks import Blocks
    from corncrake_server.settings import Settings
    from corncrake_server.storage.files import FileSpool


def open_blocks(settings: Settings, spool: FileSpool) -> Blocks:
    """Return the store of blocks.

    Raises:
        UsageError: `misuse`: the settings of the bucket are not right.
    """
    if settings.block_store == "files":
        return FileBlocks(settings.data / "blocks", settings.disk_reserve)
    # Loaded only where it is used: a library of 12 MB that reaches the network.
    from corncrake_server.storage.s3_blocks import S3Blocks, open_bucket  # noqa: PLC0415

    return S3Blocks(open_bucket(settings), spool)
