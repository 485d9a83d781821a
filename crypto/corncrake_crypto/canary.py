# SPDX-License-Identifier: Apache-2.0
"""The slip beside a canary: what whoever posts it must know of a sealed report that they cannot open.

Rules of this file: it says nothing that the server does not learn when the canary is posted.

Source: crypto/spec/canary.md.
"""

from typing import Final

from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import Hash, Id, Natural, Wire
from corncrake_crypto.padding import MAX_RECIPIENTS, REPORT_CLASSES, plaintext_class_of
from corncrake_crypto.receipt import report_id

MAX_SLIP: Final = 512
"""Bytes of a slip, its newline included."""
CANARY_CLASS: Final = REPORT_CLASSES[0]
"""Of a canary's plaintext: the class of nearly all reports."""


class Slip(Wire, frozen=True, kw_only=True):
    """To which desk and in which epoch a canary is posted, and the SHA-256 of its bytes."""

    desk: Id
    epoch: Natural
    id: Hash


def write_slip(slip: Slip) -> bytes:
    """Return one line of canonical JSON, with its newline."""
    return canonical(slip) + b"\n"


def read_slip(raw: bytes) -> Slip:
    """Return what a slip says.

    Raises:
        FileError: `size`; `encoding`, when it is not one line; `json`, `not-canonical`.

    Source: crypto/spec/canary.md §2.
    """
    if len(raw) > MAX_SLIP:
        raise FileError(Failure.SIZE, f"a canary's slip has at most {MAX_SLIP} bytes")
    if not raw.endswith(b"\n"):
        raise FileError(Failure.ENCODING, "a canary's slip ends with a newline")
    return decode_canonical(raw[:-1], Slip)


def check_canary(slip: Slip, sealed: bytes, recipients: int) -> None:
    """Check that a canary is whole, and looks like a report that is sealed to so many.

    Args:
        slip: what stands beside it.
        sealed: the age file.
        recipients: how many a reporter would seal to at this desk and in this epoch; 1 to 16.

    Raises:
        PeerError: `altered`, when these are other bytes than were made.
        FileError: `size`, when a report to so many is longer or shorter: it would stand out.

    Source: crypto/spec/canary.md §2.
    """
    if report_id(sealed) != slip.id:
        raise PeerError(Failure.ALTERED, "the canary has other bytes than its slip says")
    if not 1 <= recipients <= MAX_RECIPIENTS or plaintext_class_of(len(sealed), recipients, REPORT_CLASSES) != CANARY_CLASS:
        raise FileError(Failure.SIZE, "the canary is sealed to another number of keys than a report is now: it would stand out")
