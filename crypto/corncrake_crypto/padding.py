# SPDX-License-Identifier: Apache-2.0
"""Size classes: how long a sealed object's plaintext may be, and how long it is then on the wire.

Rules of this file: a class is a length of *plaintext* in bytes, a multiple of 512, so that it does not depend on how many
reviewers a desk has. Every constant about sizes stands here and nowhere else.

Source: crypto/spec/padding.md; C2SP age.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import Failure, FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

REPORT_CLASSES: Final = (12_288, 61_440, 258_048)
REPLY_CLASS: Final = 6_144
BLOCK_CLASS: Final = 260_096
LARGE_BLOCK_CLASS: Final = 4_190_208
MAX_RECIPIENTS: Final = 16

# What an age file with hybrid stanzas adds: first and last header line, one stanza, payload nonce, one tag for each chunk.
HEADER_FRAME: Final = 70
STANZA_LENGTH: Final = 1_557
NONCE_LENGTH: Final = 16
CHUNK_LENGTH: Final = 65_536
TAG_LENGTH: Final = 16


def wire_size(recipients: int, plaintext: int) -> int:
    """Return the length in bytes of the age file that seals `plaintext` bytes to `recipients` hybrid recipients.

    Args:
        recipients: 1 to `MAX_RECIPIENTS`.
        plaintext: length in bytes; an empty plaintext still has one (empty) chunk.

    Raises:
        UsageError: `misuse`, when either number is out of its range.

    Source: crypto/spec/padding.md §2.
    """
    if not 1 <= recipients <= MAX_RECIPIENTS:
        raise UsageError(Failure.MISUSE, f"a sealed object has 1 to {MAX_RECIPIENTS} recipients")
    if plaintext < 0:
        raise UsageError(Failure.MISUSE, "a length is not negative")
    chunks = max(1, -(-plaintext // CHUNK_LENGTH))
    return HEADER_FRAME + STANZA_LENGTH * recipients + NONCE_LENGTH + plaintext + TAG_LENGTH * chunks


def class_for(content_length: int, classes: Sequence[int]) -> int:
    """Return the smallest of `classes` that holds `content_length` bytes.

    Args:
        content_length: bytes of the archive before the fill beyond its own end, the 1,024 closing zeros included.
        classes: in rising order.

    Raises:
        UsageError: `size`, when none is large enough.

    Source: crypto/spec/padding.md §1.
    """
    for size in classes:
        if content_length <= size:
            return size
    raise UsageError(Failure.SIZE, f"{content_length} bytes do not fit into the largest class, {max(classes)} bytes")


def plaintext_class_of(wire_length: int, recipients: int, classes: Sequence[int]) -> int:
    """Return the class whose sealed form for `recipients` is exactly `wire_length` bytes.

    Raises:
        FileError: `size`, when there is none.

    Source: crypto/spec/padding.md §2.
    """
    for size in classes:
        if wire_size(recipients, size) == wire_length:
            return size
    raise FileError(Failure.SIZE, f"{wire_length} bytes are no class of a sealed object with {recipients} recipients")
