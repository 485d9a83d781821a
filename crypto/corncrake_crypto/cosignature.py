# SPDX-License-Identifier: Apache-2.0
"""Cosignatures: what a witness says of a log's head, so that a log cannot show two histories without its witnesses.

Rules of this file: the form is that of C2SP tlog-cosignature with Ed25519; other kinds are passed over, as signatures of unknown keys are. A
witness's word is: of this origin I have seen no longer tree than this one, and it continues all that I had seen. A wrong cosignature by a known
witness is refused and not passed over, and so is a second one. How many are needed is for the charter to say.

Source: crypto/spec/cosignature.md; C2SP tlog-cosignature.md.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from corncrake_crypto.charter import Charter, Witnesses
from corncrake_crypto.checkpoint import MAX_CHECKPOINT, Checkpoint, open_checkpoint, parse_checkpoint_text
from corncrake_crypto.encoding import b64std, unb64std, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError, UsageError
from corncrake_crypto.merkle import HASH_LENGTH, MAX_SIZE
from corncrake_crypto.note import NoteKey, parse_note
from corncrake_crypto.proof import MAX_PATH
from corncrake_crypto.signatures import SIGNATURE_LENGTH, SigningKey, verify

MAX_TIME: Final = 2**63 - 1
MAX_ASKED: Final = MAX_CHECKPOINT + 4_096
"""Bytes of a request to a witness."""
_OLD: Final = re.compile(rb"old (0|[1-9][0-9]{0,15})")
_ED25519: Final = b"\x04"
_TIME_LENGTH: Final = 8
_KEY_ID_LENGTH: Final = 4


class Cosignature(NamedTuple):
    """A verified cosignature: whose, and the seconds since 1970 at which it was made."""

    witness: NoteKey
    time: int


def cosigner_key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes that name a witness's key in a signature line: SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_LENGTH]


def verifier_key(name: str, public: bytes) -> str:
    """Return a witness's key as other programs take it, a C2SP `vkey`: name, key id in hex, and base64, joined by plus signs."""
    return f"{name}+{cosigner_key_id(name, public).hex()}+{b64std(_ED25519 + public)}"


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosign(text: str, name: str, key: SigningKey, time: int) -> bytes:
    """Return the signature line of a witness for the text of a checkpoint, its newline included.

    Whether the witness may sign it, because it continues all that it signed before, is the caller's duty.

    Args:
        text: of a checkpoint of any log.
        name: the witness's; printable ASCII without space and plus.
        key: its key.
        time: seconds since 1970.

    Raises:
        FileError: `note`: the text is no checkpoint's.
        UsageError: `misuse`: name or time have not their form.

    Source: crypto/spec/cosignature.md §1.
    """
    parse_checkpoint_text(text)
    if not 0 <= time <= MAX_TIME:
        raise UsageError(Failure.MISUSE, "the time of a cosignature is seconds since 1970")
    raw = cosigner_key_id(name, key.public) + time.to_bytes(_TIME_LENGTH, "big") + key.sign(_message(text, time))
    line = f"\u2014 {name} {b64std(raw)}\n".encode()
    try:
        parse_note(text.encode() + b"\n" + line)
    except FileError as error:
        raise UsageError(Failure.MISUSE, "the name of a witness is printable ASCII without spaces and plus") from error
    return line


def cosignatures(raw: bytes, witnesses: Sequence[NoteKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures of these witnesses on a checkpoint, in the order of its lines; the log's own signature is not looked at.

    Raises:
        FileError: `note`: not the form of note or checkpoint, or one witness twice.
        PeerError: `signature`: a known witness's cosignature is wrong.

    Source: crypto/spec/cosignature.md §2.
    """
    text, lines = parse_note(raw, MAX_CHECKPOINT)
    parse_checkpoint_text(text)
    known = {(witness.name, cosigner_key_id(witness.name, witness.public)): witness for witness in witnesses}
    found: dict[NoteKey, Cosignature] = {}
    for line in lines:
        witness = known.get((line.name, line.key_id))
        if witness is None:
            continue
        if witness in found:
            raise FileError(Failure.NOTE, "one witness has cosigned twice")
        if len(line.raw) != _TIME_LENGTH + SIGNATURE_LENGTH:
            raise PeerError(Failure.SIGNATURE, "the cosignature has not the length of one")
        time = int.from_bytes(line.raw[:_TIME_LENGTH], "big")
        if time > MAX_TIME:
            raise PeerError(Failure.SIGNATURE, "the cosignature has a time that cannot be")
        verify(witness.public, _message(text, time), line.raw[_TIME_LENGTH:])
        found[witness] = Cosignature(witness, time)
    return tuple(found.values())


def add_cosignatures(raw: bytes, answer: bytes, witness: NoteKey) -> bytes:
    """Return a checkpoint with the cosignature that a witness answered; the same bytes when it has one by this witness already.

    Lines of the answer by other keys are left out.

    Raises:
        FileError: `note`: the answer is not signature lines, or the checkpoint has no room for more.
        PeerError: `signature`: there is none by this witness, or it is wrong.

    Source: crypto/spec/cosignature.md §2; C2SP tlog-witness.md.
    """
    text, _ = parse_note(raw, MAX_CHECKPOINT)
    if cosignatures(raw, [witness]):
        return raw
    note = text.encode() + b"\n" + answer
    if not cosignatures(note, [witness]):
        raise PeerError(Failure.SIGNATURE, "the answer has no cosignature by this witness")
    name = (witness.name, cosigner_key_id(*witness))
    lines = [f"\u2014 {one.name} {b64std(one.key_id + one.raw)}\n" for one in parse_note(note, MAX_CHECKPOINT)[1] if (one.name, one.key_id) == name]
    whole = raw + lines[0].encode()
    parse_note(whole, MAX_CHECKPOINT)
    return whole


# -- m of n ----------------------------------------------------------------------------------------------------------------


def witness_keys(witnesses: Witnesses | None) -> tuple[NoteKey, ...]:
    """Return the keys of the witnesses that a charter names."""
    return () if witnesses is None else tuple(NoteKey(one.name, unb64url(one.key, 32)) for one in witnesses.keys)


def is_cosigned(raw: bytes, witnesses: Witnesses | None) -> bool:
    """Say whether as many witnesses have cosigned a checkpoint as the charter demands; one that demands none is content.

    A checkpoint that is not in its form, or on which a witness's cosignature is wrong, is not cosigned.

    Source: crypto/spec/cosignature.md §3.
    """
    try:
        return witnesses is None or len(cosignatures(raw, witness_keys(witnesses))) >= witnesses.threshold
    except CorncrakeError:
        return False


def check_cosigned(raw: bytes, witnesses: Witnesses | None) -> tuple[Cosignature, ...]:
    """Return the cosignatures of a charter's witnesses on a checkpoint, checked to be as many as the charter demands.

    Raises:
        FileError: `note`.
        PeerError: `signature`; `too-few`, when fewer have cosigned than the charter demands.

    Source: crypto/spec/cosignature.md §3.
    """
    found = cosignatures(raw, witness_keys(witnesses))
    if witnesses is not None and len(found) < witnesses.threshold:
        raise PeerError(
            Failure.TOO_FEW, f"{len(found)} of the log's witnesses have cosigned this head, and the charter demands {witnesses.threshold}"
        )
    return found


def open_cosigned(raw: bytes, charter: Charter) -> Checkpoint:
    """Return a checkpoint of a charter's log, signed by the log and by as many witnesses as the charter demands.

    Raises:
        FileError, PeerError: as `checkpoint.open_checkpoint`, then as `check_cosigned`.

    Source: crypto/spec/cosignature.md §3.
    """
    checkpoint = open_checkpoint(raw, charter.log.origin, unb64url(charter.log.key, 32))
    check_cosigned(raw, charter.witnesses)
    return checkpoint


# -- asking a witness ------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """What a log asks a witness: to cosign `checkpoint`, a note, by a proof from the tree of `old` leaves that the witness knows."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def write_asked(old: int, path: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Return the body of a request to a witness.

    Source: crypto/spec/cosignature.md §4; C2SP tlog-witness.md.
    """
    return "\n".join([f"old {old}", *map(b64std, path), "", ""]).encode() + checkpoint


def read_asked(raw: bytes) -> Asked:
    """Return what a log asks, nothing of it verified.

    Raises:
        FileError: `note`: it is not in its form.

    Source: crypto/spec/cosignature.md §4; C2SP tlog-witness.md.
    """
    head, gap, checkpoint = raw.partition(b"\n\n")
    lines = head.split(b"\n")
    old = _OLD.fullmatch(lines[0])
    if len(raw) > MAX_ASKED or not gap or old is None or int(old[1]) > MAX_SIZE or len(lines) > 1 + MAX_PATH or not head.isascii():
        raise FileError(Failure.NOTE, "a witness is asked by the old size, a path of at most 63 hashes, an empty line, and a checkpoint")
    try:
        path = tuple(unb64std(line.decode(), HASH_LENGTH) for line in lines[1:])
    except FileError as error:
        raise FileError(Failure.NOTE, "a line of the path is not 32 bytes in base64") from error
    parse_checkpoint_text(parse_note(checkpoint, MAX_CHECKPOINT)[0])
    return Asked(int(old[1]), path, checkpoint)
