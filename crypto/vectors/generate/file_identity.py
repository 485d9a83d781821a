# SPDX-License-Identifier: Apache-2.0
"""Cases of file_identity.md."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from organisation import Case, recipient, seed, url

from corncrake_crypto.identities import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator


def cases() -> Iterator[Case]:
    """All of them."""
    for label in ("file", "other file"):
        digest = hashlib.sha256(b"corncrake.org/file/v1\n" + Identity.from_seed(seed(label)).recipient.raw).digest()
        base = {"what": "the tag of a file", "do": "file_tag", "failure": None, "recipient": recipient(label)}
        yield f"tag_{label.replace(' ', '_')}", base | {"expected_text": url(digest[:16])}
