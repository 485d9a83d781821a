# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of a vault, one step after the other.

Rules of this file: a step that was ever released is never edited; a change is a new step. Steps run in one transaction each.
`user_version` of the database says how many have run. Everything but sealed blocks lies in one SQLCipher file, so that an import is one
transaction: sealed reports too, which keep their seal inside it. Blocks lie beside it, as files (`block_files.py`).
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
    (
        # Blocks became files. Those that were rows are asked for again: no version that kept them so was ever released.
        "DROP INDEX blocks_not_here",
        "UPDATE blocks SET state = 'waiting' WHERE state = 'here'",
        "ALTER TABLE blocks DROP COLUMN sealed",
        # `length`: bytes of the file in a block that is here. `mark`: what it says of itself: `last`, `fill`, or nothing.
        "ALTER TABLE blocks ADD COLUMN length INTEGER",
        "ALTER TABLE blocks ADD COLUMN mark TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX blocks_not_here ON blocks (message) WHERE state <> 'here'",
        # A file as its report says. `total`: of blocks, dummies included; `blocks`: with data; both unknown while a recording has no end.
        # `ended`: how the end of a recording is known: `last` or `closed`. `made`: for how many of its blocks there are rows.
        # `checked`: what its hash was when all of it had come: `right`, `unsigned` or `other`; with the day, and by what.
        (
            "CREATE TABLE files (message INTEGER NOT NULL REFERENCES messages, file INTEGER NOT NULL, tag TEXT, class INTEGER NOT NULL,"
            " total INTEGER, blocks INTEGER, size INTEGER, sha256 TEXT, ended TEXT, made INTEGER NOT NULL DEFAULT 0, checked TEXT,"
            " checked_sha256 TEXT, checked_size INTEGER, checked_day TEXT, checked_by TEXT, PRIMARY KEY (message, file)) WITHOUT ROWID"
        ),
        "CREATE INDEX files_by_hash ON files (checked_sha256) WHERE checked_sha256 IS NOT NULL",
        # Made here out of a file: what, from which, by what. `body` has the keys of its own sealed blocks; without it, `failure` says why.
        (
            "CREATE TABLE derivatives (number INTEGER PRIMARY KEY, message INTEGER NOT NULL, file INTEGER NOT NULL, kind TEXT NOT NULL,"
            " page INTEGER NOT NULL, tool TEXT NOT NULL, version TEXT NOT NULL, parent_sha256 TEXT NOT NULL, day TEXT NOT NULL, body BLOB,"
            " pages INTEGER, likeness TEXT, failure TEXT, FOREIGN KEY (message, file) REFERENCES files, UNIQUE (message, file, kind, page))"
        ),
        "CREATE TABLE derived_blocks (id TEXT PRIMARY KEY, derivative INTEGER NOT NULL REFERENCES derivatives, place INTEGER NOT NULL) WITHOUT ROWID",
    ),
    (
        # Secrets on paper: how many shares, of which key, until when they may exist. The shares themselves are never here.
        (
            "CREATE TABLE share_sets (number INTEGER PRIMARY KEY, what TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, needed INTEGER NOT NULL,"
            " made INTEGER NOT NULL, destroy_after TEXT NOT NULL, tested INTEGER NOT NULL DEFAULT 0, destroyed INTEGER NOT NULL DEFAULT 0)"
        ),
        # Given back by shares when vaults were lost, until the paper's own time is over.
        (
            "CREATE TABLE recovery_secrets (desk TEXT NOT NULL, number INTEGER NOT NULL, seed BLOB NOT NULL, destroy_after TEXT NOT NULL,"
            " PRIMARY KEY (desk, number))"
        ),
    ),
    (
        # Where the log has charters: the last before a report says who must have it before it may be deleted.
        "CREATE TABLE charter_leaves (position INTEGER PRIMARY KEY, sha256 TEXT NOT NULL)",
        # Reports that the server has deleted, verified; `by`: whose acknowledgements said so.
        "CREATE TABLE deleted (report TEXT PRIMARY KEY, acknowledged_by TEXT NOT NULL) WITHOUT ROWID",
        # What this reviewer holds: `desk`, `thread` (its number) or `report`.
        "CREATE TABLE holds (kind TEXT NOT NULL, target TEXT NOT NULL, day TEXT NOT NULL, PRIMARY KEY (kind, target)) WITHOUT ROWID",
    ),
    (
        # Prekeys of all reviewers as the newest parcel brought them: what a reporter is given now.
        "CREATE TABLE prekeys_there (place INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, reviewer TEXT NOT NULL, note BLOB NOT NULL)",
        # Canaries that were given to somebody to post. `dropped`: a person has said that this one is not waited for any more.
        (
            "CREATE TABLE canaries (number INTEGER PRIMARY KEY, report TEXT NOT NULL UNIQUE, desk TEXT NOT NULL, epoch INTEGER NOT NULL,"
            " day TEXT NOT NULL, dropped INTEGER NOT NULL DEFAULT 0)"
        ),
    ),
    (
        # What all shares of a set have in common, and no two sets: nothing secret. Empty in sets from before.
        "ALTER TABLE share_sets ADD COLUMN mark TEXT NOT NULL DEFAULT ''",
    ),
)
