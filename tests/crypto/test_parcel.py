# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parcels: what a courier, a bad stick or a stranger can do to one, and how the reader finds it out."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.archive import StreamingArchiveWriter, member_header
from corncrake_crypto.encoding import canonical, root_text
from corncrake_crypto.errors import CorncrakeError, Failure, PeerError, UsageError
from corncrake_crypto.parcel import Listed, Parcel, Ranges, read_header, read_parcel, write_parcel
from corncrake_crypto.signatures import SigningKey, sign_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.archive import MemberReader

KEY = SigningKey.from_seed(bytes(range(32)))
KEYS = {"ana": KEY.public, "eva": SigningKey.from_seed(bytes(32)).public}
MEMBERS = [("charter.note", b"charter" * 100), ("prekeys.json", b""), ("edition-safety.note", b"x" * 512), ("tile-safety-00000.bin", b"y" * 1300)]


def header(kind: str = "outbound") -> Parcel:
    """Return a parcel's fields before its members are listed."""
    who, ranges = ("ana", Ranges(log_from=0, log_to=0)) if kind == "outbound" else ("boat", Ranges(log_from=64, log_to=128))
    fields: dict[str, Any] = {"kind": kind}
    return Parcel(v=1, from_id=who, number=3, root=root_text(bytes(32)), ranges=ranges, members=(), day="2026-02-03", **fields)


def listed(members: Sequence[tuple[str, bytes]]) -> list[tuple[str, int, str, list[bytes]]]:
    """Return members as `write_parcel` takes them."""
    return [(name, len(data), hashlib.sha256(data).hexdigest(), [data[:100], data[100:]]) for name, data in members]


def written(kind: str = "outbound", members: Sequence[tuple[str, bytes]] = MEMBERS) -> bytes:
    """Return a whole parcel."""
    out = io.BytesIO()
    write_parcel(header(kind), listed(members), out, key=KEY if kind == "outbound" else None)
    return out.getvalue()


def packed(parcel: Parcel, members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a parcel whose header lists what it likes."""
    out = io.BytesIO()
    writer = StreamingArchiveWriter(out)
    raw = canonical(parcel)
    writer.add("parcel.json", len(raw), [raw])
    for name, data in members:
        writer.add(name, len(data), [data])
    writer.close()
    return out.getvalue()


def lists(members: Sequence[tuple[str, bytes]], key: SigningKey = KEY, **changed: Any) -> Parcel:
    """Return a signed header that lists these members."""
    entries = tuple(Listed(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in members)
    parcel = msgspec.structs.replace(header(), members=entries, **changed)
    return msgspec.structs.replace(parcel, signature=sign_statement(key, "parcel", parcel))


def look(_parcel: Parcel, _name: str, _size: int, _reader: MemberReader) -> None:
    """Read nothing: the reader of parcels must check what nobody reads."""


def read_whole(_parcel: Parcel, _name: str, size: int, reader: MemberReader) -> None:
    """Read a member at once, as small ones are."""
    assert len(reader.read()) == size


def refused(raw: bytes, keys: dict[str, bytes] | None = KEYS) -> Failure:
    """Return how a parcel is refused, and check that reading each member whole finds the same."""
    failures: list[Failure] = []
    for take in (look, read_whole):
        with pytest.raises(CorncrakeError) as caught:
            read_parcel(io.BytesIO(raw), take, keys)
        failures.append(caught.value.failure)
    assert failures[0] is failures[1]
    return failures[0]


@pytest.mark.parametrize("kind", ["inbound", "outbound"])
def test_a_parcel_arrives_as_it_was_packed(kind: str) -> None:
    got: list[tuple[str, bytes]] = []

    def take(parcel: Parcel, name: str, size: int, reader: MemberReader) -> None:
        assert (parcel.kind, parcel.number) == (kind, 3)
        data = reader.read()
        assert len(data) == size
        got.append((name, data))

    raw = written(kind)
    parcel = read_parcel(io.BytesIO(raw), take, KEYS if kind == "outbound" else None)
    assert got == MEMBERS
    assert [member.name for member in parcel.members] == [name for name, _ in MEMBERS]
    assert read_header(io.BytesIO(raw)) == parcel


def test_a_source_that_gives_one_byte_at_a_time_is_read_the_same() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1))

    assert read_parcel(Slow(written()), look, KEYS).number == 3


def test_a_parcel_of_nothing_is_one() -> None:
    assert read_parcel(io.BytesIO(written("inbound", [])), look).members == ()


@pytest.mark.parametrize("at", range(len(MEMBERS)))
def test_an_altered_member_is_found_whichever_it_is(at: int) -> None:
    name, data = MEMBERS[at]
    changed = [*MEMBERS[:at], (name, bytes([data[0] ^ 1]) + data[1:] if data else b"z"), *MEMBERS[at + 1 :]]
    assert refused(packed(lists(MEMBERS), changed)) is Failure.ALTERED


def test_bytes_of_an_altered_member_that_is_read_whole_are_never_handed_on() -> None:
    got: list[bytes] = []
    raw = packed(lists([("a", b"good")]), [("a", b"evil")])
    with pytest.raises(PeerError):
        read_parcel(io.BytesIO(raw), lambda _parcel, _name, _size, reader: got.append(reader.read()), KEYS)
    assert got == []


def test_a_member_that_is_not_listed_is_refused() -> None:
    more = ("wanted.json", b"{}")
    assert refused(packed(lists(MEMBERS), [*MEMBERS, more])) is Failure.ALTERED
    assert refused(packed(lists(MEMBERS), [more, *MEMBERS])) is Failure.ALTERED


def test_a_member_that_is_there_twice_is_refused() -> None:
    block = member_header("b", 1) + b"x".ljust(512, b"\0")
    raw = packed(lists([("b", b"x")]), [("b", b"x")])
    assert refused(raw[:-1024] + block + raw[-1024:]) is Failure.ARCHIVE


@pytest.mark.parametrize("at", range(len(MEMBERS)))
def test_a_member_that_is_left_out_is_missed_whichever_it_is(at: int) -> None:
    assert refused(packed(lists(MEMBERS), MEMBERS[:at] + MEMBERS[at + 1 :])) is Failure.SHORTENED


def test_members_in_another_order_are_refused() -> None:
    assert refused(packed(lists(MEMBERS), MEMBERS[::-1])) is Failure.SHORTENED


def test_a_parcel_cut_at_any_block_is_short() -> None:
    raw = written()
    assert {refused(raw[:at]) for at in range(0, len(raw), 512)} == {Failure.SHORTENED}


def test_a_parcel_cut_within_a_block_is_short() -> None:
    raw = written()
    assert {refused(raw[:at]) for at in (1, 511, 513, 600, len(raw) - 1)} == {Failure.SHORTENED}


def test_bytes_after_the_end_and_an_end_that_is_not_zeros_are_refused() -> None:
    raw = written()
    assert refused(raw + bytes(512)) is Failure.ARCHIVE
    assert refused(raw + b"\0") is Failure.ARCHIVE
    assert refused(raw[:-1] + b"\1") is Failure.ARCHIVE


def test_a_parcel_that_nobody_known_has_signed_is_refused_before_its_members() -> None:
    stranger = SigningKey.from_seed(b"\7" * 32)
    for parcel in (
        lists(MEMBERS, key=stranger),
        lists(MEMBERS, from_id="bob"),
        lists(MEMBERS, from_id="eva"),
        msgspec.structs.replace(lists(MEMBERS), number=4),
        msgspec.structs.replace(lists(MEMBERS), signature=None),
    ):
        seen: list[str] = []
        with pytest.raises(PeerError) as caught:
            read_parcel(io.BytesIO(packed(parcel, MEMBERS)), lambda _parcel, name, _size, _reader: seen.append(name), KEYS)  # noqa: B023 - called here
        assert (caught.value.failure, seen) == (Failure.SIGNATURE, [])


def test_a_list_that_was_changed_after_signing_is_refused() -> None:
    good, evil = lists([("a", b"good")]), lists([("a", b"evil")])
    assert refused(packed(msgspec.structs.replace(evil, signature=good.signature), [("a", b"evil")])) is Failure.SIGNATURE


def test_a_parcel_goes_one_way_only() -> None:
    assert refused(written("inbound"), KEYS) is Failure.KIND
    assert refused(written("outbound"), None) is Failure.KIND
    signed = msgspec.structs.replace(lists([]), kind="inbound", from_id="boat")
    assert refused(packed(signed, []), None) is Failure.SIGNATURE


def test_an_archive_without_a_parcels_header_is_none() -> None:
    out = io.BytesIO()
    writer = StreamingArchiveWriter(out)
    writer.add("charter.note", 1, [b"x"])
    writer.close()
    assert refused(out.getvalue()) is Failure.ARCHIVE


@pytest.mark.parametrize("size", [17 << 20, 8**11 - 1])
def test_a_header_that_claims_to_be_huge_is_refused_in_little_memory(size: int) -> None:
    assert _peak(member_header("parcel.json", size) + bytes(10_000), Failure.SIZE) < 1 << 20


def test_a_member_that_claims_to_be_huge_is_refused_in_little_memory() -> None:
    claim = 8**11 - 1
    parcel = msgspec.structs.replace(header("inbound"), members=(Listed(name="a", size=claim, sha256="0" * 64),))
    raw = canonical(parcel)
    start = member_header("parcel.json", len(raw)) + raw + bytes(-len(raw) % 512) + member_header("a", claim)
    assert _peak(start + bytes(100_000), Failure.SHORTENED) < 1 << 20


def test_a_member_larger_than_it_is_listed_is_refused_before_it_is_read() -> None:
    parcel = msgspec.structs.replace(header("inbound"), members=(Listed(name="a", size=5, sha256="0" * 64),))
    raw = canonical(parcel)
    start = member_header("parcel.json", len(raw)) + raw + bytes(-len(raw) % 512) + member_header("a", 8**11 - 1)
    assert _peak(start, Failure.ALTERED) < 1 << 20


def _peak(raw: bytes, failure: Failure) -> int:
    """Return the most bytes that were in use while a parcel was refused."""
    source = io.BytesIO(raw)
    tracemalloc.start()
    with pytest.raises(CorncrakeError) as caught:
        read_parcel(source, look)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.failure is failure
    return peak


def test_many_megabytes_pass_in_little_memory() -> None:
    piece = bytes(65_536)
    digest = hashlib.sha256(piece * 512).hexdigest()

    class Counted(io.RawIOBase):
        def __init__(self) -> None:
            self.length = 0

        def write(self, data: Any, /) -> int:
            self.length += len(data)
            return len(data)

    sink = Counted()
    tracemalloc.start()
    write_parcel(header("inbound"), [("big", 512 * 65_536, digest, (piece for _ in range(512)))], sink)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sink.length > 512 * 65_536
    assert peak < 1 << 20


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2}, {"kind": "sideways"}, {"number": 0}, {"day": "2026-02-30"}, {"root": "x"}, {"more": 1}, {"from": "A"},
        {"ranges": {"log_from": 2, "log_to": 1}},
        {"members": [{"name": "a", "size": 0, "sha256": "0" * 64}] * 2},
        {"members": [{"name": "parcel.json", "size": 0, "sha256": "0" * 64}]},
        {"members": [{"name": "../a", "size": 0, "sha256": "0" * 64}]},
        {"members": [{"name": "a", "size": 0, "sha256": "A" * 64}]},
    ],
)  # fmt: skip
def test_a_header_with_a_field_that_cannot_be_is_refused(changed: dict[str, Any]) -> None:
    fields: dict[str, Any] = msgspec.to_builtins(header("inbound")) | changed
    raw = canonical(fields)
    archive = member_header("parcel.json", len(raw)) + raw + bytes(-len(raw) % 512) + bytes(1024)
    assert refused(archive, None) is Failure.JSON


def test_what_cannot_be_a_parcel_is_not_written() -> None:
    cases: list[tuple[Parcel, list[tuple[str, bytes]], SigningKey | None, Failure]] = [
        (header("inbound"), [], KEY, Failure.MISUSE),
        (header("outbound"), [], None, Failure.MISUSE),
        (header("inbound"), [("a", b""), ("a", b"")], None, Failure.ARCHIVE),
        (header("inbound"), [("../a", b"")], None, Failure.ARCHIVE),
        (header("inbound"), [("parcel.json", b"")], None, Failure.ARCHIVE),
    ]
    for parcel, members, key, failure in cases:
        with pytest.raises(UsageError) as caught:
            write_parcel(parcel, listed(members), io.BytesIO(), key=key)
        assert caught.value.failure is failure


def test_a_file_that_changes_while_it_is_packed_is_noticed() -> None:
    name, size, digest, _ = listed([("a", b"as it was")])[0]
    with pytest.raises(UsageError) as caught:
        write_parcel(header("inbound"), [(name, size, digest, [b"as it is!"])], io.BytesIO())
    assert caught.value.failure is Failure.ALTERED
    with pytest.raises(UsageError) as caught:
        write_parcel(header("inbound"), [(name, size, digest, [b"as"])], io.BytesIO())
    assert caught.value.failure in {Failure.ALTERED, Failure.SIZE}


GOOD = written()


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_byte_of_a_signed_parcel_can_be_changed(at: int, flip: int) -> None:
    with pytest.raises(CorncrakeError):
        read_parcel(io.BytesIO(GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]), look, KEYS)
