# SPDX-License-Identifier: Apache-2.0
"""When a server may delete a report, and by what a vault that has never seen it believes that it was so.

Rules of this file: one reviewer alone never suffices, and the server's word never does. Who must have acknowledged is said by one charter,
and which one that is by the log. Nothing here seals or opens, so that a server may load it.

Source: crypto/spec/deletion.md.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Annotated, Final

from msgspec import Meta

from corncrake_crypto.acknowledgement import MAX_REPORTS, Acknowledgement
from corncrake_crypto.charter import Charter, Desk
from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.fields import Hash, Id, Positive, Wire

LEAST: Final = 2
"""So many reviewers must have a report before it is deleted, whatever a charter says: a desk of one keeps all."""
PATIENCE: Final = timedelta(days=14)
"""From the acknowledgement that completed it to the deletion."""
MAX_BYTES: Final = 8 << 20
"""Bytes of `{"deletions": […]}`."""
MAX_GROUPS: Final = 10_000


class AcknowledgedIn(Wire, frozen=True, kw_only=True):
    """One acknowledgement: whose, and its number."""

    reviewer: Id
    number: Positive


class Deletion(Wire, frozen=True, kw_only=True):
    """Reports that were deleted together: by which charter, and which acknowledgements name them."""

    charter: Positive
    acknowledgements: Annotated[tuple[AcknowledgedIn, ...], Meta(min_length=LEAST, max_length=16)]
    reports: Annotated[tuple[Hash, ...], Meta(min_length=1, max_length=MAX_REPORTS)]


class _Deletions(Wire, frozen=True, kw_only=True):
    deletions: Annotated[tuple[Deletion, ...], Meta(max_length=MAX_GROUPS)]


def write_deletions(deletions: Iterable[Deletion]) -> bytes:
    """Return `{"deletions": […]}`."""
    return canonical(_Deletions(deletions=tuple(deletions)))


def read_deletions(raw: bytes) -> tuple[Deletion, ...]:
    """Return what `{"deletions": […]}` holds; nothing of it is verified.

    Raises:
        FileError: `size`; `json`, `not-canonical`.

    Source: crypto/spec/deletion.md §3.
    """
    if len(raw) > MAX_BYTES:
        raise FileError(Failure.SIZE, f"a list of deletions has at most {MAX_BYTES} bytes")
    return decode_canonical(raw, _Deletions).deletions


def suffices(desk: Desk, quorum: int | None, opened: Collection[str], aside: Collection[str]) -> bool:
    """Say whether enough reviewers have a report for it to be deleted.

    Args:
        desk: of the charter that counts.
        quorum: of that charter; None when it has none.
        opened: ids of the reviewers who have opened it.
        aside: ids of those who have it and cannot open it.

    Source: crypto/spec/deletion.md §2.
    """
    everybody = {reviewer.id for reviewer in desk.reviewers}
    if len(everybody) >= LEAST and everybody <= {*opened, *aside}:
        return True
    return quorum is not None and len(everybody & {*opened}) >= max(quorum, LEAST)


def check_deletion(charter: Charter, desk: str, report: str, position: int, acknowledgements: Iterable[Acknowledgement]) -> tuple[str, ...]:
    """Check that a report could be deleted, and return the ids of the reviewers who have it.

    Args:
        charter: the one that counts for this report; see crypto/spec/deletion.md §1.
        desk: the report's, as the log says.
        report: its id.
        position: of its commitment in the log.
        acknowledgements: opened by the identities that `charter` names; of each the log was found to be a state of the log that is followed.

    Raises:
        PeerError: `desk`, when the charter has no such desk; `too-few`, when too few of them name the report and had seen its commitment.

    Source: crypto/spec/deletion.md §2.
    """
    named = next((one for one in charter.desks if one.id == desk), None)
    if named is None:
        raise PeerError(Failure.DESK, "the charter has no such desk")
    counted = [one for one in acknowledgements if one.log.size > position]
    opened = {one.reviewer for one in counted if report in one.reports}
    aside = {one.reviewer for one in counted if report in one.aside}
    if not suffices(named, charter.quorum, opened, aside):
        raise PeerError(Failure.TOO_FEW, "too few reviewers have acknowledged this report for it to be deleted")
    return tuple(sorted((opened | aside) & {reviewer.id for reviewer in named.reviewers}))
