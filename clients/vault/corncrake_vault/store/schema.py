# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of a vault, one step after the other.

Rules of this file: a step that was ever released is never edited; a change is a new step. Steps run in one transaction each.
`user_version` of the database says how many have run. Everything lies in one SQLCipher file, so that an import is one
transaction: sealed reports and blocks too, which keep their seal inside it.
"""

from __future__ import annotations

from typing import Final

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        # Single values: reviewer, root, identity, organisation key, counters, checkpoint, frontier.
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        # The notes of prekeys outlive their secrets; a secret is a row of its own so that it can be deleted whole.
        "CREATE TABLE prekeys (epoch INTEGER, number INTEGER, note BLOB NOT NULL, PRIMARY KEY (epoch, number))",
        "CREATE TABLE prekey_secrets (epoch INTEGER, number INTEGER, seed BLOB NOT NULL, PRIMARY KEY (epoch, number))",
        "CREATE TABLE charters (sequence INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, note BLOB NOT NULL)",
        "CREATE TABLE forms (sha256 TEXT PRIMARY KEY, raw BLOB NOT NULL)",
        # Every leaf of the log, so that a later parcel that overlaps can be compared.
        "CREATE TABLE leaves (position INTEGER PRIMARY KEY, hash BLOB NOT NULL, opened INTEGER NOT NULL)",
        # What the server has promised or the log has shown: reports of own desks that must come. `head` is the hash of the
        # checkpoint under which a receipt was seen; `position` is the leaf, once it is known.
        (
            "CREATE TABLE expected (report TEXT PRIMARY KEY, desk TEXT NOT NULL, day TEXT NOT NULL, leaf BLOB NOT NULL,"
            " head TEXT NOT NULL, position INTEGER)"
        ),
        "CREATE TABLE parcels (sha256 TEXT PRIMARY KEY, sender TEXT NOT NULL, number INTEGER NOT NULL, day TEXT NOT NULL)",
        "CREATE TABLE reports (id TEXT PRIMARY KEY, desk TEXT NOT NULL, day TEXT NOT NULL, sealed BLOB NOT NULL, failure TEXT)",
        (
            "CREATE TABLE threads (number INTEGER PRIMARY KEY, thread TEXT NOT NULL, desk TEXT NOT NULL, reply_tag BLOB NOT NULL,"
            " recipient BLOB NOT NULL, language TEXT NOT NULL, state TEXT NOT NULL, last_day TEXT NOT NULL, UNIQUE (thread, desk))"
        ),
        (
            "CREATE TABLE messages (number INTEGER PRIMARY KEY, thread INTEGER NOT NULL REFERENCES threads, report TEXT NOT NULL,"
            " message TEXT NOT NULL, day TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (thread, message))"
        ),
        (
            "CREATE TABLE blocks (id TEXT PRIMARY KEY, message INTEGER NOT NULL REFERENCES messages, file INTEGER NOT NULL,"
            " place INTEGER NOT NULL, sealed BLOB, state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0)"
        ),
        "CREATE INDEX blocks_of_file ON blocks (message, file, place)",
        "CREATE INDEX leaves_by_hash ON leaves (hash)",
        "CREATE TABLE replies (number INTEGER PRIMARY KEY, thread INTEGER NOT NULL REFERENCES threads, day TEXT NOT NULL, text TEXT NOT NULL)",
    ),
    (
        # `asked_in`: the export that asked for the block last. `tries` counts how often it was asked for, looked for, and did not come.
        "ALTER TABLE blocks ADD COLUMN asked_in INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX blocks_not_here ON blocks (message) WHERE sealed IS NULL",
        # `told`: the day on which this vault first knew of the report. `more`: the parcel's courier had more to bring.
        "ALTER TABLE expected ADD COLUMN told TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE parcels ADD COLUMN more INTEGER NOT NULL DEFAULT 0",
        # Reports of other desks that openings or receipts have vouched for: couriers carry them along.
        "CREATE TABLE others (report TEXT PRIMARY KEY) WITHOUT ROWID",
    ),
)
