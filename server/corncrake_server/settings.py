# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an operator may set: one TOML file, or `CORNCRAKE_…` in the environment, which wins.

Rules of this file: every setting has a default that is safe, but the data folder and, to make a log, the origin. An unknown
setting is refused, in the file and in the environment: a misspelt one must not be silently without effect. So is a value with which
the server could not do its work.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.padding import LARGE_BLOCK_CLASS, MAX_RECIPIENTS, REPORT_CLASSES, wire_size

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "CORNCRAKE_"
_NOT_SETTINGS = frozenset(f"{PREFIX}{name}" for name in ("CONFIG", "PASSPHRASE", "SCREENSHOTS", "TEST_TIER", "TODAY", "WORDS"))
"""What other programs of ours are told in the environment, and where the settings are."""
_MOST_REPORT = wire_size(MAX_RECIPIENTS, REPORT_CLASSES[-1])
_MOST_BLOCK = wire_size(1, LARGE_BLOCK_CLASS)
MOST_PARCEL = 64 << 20
"""Bytes of an outbound parcel."""
_Count = Annotated[int, Meta(ge=1)]
_Seconds = Annotated[int, Meta(ge=1, le=86_400)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of one server process.

    Attributes:
        data_dir: folder of blocks, lock, log key and, for SQLite, the database. Mode 0700.
        database_url: an SQLAlchemy URL (`sqlite+aiosqlite` or `postgresql+asyncpg`); empty: SQLite in the data folder.
        origin: `https://host[:port]` as the charter has it; needed by `init`.
        key_dir: folder of the log key and the note of its last head; empty: the data folder. Outside any database backup.
        uds: path of the Unix socket to listen on; empty: a loopback port.
        port: loopback port when there is no socket.
        page_dir: folder of the built page to serve; empty: none.
        publish_at: `HH:MM` UTC of the daily publication; empty: only by command. Some minutes after midnight, so that what came
            before it is stored by then.
        witnesses: who is asked to cosign each head, and where: `NAME=ADDRESS`, several with commas between. NAME is the one in the charter;
            ADDRESS is `https://…`, or `unix:` and the path of a socket of this machine.
        body_seconds: longest time a report may take to come. The largest has 283 kB, so 1 kB a second is enough.
        block_seconds: the same for a block. With the largest block and a quarter of an hour, 4.6 kB a second are enough.
        body_bytes_per_second: least mean rate, bytes a second, after `body_grace_seconds`.
        body_grace_seconds: seconds before the rate counts.
        reports_held: bytes of memory for reports that come or wait to be stored, at least the largest report. When it is used
            up, the slowest are given up.
        blocks_held: bytes of the data folder's disk for blocks that come and are not stored yet, at least
            the largest block; in the same way.
        parcels_held: bytes of disk for parcels that come, at least the largest parcel; in the same way.
        disk_reserve: bytes that blocks and parcels must leave free; reports may use seven eighths of them.
        block_store: where sealed blocks of files lie: `files` in the data folder, or `s3`. The other `s3_` settings are for that;
            credentials come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`) and from nowhere else.
        blocks_most: bytes that all blocks together may take; 0: no limit but the disk, and with a bucket none at all.
        block_days: days after which blocks go that no reviewer waits for; 7 to 36,500.
        s3_bucket: name of the bucket.
        s3_endpoint: `https://host[:port]` of the service; empty: Amazon's for the region.
        s3_region: of the bucket.
        s3_prefix: what the names of our objects begin with; the bucket holds nothing else there.
        batch_reports: most reports in one transaction.
        busy_seconds: when more reports wait than are stored in so many seconds, those that come are asked for stamps.
        reports_per_second: most reports that are stored in a second; 0: as many as the disk takes. For a disk that others need too.
        graceful_seconds: how long a stop waits for requests under way.
    """

    data_dir: str
    database_url: str = ""
    origin: str = ""
    key_dir: str = ""
    uds: str = ""
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8642
    page_dir: str = ""
    publish_at: str = "00:15"
    witnesses: str = ""
    body_seconds: _Seconds = 300
    block_seconds: _Seconds = 900
    body_bytes_per_second: _Count = 1024
    body_grace_seconds: _Seconds = 5
    reports_held: Annotated[int, Meta(ge=_MOST_REPORT)] = 32 * 1024 * 1024
    blocks_held: Annotated[int, Meta(ge=_MOST_BLOCK)] = 1024 * 1024 * 1024
    parcels_held: Annotated[int, Meta(ge=MOST_PARCEL)] = 256 * 1024 * 1024
    disk_reserve: Annotated[int, Meta(ge=0)] = 256 * 1024 * 1024
    block_store: Literal["files", "s3"] = "files"
    blocks_most: Annotated[int, Meta(ge=0)] = 0
    block_days: Annotated[int, Meta(ge=7, le=36_500)] = 60
    s3_bucket: str = ""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_prefix: str = "blocks"
    batch_reports: _Count = 64
    busy_seconds: Annotated[int, Meta(ge=1, le=10)] = 2
    reports_per_second: Annotated[int, Meta(ge=0)] = 0
    graceful_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 5

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.data_dir)

    @property
    def keys(self) -> Path:
        """The folder of the log key."""
        return Path(self.key_dir) if self.key_dir else self.data

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data.absolute()}/corncrake.sqlite3"


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    given = {key: value for key, value in environment.items() if key.startswith(PREFIX) and key not in _NOT_SETTINGS}
    settings = {key.removeprefix(PREFIX).lower(): value for key, value in given.items()}
    if unknown := sorted(key for key in given if key.removeprefix(PREFIX).lower() not in Settings.__struct_fields__):
        # The value is not said: it may be a secret under a wrong name.
        raise UsageError(Failure.MISUSE, f"the environment has settings that there are not: {', '.join(unknown)}")
    return settings


def load_settings(config: Path | None, overrides: Mapping[str, object], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of file, environment and command line; the later wins.

    Args:
        config: a TOML file, or None.
        overrides: what the command line said; None values are as if not said.
        environment: usually the process's own.

    Raises:
        UsageError: `misuse`: no data folder, an unknown setting, or a value of the wrong type or
            out of bounds.
    """
    values: dict[str, object] = {}
    if config is not None:
        try:
            values.update(tomllib.loads(config.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise UsageError(Failure.MISUSE, f"the settings file cannot be read: {error}") from error
    values.update(_from_environment(os.environ if environment is None else environment))
    values.update({key: value for key, value in overrides.items() if value is not None})
    if "data_dir" not in values:
        raise UsageError(Failure.MISUSE, "there is no data folder: name the file of settings with --config FILE, or the folder with --data FOLDER")
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(Failure.MISUSE, f"the settings are not right: {error}") from error
