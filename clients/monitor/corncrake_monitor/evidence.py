# SPDX-License-Identifier: AGPL-3.0-or-later
"""Evidence: what a log or an organisation has signed against itself, in a file that anybody can check without a server and without us.

Rules of this file: a file holds signed notes and, where two heads have different sizes, the proof between the trees. `judge` says what a file
proves, by the keys in it: whose these are, the reader compares with a charter. What only this monitor has seen, and nobody has signed, is not
proven and is said so; the answers of a server that serves another page are such, and are kept as they came.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from msgspec import Meta

from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.charter import Charter
from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint
from corncrake_crypto.edition import KIND as EDITION
from corncrake_crypto.edition import Edition
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, StoreError
from corncrake_crypto.fields import Bytes32, LogOrigin, Wire
from corncrake_crypto.merkle import verify_consistency
from corncrake_crypto.note import NoteKey, open_note, read_document
from corncrake_crypto.prekeys import KIND as PREKEYS
from corncrake_crypto.prekeys import Prekey
from corncrake_monitor.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_EVIDENCE: Final = 4 << 20
MOST_ANSWERS: Final = 16
"""Answers that are kept: a server that gives another page each time fills no disk. One has hardly more bytes than a file of a page may have."""


class Evidence(Wire, frozen=True, kw_only=True):
    """What a file of evidence holds.

    Attributes:
        word: what it speaks of: `fork`, `shrunken`, `equivocation` …
        says: one sentence of the monitor's, which nothing covers.
        name, key: under which name and by which key the notes are signed.
        notes: the signed notes, the older first.
        earlier_root: where two heads have different sizes: the root that the smaller tree has inside the larger one.
        path: and the proof of that.
    """

    v: int = 1
    word: Annotated[str, Meta(max_length=64)]
    says: Annotated[str, Meta(max_length=2_000)]
    name: LogOrigin
    key: Bytes32
    notes: Annotated[tuple[Annotated[str, Meta(max_length=1 << 20)], ...], Meta(max_length=4)]
    earlier_root: Bytes32 | None = None
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=64)] = ()


class Verdict(NamedTuple):
    """Whether a file proves what it says, and why."""

    proven: bool
    why: str


def keep(folder: Path, evidence: Evidence) -> str:
    """Write evidence into `folder`, once; return the file's name.

    Raises:
        StoreError: `store`.
    """
    raw = canonical(evidence)
    name = f"{evidence.word}-{hashlib.sha256(raw).hexdigest()[:16]}.json"
    if not (folder / name).exists():
        write_whole(folder / name, raw)
    return name


def keep_answer(folder: Path, came: bytes) -> str | None:
    """Write an answer as it came into `folder`, once; return the file's name.

    Returns:
        None when `MOST_ANSWERS` lie there, or the disk refuses: that something was found is told all the same.
    """
    name = f"{Failure.ALTERED.value}-{hashlib.sha256(came).hexdigest()[:16]}.http"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / name).exists():
            if len(list(folder.glob(f"{Failure.ALTERED.value}-*.http"))) >= MOST_ANSWERS:
                return None
            write_whole(folder / name, came)
    except (OSError, StoreError):
        return None
    return name


def forked(older: bytes, newer: bytes, name: str, key: bytes, *, inside: tuple[bytes, Sequence[bytes]] | None = None) -> Evidence:
    """Return the evidence that two heads are not of one history; `inside`: root and proof of the smaller tree in the larger, if sizes differ."""
    return Evidence(
        word=Failure.FORK.value,
        says="the log has signed two histories",
        name=name,
        key=b64url(key),
        notes=(older.decode(), newer.decode()),
        earlier_root=None if inside is None else b64url(inside[0]),
        path=() if inside is None else tuple(b64url(node) for node in inside[1]),
    )


def backwards(earlier: bytes, later: bytes, name: str, key: bytes, says: str) -> Evidence:
    """Return the evidence that of two heads the one that has gone further, or was shown later, bears the lower day."""
    return Evidence(word=Failure.ROLLBACK.value, says=says, name=name, key=b64url(key), notes=(earlier.decode(), later.decode()))


def judge(raw: bytes) -> Verdict:
    """Say what a file of evidence proves.

    Raises:
        FileError: `size`, `json`, `not-canonical`: it is no file of evidence.
    """
    if len(raw) > MAX_EVIDENCE:
        raise FileError(Failure.SIZE, "a file of evidence is not so long")
    evidence = decode_canonical(raw, Evidence)
    try:
        if evidence.word == Failure.EQUIVOCATION:
            return _judge_documents(evidence)
        heads = [open_checkpoint(note.encode(), evidence.name, unb64url(evidence.key, 32)) for note in evidence.notes]
        return _judge_heads(evidence, *sorted(heads, key=lambda head: head.size))
    except CorncrakeError as error:
        return Verdict(proven=False, why=f"the notes are not what they would have to be: {error}")
    except TypeError:
        return Verdict(proven=False, why="it does not hold two notes")


def _judge_heads(evidence: Evidence, smaller: Checkpoint, larger: Checkpoint) -> Verdict:
    both = f"the key has signed a tree of {smaller.size} leaves on {smaller.day} and one of {larger.size} on {larger.day}"
    if smaller.size == larger.size:
        return Verdict(smaller.root != larger.root, f"{both}, with {'different' if smaller.root != larger.root else 'the same'} content")
    if evidence.earlier_root is not None:
        inside = unb64url(evidence.earlier_root, 32)
        verify_consistency(smaller.size, larger.size, [unb64url(node, 32) for node in evidence.path], inside, larger.root)
        return Verdict(inside != smaller.root, f"{both}, and the second does {'not ' if inside != smaller.root else ''}continue the first")
    if smaller.day > larger.day:
        return Verdict(proven=True, why=f"{both}: its days run backwards")
    return Verdict(proven=False, why=f"{both}, which is as it should be; that the older was shown after the newer, nobody has signed")


def _judge_documents(evidence: Evidence) -> Verdict:
    known = [NoteKey(evidence.name, unb64url(evidence.key, 32))]
    texts = [open_note(note.encode(), known) for note in evidence.notes]
    places = {_place_of(text) for text in texts}
    apart = len(texts) > 1 and len(set(texts)) == len(texts) and len(places) == 1
    named = " and ".join(sorted({place for _, place in places}))
    return Verdict(apart, f"{evidence.name} has signed {named}{', in two different texts' if apart else ''}")


def _place_of(text: str) -> tuple[str, str]:
    """Return of what there may be one in an organisation, behind its root: a charter's sequence, an edition's or a prekey's number.

    Raises:
        FileError: `kind`: it is none of these.
    """
    kind = text.partition("\n")[0].removeprefix("corncrake.org/").removesuffix("/v1")
    if kind == CHARTER:
        charter = read_document(text, CHARTER, Charter)
        return charter.root, f"charter {charter.sequence}"
    if kind == EDITION:
        edition = read_document(text, EDITION, Edition)
        return edition.root, f"edition {edition.number} of {edition.reviewer} at desk {edition.desk}"
    prekey = read_document(text, PREKEYS, Prekey)
    return prekey.root, f"key {prekey.number} of {prekey.reviewer} for week {prekey.epoch}"
