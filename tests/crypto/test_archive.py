# SPDX-License-Identifier: AGPL-3.0-or-later
"""Strict archives: properties, stock readers, streaming."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto import archive
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,98}", fullmatch=True).filter(archive.is_name)
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=1_100)), min_size=1, max_size=5, unique_by=lambda member: member[0])


def written(members: list[tuple[str, bytes]], fill: int = 0) -> bytes:
    return archive.write_archive(members, archive.content_length(len(data) for _, data in members) + 512 * fill)


def streamed(members: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    writer = archive.StreamingArchiveWriter(sink)
    for name, data in members:
        writer.add(name, len(data), [data[:7], data[7:]])
    writer.close()
    return sink.getvalue()


def read_streamed(raw: bytes) -> list[tuple[str, bytes]]:
    return [(name, member.read()) for name, _, member in archive.iter_archive(io.BytesIO(raw))]


@given(MEMBERS, st.integers(0, 4))
def test_members_come_back_whole_and_in_order(members: list[tuple[str, bytes]], fill: int) -> None:
    assert archive.read_archive(written(members, fill)) == members


@given(MEMBERS)
def test_a_streamed_archive_is_the_same_bytes_and_reads_the_same(members: list[tuple[str, bytes]]) -> None:
    raw = written(members)
    assert streamed(members) == raw
    assert read_streamed(raw) == members


@given(MEMBERS)
def test_python_tarfile_sees_what_we_see(members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(fileobj=io.BytesIO(written(members, 3))) as tar:
        found = [(entry.name, reader.read()) for entry in tar if (reader := tar.extractfile(entry))]
    assert found == members


def test_gnu_tar_extracts_what_we_wrote(tmp_path: Path) -> None:
    members = [("report.json", b"{}\n"), ("data", bytes(range(256)) * 9)]
    (tmp_path / "x.tar").write_bytes(archive.write_archive(members, 12_288))
    folder = tmp_path / "out"
    folder.mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "x.tar", "-C", folder, "--keep-old-files"], check=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(members)


@given(MEMBERS, st.data())
def test_no_altered_byte_outside_the_data_goes_unnoticed(members: list[tuple[str, bytes]], data: st.DataObject) -> None:
    raw = bytearray(written(members, 1))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        found = archive.read_archive(bytes(raw))
    except FileError as error:
        assert error.failure is Failure.ARCHIVE  # noqa: PT017 - either outcome is right
    else:
        assert archive.write_archive(found, len(raw)) == raw, "two archives for one value"
        assert [name for name, _ in found] == [name for name, _ in members]


@given(st.binary(max_size=2_048))
def test_bytes_that_are_no_archive_are_refused(raw: bytes) -> None:
    for read in (archive.read_archive, read_streamed):
        with pytest.raises(FileError) as caught:
            read(raw)
        assert caught.value.failure is Failure.ARCHIVE


def test_an_archive_cut_anywhere_is_refused() -> None:
    raw = written([("a", b"x" * 700), ("b", b"")])
    for read in (archive.read_archive, read_streamed):
        for length in range(len(raw)):
            with pytest.raises(FileError):
                read(raw[:length])


def test_a_streamed_archive_with_more_than_its_closing_zeros_is_refused() -> None:
    with pytest.raises(FileError):
        read_streamed(written([("a", b"x")], fill=1))


def test_a_size_that_is_a_lie_costs_no_memory() -> None:
    raw = archive.member_header("a", archive.MAX_MEMBER_SIZE) + bytes(2_048)
    tracemalloc.start()
    with pytest.raises(FileError):
        archive.read_archive(raw)
    with pytest.raises(FileError):
        list(archive.iter_archive(io.BytesIO(raw)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_048_576


def test_members_other_than_listed_or_in_another_order_are_refused() -> None:
    members = archive.read_archive(written([("report.json", b""), ("reply.key", b"")]))
    archive.check_members(members, ["report.json", "reply.key"])
    for names in (["report.json"], ["reply.key", "report.json"], ["report.json", "reply.key", "x"]):
        with pytest.raises(FileError):
            archive.check_members(members, names)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_member_of_another_size_than_said_is_refused_by_the_writer(size: int) -> None:
    writer = archive.StreamingArchiveWriter(io.BytesIO())
    with pytest.raises(UsageError) as caught:
        writer.add("a", size, [b"xy"])
    assert caught.value.failure is Failure.SIZE


def test_an_archive_without_members_is_not_written() -> None:
    for write in (archive.StreamingArchiveWriter(io.BytesIO()).close, lambda: archive.write_archive([], 1_024)):
        with pytest.raises(CorncrakeError):
            write()


class Zeros:
    """A source and a sink of any length."""

    def __init__(self, length: int) -> None:
        self.left = length

    def read(self, size: int, /) -> bytes:
        piece = bytes(min(size, self.left))
        self.left -= len(piece)
        return piece

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self.left += len(data)


def test_memory_is_flat_for_a_member_of_64_mib() -> None:
    length = 64 << 20

    def chunks() -> Iterator[bytes]:
        for _ in range(length >> 16):
            yield bytes(1 << 16)

    class Source(Zeros):
        header = archive.member_header("a", length)

        def read(self, size: int, /) -> bytes:
            piece, self.header = self.header[:size], self.header[size:]
            return piece or super().read(size)

    tracemalloc.start()
    sink = Zeros(0)
    archive.StreamingArchiveWriter(sink).add("a", length, chunks())
    assert [(name, size) for name, size, _ in archive.iter_archive(Source(length + 1_024))] == [("a", length)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sink.left == length + 512
    assert peak < 1_048_576
