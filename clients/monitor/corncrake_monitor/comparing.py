# SPDX-License-Identifier: AGPL-3.0-or-later
"""Has anybody been shown another log? What this monitor sees, against what others have seen: reviewers, witnesses, other monitors, a vault.

Rules of this file: the server can show each visitor a log of its own, and each is consistent in itself. It is caught by the first who compares
two. What the log's key has signed is evidence; what somebody says without its signature is told with that name.

Source: crypto/spec/cosignature.md; crypto/spec/edition.md §1.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from corncrake_crypto.checked_tiles import CheckedTiles
from corncrake_crypto.checkpoint import MAX_CHECKPOINT, Checkpoint, comes_after, log_name, open_checkpoint, parse_checkpoint_text
from corncrake_crypto.cosignature import is_cosigned
from corncrake_crypto.encoding import b64url, decode_canonical, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, StoreError, UsageError
from corncrake_crypto.fields import LogHead
from corncrake_crypto.merkle import MAX_SIZE
from corncrake_monitor.charters import log_key
from corncrake_monitor.evidence import Evidence, backwards, forked
from corncrake_monitor.server import Missing, Server

if TYPE_CHECKING:
    from corncrake_crypto.charter import Charter
    from corncrake_monitor.findings import Looking
    from corncrake_monitor.growth import Followed

_MOST_NAMED: Final = 500
"""Characters of a path or an address that stand in what is found, which a state keeps."""
_NOTE_MARK: Final = "\n\n\u2014 ".encode()


class Word(NamedTuple):
    """What somebody has seen: who, which head, and the note that the log's key signed if there is one."""

    who: str
    head: LogHead
    note: bytes | None = None


def word_of(who: str, head: Checkpoint, note: bytes | None = None) -> Word:
    """Return what somebody has seen, from an opened head."""
    return Word(who, LogHead(origin=head.origin, size=head.size, root=b64url(head.root)), note)


def read_word(raw: bytes, who: str, origin: str, key: bytes) -> Word:
    """Return what somebody says to have seen: a head as a signed note, its text alone, or a log head as JSON.

    Raises:
        FileError: `note`, `json` …: it is none of these.   PeerError: `signature`, `origin`: the note is not of this log.
    """
    if _NOTE_MARK in raw:
        return word_of(who, open_checkpoint(raw, origin, key), raw)
    if raw.lstrip().startswith(b"{"):
        return Word(who, decode_canonical(raw.strip(), LogHead))
    try:
        head = parse_checkpoint_text(raw.decode())
    except UnicodeDecodeError as error:
        raise FileError(Failure.NOTE, "what is compared with is neither a head of a log nor JSON") from error
    return Word(who, LogHead(origin=head.origin, size=head.size, root=b64url(head.root)))


def fetch_word(place: str, origin: str, key: bytes, patience: float) -> Word:
    """Return what lies in a file or at an address; see `read_word`.

    Raises:
        UsageError: `misuse`: the file cannot be read, or the address is none.   StoreError: the address does not answer.
        FileError, PeerError: as `read_word`.
    """
    if place.startswith(("http://", "https://")):
        try:
            parts = urlsplit(place)
        except ValueError as error:
            raise UsageError(Failure.MISUSE, f"{place} is no address") from error
        with Server(f"{parts.scheme}://{parts.netloc}", patience=patience) as other:
            return read_word(other.get(parts.path or "/", MAX_CHECKPOINT), _named(place), origin, key)
    try:
        with Path(place).open("rb") as file:
            return read_word(file.read(MAX_CHECKPOINT), _named(place), origin, key)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{place} cannot be read: {error.strerror}") from error


def _named(place: str) -> str:
    """Return the end of a path or an address, without what a state cannot hold."""
    return "".join(c if c.isprintable() else "?" for c in place[-_MOST_NAMED:])


def compare(looking: Looking, followed: Followed, charter: Charter, word: Word) -> None:
    """Compare what somebody has seen with the log of this charter as this pass has.

    Raises:
        StoreError: `store`: the line broke.
    """
    head, said = followed.head, word.head
    _, key = log_key(charter)
    if comes_after(head.origin, said.origin):
        # Who has not heard of the present log yet can be compared with when they have.
        return
    if said.origin != head.origin:
        looking.find(Failure.ORIGIN, f"{word.who} speaks of another log, {said.origin}")
        return
    if said.size > min(head.size, MAX_SIZE):
        _find_longer(looking, followed, charter, word)
        return
    _compare_inside(looking, followed, key, word)


def _compare_inside(looking: Looking, followed: Followed, key: bytes, word: Word) -> None:
    """Compare with somebody who has seen as much of the log or less."""
    head, said = followed.head, word.head
    try:
        inside = followed.tiles.root_at(said.size)
        path = followed.tiles.consistency(said.size)
    except StoreError:
        raise
    except CorncrakeError as error:
        looking.find_error(error, f"the log could not be compared with what {word.who} has seen")
        return
    if inside == unb64url(said.root, 32):
        if word.note is not None and said.size < head.size:
            _look_at_days(looking, followed, key, word.who, word.note)
        return
    says = f"{word.who} has seen another log of {said.size} leaves than this monitor: the server shows two histories"
    if word.note is None:
        says = f"{word.who} says to have seen another log of {said.size} leaves than this monitor: one of the two was shown a false one"
    evidence = (
        None if word.note is None else forked(word.note, followed.note, head.origin, key, inside=None if said.size == head.size else (inside, path))
    )
    looking.find(Failure.FORK, says, evidence)


def _look_at_days(looking: Looking, followed: Followed, key: bytes, who: str, note: bytes) -> None:
    """A smaller head of the same log must not be of a later day."""
    head, signed = followed.head, open_checkpoint(note, followed.head.origin, key)
    if signed.day > head.day:
        says = f"the head of {head.size} leaves is of {head.day}, and {who} has seen a smaller one of {signed.day}: days of heads never run backwards"
        looking.find(Failure.ROLLBACK, says, backwards(note, followed.note, head.origin, key, says), lasts=True)


def _find_longer(looking: Looking, followed: Followed, charter: Charter, word: Word) -> None:
    """Somebody has seen more of the log than is shown here."""
    head, said = followed.head, word.head
    _, key = log_key(charter)
    if _is_shown_by_now(looking, followed, word, key):
        return
    if word.note is None:
        looking.find(Failure.SHRUNKEN, f"{word.who} says to have seen {said.size} leaves, and this monitor is shown {head.size}")
        return
    signed = open_checkpoint(word.note, head.origin, key)
    if signed.day >= head.day and not is_cosigned(word.note, charter.witnesses):
        _look_beyond(looking, followed, signed, word, key)
    elif signed.day <= looking.today and signed.day <= head.day:
        _find_shrunken(looking, followed, signed, word, key)
    else:
        looking.find(Failure.FROZEN, f"{word.who} has seen the log of {signed.day}, and this monitor is shown the one of {head.day}")


def _is_shown_by_now(looking: Looking, followed: Followed, word: Word, key: bytes) -> bool:
    """Say whether the server has published since this pass began, and shows as much as somebody has seen now; it is compared at once.

    A server that lies may show another history at the second request, and at the first of the next pass the one before: nobody would compare them.

    Raises:
        StoreError: `store`: the line broke.
    """
    prefix = log_name(followed.head.origin).path
    try:
        note = looking.server.checkpoint(prefix)
        head = open_checkpoint(note, followed.head.origin, key)
    except StoreError:
        raise
    except CorncrakeError as error:
        looking.find_error(error, "the newest head")
        return False
    if head.size < word.head.size:
        return False
    tiles = CheckedTiles(head.size, head.root, lambda path: looking.server.log_file(prefix, path))
    now = replace(followed, note=note, head=head, tiles=tiles)
    _compare_inside(looking, now, key, word_of("this monitor, a moment ago,", followed.head, followed.note))
    _compare_inside(looking, now, key, word)
    return True


def _find_shrunken(looking: Looking, followed: Followed, signed: Checkpoint, word: Word, key: bytes) -> None:
    head = followed.head
    says = f"the log has signed {signed.size} leaves on {signed.day} ({word.who}) and shows {head.size} here, of {head.day}"
    notes = (followed.note.decode(), (word.note or b"").decode())
    evidence = Evidence(word=Failure.SHRUNKEN.value, says=says, name=head.origin, key=b64url(key), notes=notes)
    looking.find(Failure.SHRUNKEN, says, evidence)


def _look_beyond(looking: Looking, followed: Followed, signed: Checkpoint, word: Word, key: bytes) -> None:
    """A longer head waits for cosignatures, and nobody is shown it before it has enough: are its leaves there, and do they continue what is shown?"""
    head, prefix = followed.head, log_name(followed.head.origin).path
    try:
        tiles = CheckedTiles(signed.size, signed.root, lambda path: looking.server.log_file(prefix, path))
        inside, path = tiles.root_at(head.size), tiles.consistency(head.size)
    except StoreError:
        raise
    except Missing:
        _find_shrunken(looking, followed, signed, word, key)
        return
    except CorncrakeError as error:
        looking.find_error(error, f"the {signed.size} leaves of the log of which {word.who} knows")
        return
    if inside != head.root:
        says = f"the log has signed {signed.size} leaves on {signed.day} ({word.who}), which do not continue the {head.size} that it shows here"
        looking.find(Failure.FORK, says, forked(followed.note, word.note or b"", head.origin, key, inside=(inside, path)))
