# SPDX-License-Identifier: Apache-2.0
"""Stamps: work that a client has done for one report, so that a loaded server takes it before others.

Rules of this file: a stamp names the report that it is for, by its id, and is good for nothing else. It is made by the client alone. What
it is worth is how many zero bits its hash begins with; whether its day and charter are those of now is for the server to say.

Source: crypto/spec/stamp.md.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.errors import Failure, FileError

DAYS_AROUND: Final = 2
"""Days that a stamp's day may lie before or after the server's."""
STEPS: Final = 3
MAX_NONCE: Final = 2**53 - 1
_FIRST_LINE: Final = "corncrake.org/stamp/v1\n"
_FORM: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{64})\.([0-9a-f]{16})")
_DIGEST_BITS: Final = 256


class Stamp(NamedTuple):
    """For report `id` (64 characters of hex), made on `day`; `nonce` was searched for."""

    day: date
    id: str
    nonce: int


def stamp_text(stamp: Stamp) -> str:
    """Return a stamp as it stands in a request: day, report id, nonce as 16 characters of hex, joined by dots."""
    return f"{day_text(stamp.day)}.{stamp.id}.{stamp.nonce:016x}"


def parse_stamp(text: str) -> Stamp:
    """Return the stamp of a request; what it is worth is for `zero_bits` to say.

    Raises:
        FileError: `encoding`, when it has not its one form.

    Source: crypto/spec/stamp.md §2.
    """
    found = _FORM.fullmatch(text)
    if found is None or int(found[3], 16) > MAX_NONCE:
        raise FileError(Failure.ENCODING, "this is no stamp")
    return Stamp(parse_day(found[1]), found[2], int(found[3], 16))


def _base(origin: str, charter: str, day: date, report: str) -> bytes:
    return hashlib.sha256(f"{_FIRST_LINE}{origin}\n{day_text(day)}\n{charter}\n{report}\n".encode()).digest()


def _leading_zeros(digest: bytes) -> int:
    return _DIGEST_BITS - int.from_bytes(digest, "big").bit_length()


def zero_bits(stamp: Stamp, origin: str, charter: str) -> int:
    """Return how many zero bits the hash of a stamp begins with.

    Args:
        stamp: as it came.
        origin: the server's, as its charter has it.
        charter: SHA-256 of the charter's text, hex.

    Source: crypto/spec/stamp.md §1.
    """
    return _leading_zeros(hashlib.sha256(_base(origin, charter, stamp.day, stamp.id) + stamp.nonce.to_bytes(8, "big")).digest())


def step_paid(bits: int, steps: Sequence[int] | None) -> int:
    """Return the highest step that so many zero bits pay for: 1 to 3, 0 for none, or where the charter has no steps."""
    return sum(bits >= wanted for wanted in steps or ())


class Search:
    """A search for a stamp. Nonces are tried from 0 on, so that a higher step goes on where a lower one ended."""

    def __init__(self, origin: str, charter: str, day: date, report: str) -> None:
        """Search a stamp for report id `report` under the charter with this SHA-256, both hex."""
        self._day = day
        self._report = report
        self._base = _base(origin, charter, day, report)
        self.tried = 0

    def run(self, bits: int, most: int) -> Stamp | None:
        """Try at most `most` further nonces; return the first stamp with `bits` zero bits, or None.

        `tried` says afterwards how many were tried in all.
        """
        base, below = self._base, 1 << (_DIGEST_BITS - bits)
        for nonce in range(self.tried, min(self.tried + most, MAX_NONCE)):
            if int.from_bytes(hashlib.sha256(base + nonce.to_bytes(8, "big")).digest(), "big") < below:
                self.tried = nonce + 1
                return Stamp(self._day, self._report, nonce)
        self.tried = min(self.tried + most, MAX_NONCE)
        return None
