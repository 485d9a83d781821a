# SPDX-License-Identifier: AGPL-3.0-or-later
"""Editions and prekeys, as a monitor checks them: signed by whom the charter names, never two of one number, never an older one than before.

Rules of this file: each head of an edition names the charter and the log that its reviewer has checked offline. That is a second pair of eyes on
both: a log that was shown to reviewers and not to the public is caught here.

Source: crypto/spec/edition.md; crypto/spec/prekeys.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.edition import KIND, MAX_HEAD, Edition, OpenedEdition, check_heads, newest_heads
from corncrake_crypto.encoding import b64url, parse_root
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.note import MAX_BUNDLE, read_bundle, read_document, text_hash, unverified_text
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import Prekey, epoch_of, open_prekey, signer
from corncrake_monitor.comparing import Word
from corncrake_monitor.evidence import Evidence
from corncrake_monitor.state import SHORT, EditionSeen, PrekeySeen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corncrake_crypto.charter import Desk, OpenedCharter
    from corncrake_monitor.findings import Looking

_Seen = EditionSeen | PrekeySeen


def look_at_editions(looking: Looking, opened: OpenedCharter) -> tuple[tuple[EditionSeen, ...], list[Word]]:
    """Return the newest editions of all voices, and what their reviewers have seen of the log.

    Raises:
        StoreError: `store`: the line broke.
    """
    seen = {(one.desk, one.reviewer): one for one in looking.state.editions}
    words: list[Word] = []
    for desk in opened.charter.desks:
        heads, notes = _heads(looking, opened, desk)
        for head in heads:
            words.append(Word(f"{head.edition.reviewer}, in edition {head.edition.number} of desk {desk.id},", head.edition.log))
            place = (desk.id, head.edition.reviewer)
            note = _short(notes[head.sha256])
            now = EditionSeen(desk=desk.id, reviewer=head.edition.reviewer, number=head.edition.number, sha256=head.sha256, note=note)
            what = f"the edition of {head.edition.reviewer} at desk {desk.id}"
            if _is_newer(looking, what, seen.get(place), now, desk):
                seen[place] = now
    return tuple(seen[place] for place in sorted(seen)), words


def _short(note: bytes) -> str | None:
    """Return a note as the state keeps it: not at all when it is long."""
    return note.decode() if len(note) <= SHORT else None


def _heads(looking: Looking, opened: OpenedCharter, desk: Desk) -> tuple[Sequence[OpenedEdition], Mapping[str, bytes]]:
    """Return the newest heads of a desk, and notes by the hashes of their texts."""
    try:
        notes = read_bundle(looking.server.get(f"/v1/desks/{desk.id}/heads", MAX_BUNDLE))
        # One bad head must not hide the others.
        voices = [note for note in notes if read_document(unverified_text(note, limit=MAX_HEAD), KIND, Edition).reviewer in desk.voices]
        heads = newest_heads(opened, desk.id, voices)
        check_heads(opened, heads, looking.today)
    except StoreError:
        raise
    except CorncrakeError as error:
        looking.find_error(error, f"the editions of desk {desk.id}")
        return (), {}
    return heads, {text_hash(unverified_text(note, limit=MAX_HEAD)): note for note in voices}


def look_at_prekeys(looking: Looking, opened: OpenedCharter) -> tuple[PrekeySeen, ...]:
    """Return the prekeys of this week and the next.

    Raises:
        StoreError: `store`: the line broke.
    """
    epoch = epoch_of(looking.today)
    seen = {(one.reviewer, one.epoch): one for one in looking.state.prekeys if one.epoch >= epoch - 1}
    for desk in opened.charter.desks:
        for week in (epoch, epoch + 1):
            for now in _prekeys(looking, opened, desk, week):
                place = (now.reviewer, now.epoch)
                if _is_newer(looking, f"the key of {now.reviewer} for week {now.epoch}", seen.get(place), now, desk):
                    seen[place] = now
    return tuple(seen[place] for place in sorted(seen))


def _prekeys(looking: Looking, opened: OpenedCharter, desk: Desk, week: int) -> Sequence[PrekeySeen]:
    found: list[PrekeySeen] = []
    try:
        for note in read_bundle(looking.server.get(f"/v1/desks/{desk.id}/epochs/{week}/prekeys", MAX_BUNDLE)):
            text = unverified_text(note)
            reviewer = read_document(text, PREKEYS, Prekey).reviewer
            prekey = open_prekey(note, root=parse_root(opened.charter.root), reviewer=reviewer, identity=desk.identity(reviewer))
            found.append(PrekeySeen(reviewer=reviewer, epoch=prekey.epoch, number=prekey.number, sha256=text_hash(text), note=_short(note)))
    except StoreError:
        raise
    except CorncrakeError as error:
        looking.find_error(error, f"the weekly keys of desk {desk.id}")
    return found


def _is_newer(looking: Looking, what: str, before: _Seen | None, now: _Seen, desk: Desk) -> bool:
    """Say whether `now` takes the place of `before`; find what must not be."""
    if before is None or now.number > before.number:
        return True
    if now.number < before.number:
        looking.find(Failure.ROLLBACK, f"{what}: number {now.number} is shown, and {before.number} was before")
    elif now.sha256 != before.sha256:
        says = f"{what}: two of number {now.number} were signed (text hashes {before.sha256[:16]}… and {now.sha256[:16]}…)"
        looking.find(Failure.EQUIVOCATION, says, _two_of_one(says, before, now, desk))
    return False


def _two_of_one(says: str, before: _Seen, now: _Seen, desk: Desk) -> Evidence | None:
    """Return the two notes of one number, when both are here."""
    if before.note is None or now.note is None:
        return None
    key = b64url(desk.identity(now.reviewer))
    return Evidence(word=Failure.EQUIVOCATION.value, says=says, name=signer(now.reviewer), key=key, notes=(before.note, now.note))
