# SPDX-License-Identifier: AGPL-3.0-or-later
"""A drill: would the paper open what it is for?

Rules of this file: a drill proves itself or fails; it keeps nothing. The shares must give the key that the charter names, one share less must give
nothing, and something sealed now to the charter's key must open with what the paper gave.

Source: crypto/spec/seal.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import CorncrakeError, Failure, UsageError
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.seal import seal
from corncrake_crypto.unseal import unseal
from corncrake_vault.organisation.shares import combine
from corncrake_vault.recovery.keys import check_fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.charter import Recovery

_PROBE: Final = 4_096


def one_less_gives_nothing(shares: Sequence[str]) -> None:
    """Check that no set of shares with one share less gives anything back.

    Raises:
        UsageError: `checksum`, when one does: fewer people than agreed could read.
    """
    for left_out in range(len(shares)):
        rest = [share for place, share in enumerate(shares) if place != left_out]
        try:
            combine(rest)
        except UsageError:
            continue
        again = "'organisation shares', or 'organisation recovery --replace'"
        raise UsageError(Failure.CHECKSUM, f"fewer shares than agreed give the key back: make a new set ({again}), and destroy this one")


def drill(entry: Recovery, shares: Sequence[str]) -> list[str]:
    """Try a desk's shares for a quarter, and say what was proven.

    Raises:
        UsageError: `checksum`: they do not go together, are of another key, or one less would do.
        CorncrakeError: what was sealed to the charter's key did not open.
    """
    identity = check_fits(entry, combine(shares))
    one_less_gives_nothing(shares)
    probe = random_bytes(_PROBE)
    opened = unseal(seal(probe, [Recipient.from_text(entry.recipient)]), [identity])
    if opened != probe:
        raise CorncrakeError(Failure.PAYLOAD, "what was sealed to the charter's key came out as something else")
    return [
        f"{len(shares)} shares gave back the recovery key of {entry.quarter}, number {entry.number}, that the charter names",
        "with one of them fewer, nothing came back",
        f"{_PROBE} random bytes, sealed to the charter's key just now, opened with it",
    ]
