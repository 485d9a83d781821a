# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worst that somebody can hand to each parser at the size that its channel lets through: one case, run in a process of its own.

Rules of this file: a case gives the bytes and who reads them. The process allows itself two seconds of the processor for reading, held by the
kernel, and says how much memory it took above its start, in KiB, and with which failure class the bytes were refused.
"""

from __future__ import annotations

import io
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.archive import END_LENGTH, iter_archive, member_header, read_archive
from corncrake_crypto.armor import ArmorReader
from corncrake_crypto.charter import open_charter
from corncrake_crypto.checkpoint import open_checkpoint
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import bech32_decode, decode_canonical
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.form import form_hash, read_form
from corncrake_crypto.identities import Identity
from corncrake_crypto.note import MAX_BUNDLE, MAX_NOTE, NoteKey, open_note, read_bundle
from corncrake_crypto.padding import REPORT_CLASSES, wire_size
from corncrake_crypto.parcel import read_parcel
from corncrake_crypto.proof import read_proof
from corncrake_crypto.receipt import MAX_OPENINGS, Opening, read_openings, write_openings
from corncrake_crypto.tiles import read_entries
from corncrake_crypto.unseal import unseal
from tests.simulators.organisation import TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_crypto.archive import MemberReader
    from corncrake_crypto.parcel import Parcel

SECONDS: Final = 2
MIB: Final = 1 << 20
NAME: Final = "reviewer/ana"


class Case(NamedTuple):
    """Who reads what."""

    read: Callable[[bytes], object]
    raw: bytes


def _stream(raw: bytes) -> None:
    for _, _, member in iter_archive(io.BytesIO(raw)):
        member.drain()


def _parcel(raw: bytes) -> None:
    def take(_parcel: Parcel, _name: str, _size: int, reader: MemberReader) -> None:
        reader.read()

    read_parcel(io.BytesIO(raw), take)


def _member(name: str, data: bytes) -> bytes:
    return member_header(name, len(data)) + data + bytes(-len(data) % 512)


def _armor(raw: bytes) -> None:
    reader = ArmorReader(io.BytesIO(raw))
    while reader.read(65_536):
        pass


def _unseal(raw: bytes) -> object:
    return unseal(raw, [Identity.generate()])


def _object(raw: bytes) -> object:
    return decode_canonical(raw, dict[str, object])


def _list(raw: bytes) -> object:
    return decode_canonical(raw, list[object])


def _form(raw: bytes) -> object:
    return read_form(raw, form_hash(raw))


def _bech32(raw: bytes) -> object:
    return bech32_decode(raw.decode())


def _words(raw: bytes) -> object:
    return Codename.from_words(raw.decode())


def cases() -> dict[str, Case]:
    """Every case by its name."""
    organisation = SimulatedOrganisation()
    key = NoteKey(NAME, organisation.reviewers["ana"].public)
    longest = wire_size(16, REPORT_CLASSES[-1])
    line = b"\xe2\x80\x94 x AAAAAAAA\n"
    stanza = b"-> a\n\n"

    def opening(index: int) -> Opening:
        return Opening(index=index, kind="dummy", day="2026-01-05", salt=f"{index:064x}")

    def note(raw: bytes) -> object:
        return open_note(raw, [key])

    def checkpoint(raw: bytes) -> object:
        return open_checkpoint(raw, "x", key.public)

    def charter(raw: bytes) -> object:
        return open_charter(raw, root=organisation.root, origin=None, today=TODAY)

    return {
        "json_nested": Case(_object, b'{"a":' * 200_000),
        "json_long_list": Case(_list, b"[" + b"1," * (MAX_BUNDLE // 2 - 2) + b"1.5]"),
        "json_huge_number": Case(_list, b"[" + b"9" * MAX_NOTE + b"]"),
        "json_many_keys": Case(_object, b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}"),
        "json_escapes": Case(_list, b'["' + b"\\u0061" * (MAX_NOTE // 6) + b'"]'),
        "note_of_signatures": Case(note, b"a\n\n" + line * (MAX_NOTE // len(line) - 1)),
        "note_of_newlines": Case(note, b"\n" * MAX_NOTE),
        "note_too_long": Case(note, b"a" * (MAX_NOTE + 1)),
        "charter_nested": Case(charter, b"corncrake.org/charter/v1\n" + b'{"a":' * 100_000 + b"\n\n" + line),
        "bundle_of_lists": Case(read_bundle, b'{"notes":[' + b"[]," * (MAX_BUNDLE // 3 - 20) + b"[]]}"),
        "bundle_of_empty_notes": Case(read_bundle, b'{"notes":[' + b'"",' * (MAX_BUNDLE // 3 - 20) + b'""]}'),
        "form": Case(_form, b'{"a":' * 13_000),
        "checkpoint": Case(checkpoint, b"x\n" * 5_000 + b"\n" + line),
        "proof": Case(read_proof, b"c2sp.org/tlog-proof@v1\n" + b"index 1\n" * 8_000),
        "openings": Case(read_openings, b'{"openings":[' + b"{}," * (5 * MIB // 3 - 10) + b"{}]}"),
        "openings_too_many": Case(read_openings, write_openings(opening(n) for n in range(MAX_OPENINGS + 1))),
        "entries": Case(read_entries, b"\0\0" * (4 * MIB) + b"\xff"),
        "bech32": Case(_bech32, b"a1" + b"q" * MIB),
        "words": Case(_words, b"zzz " * (MIB // 4)),
        "age_stanzas": Case(_unseal, b"age-encryption.org/v1\n" + stanza * (longest // len(stanza))),
        "age_one_line": Case(_unseal, b"age-encryption.org/v1\n-> " + b"a " * (longest // 2)),
        "age_no_end": Case(_unseal, b"age-encryption.org/v1\n" * (longest // 22)),
        "armor": Case(_armor, b"-----BEGIN AGE ENCRYPTED FILE-----\n" + (b"A" * 64 + b"\n") * (MIB // 65) + b"!"),
        "archive_of_empty_members": Case(read_archive, b"".join(_member(f"m{n}", b"") for n in range(500)) + bytes(END_LENGTH)),
        "archive_of_zeros": Case(read_archive, bytes(REPORT_CLASSES[-1])),
        "stream_of_members": Case(_stream, b"".join(_member(f"m{n}", b"") for n in range(20_000))),
        "parcel_header": Case(_parcel, _member("parcel.json", b'{"a":' * (MIB // 5)) + bytes(END_LENGTH)),
    }


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:", maxsplit=1)[1].split()[0])


def main() -> None:
    """Run the case that is named; print the memory above the start in KiB, and the failure class."""
    case = cases()[sys.argv[1]]
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_kib()
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    try:
        case.read(case.raw)
    except CorncrakeError as error:
        print(_peak_kib() - before, error.failure.value)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main()
