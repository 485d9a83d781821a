# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person hands to a command: small files, shares read from paper, a yes.

Rules of this file: everything is bounded. Nothing is asked for that a file was given for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TextIO

from corncrake_crypto.errors import Failure, UsageError
from corncrake_vault.organisation.shares import MAX_SHARES, check_share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHARE_MAX: Final = 1_024
_LINE_MAX: Final = 4_096


def read_small(path: Path, most: int) -> bytes:
    """Return the bytes of a small file a person named.

    Raises:
        UsageError: `misuse`, when it cannot be read or is larger than `most` bytes.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{path.name} cannot be read: {error.strerror}") from error
    if len(raw) > most:
        raise UsageError(Failure.MISUSE, f"{path.name} is larger than {most} bytes")
    return raw


def read_shares(files: Sequence[Path], stdin: TextIO, needed: int | None) -> list[str]:
    """Return shares from files, or else line by line as they are typed: `needed` of them, or up to an empty line.

    Raises:
        UsageError: `misuse`: a file cannot be read, or none was given; `checksum`: a share in a file, or the last that was typed, is not one.
    """
    shares = [_share_in(path) for path in files] if files else _typed_shares(stdin, needed)
    if not shares:
        raise UsageError(
            Failure.MISUSE, "no share was given: type the words of each share in one line, or name files with --share; nothing was changed"
        )
    return shares


def _share_in(path: Path) -> str:
    share = read_small(path, SHARE_MAX).decode("ascii", "replace")
    try:
        check_share(share)
    except UsageError as error:
        raise UsageError(error.failure, f"{path.name}: {error.detail}; nothing was changed") from error
    return share


def _typed_shares(stdin: TextIO, needed: int | None) -> list[str]:
    """Ask for shares one by one; one that cannot be right is asked for again, so that nobody types the others twice."""
    shares, wrong = list[str](), None
    while len(shares) < (needed or MAX_SHARES):
        of = f" of {needed}" if needed else ", or an empty line after the last"
        print(f"Share {len(shares) + 1}{of}, its words in one line:", file=sys.stderr)
        share = " ".join(stdin.readline(_LINE_MAX).lower().split())
        if not share:
            break
        wrong = _wrong_with(share, shares)
        if wrong is None:
            shares.append(share)
        else:
            print(f"This is not the share: {wrong}. Type it once more.", file=sys.stderr)
    if wrong is not None:
        raise UsageError(Failure.CHECKSUM, f"share {len(shares) + 1} was not right: {wrong}; nothing was changed")
    return shares


def _wrong_with(share: str, others: Sequence[str]) -> str | None:
    if share in others:
        return "it was typed already"
    try:
        check_share(share)
    except UsageError as error:
        return error.detail
    return None


def agrees(stdin: TextIO) -> None:
    """Wait for the word yes.

    Raises:
        UsageError: `misuse`, when something else was typed.
    """
    if stdin.readline(_LINE_MAX).strip().lower() not in {"yes", "sí", "si"}:
        raise UsageError(Failure.MISUSE, "this was not a yes; nothing was changed")
