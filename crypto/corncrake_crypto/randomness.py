# SPDX-License-Identifier: Apache-2.0
"""The only source of randomness in this package; import-linter holds every other module to that.

HPKE's own ephemeral keys come from inside `cryptography`, out of reach of the caller.
"""

from __future__ import annotations

from secrets import token_bytes


def random_bytes(count: int) -> bytes:
    """Return `count` bytes from the operating system's generator."""
    return token_bytes(count)
