# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making canaries: reports of nobody, sealed as a reporter would seal them now, for somebody to post from elsewhere.

Rules of this file: a canary is sealed to the prekeys that the server gives, by the same function as a reporter's, and never to others, or it would
look different. Its secrets are made and let go of: nobody writes in its thread again. What is remembered of one is committed
only when its files are written.

Source: crypto/spec/canary.md.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.canary import Slip, check_canary, write_slip
from corncrake_crypto.encoding import b64url, day_text
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError, UsageError
from corncrake_crypto.identities import Identity
from corncrake_crypto.note import read_document, unverified_text
from corncrake_crypto.prekeys import KIND, Chosen, Prekey, choose_recipients, epoch_days, epoch_of
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import report_id
from corncrake_crypto.report import ReportDraft, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.store.folders import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from corncrake_crypto.charter import Desk, OpenedCharter
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

MOST_AT_ONCE: Final = 64


class Made(NamedTuple):
    """One canary: its number here, its id as a report, and its file."""

    number: int
    report: str
    file: Path


class Batch(NamedTuple):
    """Canaries that were made together, and the first and last day on which they may be posted."""

    canaries: tuple[Made, ...]
    first: date
    last: date


def keep_prekeys(store: Store, notes: Iterable[bytes]) -> None:
    """Keep the prekeys of all reviewers in place of those kept before; inside a transaction. They are verified when they are used."""
    store.run("DELETE FROM prekeys_there")
    for note in notes:
        try:
            prekey = read_document(unverified_text(note), KIND, Prekey)
        except CorncrakeError:
            # Whoever looks at one's own keys among them says so.
            continue
        store.run("INSERT INTO prekeys_there (epoch, reviewer, note) VALUES (?, ?, ?)", (prekey.epoch, prekey.reviewer, note))


def make_canaries(vault: Vault, desk_id: str, folder: Path, count: int, weeks_ahead: int) -> Batch:
    """Make canaries for a desk of this vault's reviewer, each with its slip, as files in `folder`; all or none.

    Args:
        vault: whose they are.
        desk_id: to which desk.
        folder: where they go; made when it is not there.
        count: 1 to 64.
        weeks_ahead: 0 for this week.

    Raises:
        UsageError: `misuse`: no desk of this reviewer's, a number that cannot be, or a file is there already; `too-few`: the newest
            parcel brought too few keys for that week, or not this reviewer's.
        PeerError: a key that came is not what it must be; the word says why.
        StoreError: `store`: a file cannot be written.
    """
    if not 1 <= count <= MOST_AT_ONCE or weeks_ahead < 0:
        raise UsageError(Failure.MISUSE, f"--count is 1 to {MOST_AT_ONCE}, and --week counts from 0, this week")
    opened = vault.charter()
    desk = next((one for one in vault.own_desks(opened.charter) if one.id == desk_id), None)
    if desk is None:
        raise UsageError(
            Failure.MISUSE, f"the charter does not name {vault.reviewer} at a desk {desk_id}: only its own reviewers see what comes back"
        )
    epoch = epoch_of(vault.today) + weeks_ahead
    first, last = epoch_days(epoch)
    day = max(vault.today, first)
    chosen = _whom(vault, opened, desk, epoch, day)
    plan, made = _Plan(opened, desk, epoch, day, chosen), list[Made]()
    try:
        with vault.store.transaction():
            folder.mkdir(parents=True, exist_ok=True)
            for _ in range(count):
                _make(vault, plan, folder, made)
    except BaseException as error:
        _take_back(made)
        if isinstance(error, OSError):
            raise StoreError(Failure.STORE, f"the folder {folder} cannot be used: {error.strerror}; no canary was made") from error
        raise
    return Batch(tuple(made), day, last)


def _take_back(made: Iterable[Made]) -> None:
    """Remove the files of canaries that nobody would wait for, as far as the stick lets them go."""
    for one in made:
        with suppress(OSError):
            one.file.unlink(missing_ok=True)
            _slip_of(one.file).unlink(missing_ok=True)


def _slip_of(file: Path) -> Path:
    return file.with_suffix(".json")


def _whom(vault: Vault, opened: OpenedCharter, desk: Desk, epoch: int, day: date) -> Chosen:
    """Return whom a reporter of that day would seal to, as far as the newest parcel tells."""
    readers = {reviewer.id for reviewer in desk.reviewers}
    rows = vault.store.rows("SELECT reviewer, note FROM prekeys_there WHERE epoch = ? ORDER BY place", (epoch,))
    notes = [bytes(note) for reviewer, note in rows if reviewer in readers]
    try:
        chosen = choose_recipients(opened.charter, desk.id, epoch, notes, day)
    except CorncrakeError as error:
        if error.failure is not Failure.TOO_FEW:
            raise
        detail = (
            f"the newest parcel brought too few keys of the desk {desk.id} for that week: {error.detail}; import a newer one, and nothing was made"
        )
        raise UsageError(Failure.TOO_FEW, detail) from error
    if vault.reviewer not in {to.reviewer for to in chosen.stanzas}:
        detail = "the server has no key of yours for that week, and nobody could tell whether a canary came back: export, push, pull and import first"
        raise UsageError(Failure.TOO_FEW, detail)
    return chosen


class _Plan(NamedTuple):
    charter: OpenedCharter
    desk: Desk
    epoch: int
    day: date
    chosen: Chosen


def _make(vault: Vault, plan: _Plan, folder: Path, made: list[Made]) -> None:
    sealed = _sealed(plan)
    slip = Slip(desk=plan.desk.id, epoch=plan.epoch, id=report_id(sealed))
    check_canary(slip, sealed, len(plan.chosen.recipients))
    number = vault.store.insert(
        "INSERT INTO canaries (report, desk, epoch, day) VALUES (?, ?, ?, ?)", (slip.id, slip.desk, slip.epoch, day_text(vault.today))
    )
    file = folder / f"canary-{number}.age"
    if file.exists() or _slip_of(file).exists():
        raise UsageError(Failure.MISUSE, f"{file.name} is there already, perhaps another vault's: choose another folder; no canary was made")
    made.append(Made(number, slip.id, file))
    # The slip first: a file without one is never posted.
    write_whole(_slip_of(file), write_slip(slip))
    write_whole(file, sealed)


def _sealed(plan: _Plan) -> bytes:
    # Without answers: how much stands inside shows nowhere, since all of this class are filled up to one length.
    draft = ReportDraft(
        kind="cover",
        origin=plan.charter.charter.origin,
        desk=plan.desk.id,
        charter=plan.charter.ref,
        epochs=plan.chosen.stanzas,
        message=b64url(random_bytes(16)),
        seen=(),
        left_out=plan.chosen.left_out,
        reply_tag=b64url(random_bytes(32)),
        form=plan.desk.form,
        language=plan.desk.languages[0],
        day=plan.day,
        answers=(),
        files=(),
    )
    return seal(build_report(draft, SigningKey.generate(), Identity.generate().recipient), plan.chosen.recipients)
