# SPDX-License-Identifier: Apache-2.0
"""The two secrets of one attached file: the identity that opens its blocks, and the key that names them.

Rules of this file: a device makes both, seals them in a report, and forgets them: what it sent it cannot open. A server must
not load this file.

Source: crypto/spec/file_identity.md.
"""

import hashlib
from typing import Final

from corncrake_crypto.block import BLOCK_KEY_LENGTH
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.recipients import Recipient

FILE_TAG_LENGTH: Final = 16


def file_tag(recipient: Recipient) -> str:
    r"""Return what names a file inside its blocks: base64url of SHA-256("corncrake.org/file/v1\n" ‖ recipient)[:16].

    Source: crypto/spec/file_identity.md §2.
    """
    return b64url(hashlib.sha256(b"corncrake.org/file/v1\n" + recipient.raw).digest()[:FILE_TAG_LENGTH])


class FileIdentity:
    """The secrets of one file.

    Attributes:
        identity: opens its blocks.
        block_key: 32 bytes; names them.
    """

    __slots__ = ("block_key", "identity")

    def __init__(self, identity: Identity, block_key: bytes) -> None:
        """Keep both.

        Raises:
            UsageError: `misuse`, when the block key has not 32 bytes.
        """
        if len(block_key) != BLOCK_KEY_LENGTH:
            raise UsageError(Failure.MISUSE, f"a block key has {BLOCK_KEY_LENGTH} bytes")
        self.identity = identity
        self.block_key = bytes(block_key)

    @classmethod
    def generate(cls) -> "FileIdentity":
        """Return new secrets."""
        return cls(Identity.generate(), random_bytes(BLOCK_KEY_LENGTH))

    @property
    def recipient(self) -> Recipient:
        """What blocks are sealed to."""
        return self.identity.recipient

    @property
    def tag(self) -> str:
        """What names the file inside its blocks."""
        return file_tag(self.recipient)

    def __repr__(self) -> str:
        """Return a form that hides both."""
        return f"FileIdentity({self.tag})"
