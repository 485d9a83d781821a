# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, and whose fault it is.

Rules of this file: an error has one *type*, which says at whose door the fault lies, and one *failure*, a word of the closed
set below. The word is the same in Python, in TypeScript and in the vectors; callers branch on it and never on message text.
A new word needs a vector that produces it, or a test where it only shows over time.

Source: crypto/spec/errors.md.
"""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """The closed set of failure classes."""

    # An age file. The words are those of the public age test suite (C2SP CCTV).
    ARMOR = "armor"
    HEADER = "header"
    HMAC = "hmac"
    NO_MATCH = "no-match"
    PAYLOAD = "payload"
    # Any encoding.
    ENCODING = "encoding"
    JSON = "json"
    NOT_CANONICAL = "not-canonical"
    ARCHIVE = "archive"
    SIZE = "size"
    KIND = "kind"
    # Notes and their signatures.
    NOTE = "note"
    SIGNATURE = "signature"
    # Charter and prekeys.
    ROOT = "root"
    SUCCESSION = "succession"
    ORIGIN = "origin"
    DESK = "desk"
    ROLLBACK = "rollback"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EQUIVOCATION = "equivocation"
    EPOCH = "epoch"
    TOO_FEW = "too-few"
    CHARTER = "charter"
    # Words of a codename.
    WORD = "word"
    CHECKSUM = "checksum"
    # The log.
    PROOF = "proof"
    SHRUNKEN = "shrunken"
    FORK = "fork"
    FROZEN = "frozen"
    WITHHELD = "withheld"
    # Replies and editions.
    THREAD = "thread"
    EDITION = "edition"
    # Files and blocks.
    BLOCK = "block"
    INCOMPLETE = "incomplete"
    # Parcels.
    ALTERED = "altered"
    REPEATED = "repeated"
    SHORTENED = "shortened"
    RANGE = "range"
    # Ours, and the store's.
    MISUSE = "misuse"
    STORE = "store"


class CorncrakeError(Exception):
    """The base of every error of this package.

    Attributes:
        failure: the failure class; what callers and vectors compare.
        detail: one sentence for a person or a log; never a secret, never content.
    """

    def __init__(self, failure: Failure, detail: str) -> None:
        """Keep the class and the sentence."""
        super().__init__(f"{failure.value}: {detail}")
        self.failure = failure
        self.detail = detail


class FileError(CorncrakeError):
    """The bytes are not what they must be: cut, damaged, or not the one encoding."""


class PeerError(CorncrakeError):
    """The bytes are well formed, but whoever made or carried them has broken the protocol."""


class UsageError(CorncrakeError):
    """The caller, or the person before the screen, asked for what cannot be."""


class StoreError(CorncrakeError):
    """Disk or database did not do what was asked of it."""
