# SPDX-License-Identifier: Apache-2.0
"""Cases of archive.md; headers are packed here by `struct`, not by the code under test."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from written import b64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORM = struct.Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")


def header(name: str, length: int, /, **changed: bytes) -> bytes:
    """Return a ustar header with some fields changed, its checksum right."""
    fields = {
        "name": name.encode(),
        "mode": b"0000600",
        "uid": b"0000000",
        "gid": b"0000000",
        "size": b"%011o" % length,
        "mtime": b"0" * 11,
        "checksum": b" " * 8,
        "type": b"0",
        "link": b"",
        "magic": b"ustar\0",
        "version": b"00",
        "uname": b"",
        "gname": b"",
        "major": b"0000000",
        "minor": b"0000000",
        "prefix": b"",
    }
    packed = FORM.pack(*(fields | changed).values())
    if "checksum" not in changed:
        packed = packed[:148] + b"%06o\0 " % sum(packed) + packed[156:]
    return packed


def member(name: str, data: bytes, /, **changed: bytes) -> bytes:
    """Return a member: header, data, zeros up to the block."""
    return header(name, len(data), **changed) + data + bytes(-len(data) % 512)


ONE = member("report.json", b"{}")
TWO = ONE + member("reply.key", bytes(range(256)) * 4)
END = bytes(1024)


def good() -> Iterator[tuple[str, str, bytes, list[tuple[str, bytes]]]]:
    """Archives that are well formed, and what is in them."""
    yield "one_member", "one member, the least fill", ONE + END, [("report.json", b"{}")]
    both = [("report.json", b"{}"), ("reply.key", bytes(range(256)) * 4)]
    yield "two_members", "two members, filled to a class", (TWO + END).ljust(12288, b"\0"), both
    yield "empty_member", "a member without data", member("a", b"") + END, [("a", b"")]
    yield "full_block", "data of exactly one block", member("a", b"x" * 512) + END, [("a", b"x" * 512)]
    name = "a" + "b" * 98
    yield "longest_name", "a name of 99 characters", member(name, b"x") + END, [(name, b"x")]
    yield "name_signs", "dot, line and underscore in a name", member("0.a-b_c", b"x") + END, [("0.a-b_c", b"x")]
    yield "not_quite_a_device", "con2 and com10 are no devices", member("con2", b"x") + member("com10", b"y") + END, [("con2", b"x"), ("com10", b"y")]


def bad_names() -> Iterator[tuple[str, str, bytes]]:
    """Names that are refused."""
    for label, name in {
        "dot_first": ".bashrc",
        "slash": "a/b",
        "parent": "..",
        "absolute": "/etc",
        "upper": "Report.json",
        "space": "a b",
        "final_dot": "a.",
        "backslash": "a\\b",
        "colon": "c:x",
        "accent": "\u00f1",
        "minus_first": "-rf",
        "empty": "",
        "device": "con",
        "device_with_end": "nul.txt",
        "device_number": "com1.tar.gz",
        "device_zero": "lpt0",
    }.items():
        yield f"name_{label}", f"the name {name!r}", member(name, b"x") + END
    yield "name_100", "a name of 100 characters", member("a" * 100, b"x") + END
    yield "name_twice", "a name twice", member("a", b"x") + member("a", b"x") + END
    yield "name_rest", "bytes after the end of the name", member("a\0b", b"x") + END


def bad_headers() -> Iterator[tuple[str, str, bytes]]:
    """Headers in another form."""
    fields: dict[str, bytes] = {
        "mode": b"0000644",
        "uid": b"0001750",
        "gid": b"0001750",
        "mtime": b"14666666666",
        "type": b"5",
        "link": b"x",
        "magic": b"ustar ",
        "version": b"  ",
        "uname": b"root",
        "gname": b"root",
        "major": b"",
        "minor": b"",
        "prefix": b"a",
    }
    for field, value in fields.items():
        yield f"header_{field}", f"another {field}", member("a", b"x", **{field: value}) + END
    for kind, label in ((b"\0", "old_file"), (b"2", "link"), (b"x", "pax"), (b"L", "gnu_long_name"), (b"S", "sparse")):
        yield f"type_{label}", "another type of member", member("a", b"x", type=kind) + END
    yield "size_no_zeros", "a size without leading zeros", member("a", b"x", size=b"1") + END
    yield "size_spaces", "a size with spaces", member("a", b"x", size=b"          1 ") + END
    yield "size_binary", "a size in base 256", member("a", b"x", size=b"\x80" + bytes(10) + b"\x01") + END
    yield "size_not_octal", "a size with an 8", member("a", b"x" * 8, size=b"00000000008") + END
    yield "checksum_wrong", "a wrong checksum", member("a", b"x", checksum=b"000000\0 ") + END
    right = member("a", b"x")
    yield "checksum_form", "a checksum that ends in a space", right[:154] + b" \0" + right[156:] + END


def bad_ends() -> Iterator[tuple[str, str, bytes]]:
    """Ends and fills that are refused."""
    yield "nothing", "no bytes", b""
    yield "no_member", "zeros only", bytes(10240)
    yield "no_end", "no zeros", ONE
    yield "end_512", "512 closing zeros", ONE + bytes(512)
    yield "end_not_whole", "a fill that is no multiple of 512", ONE + bytes(1025)
    yield "end_not_zero", "something in the fill", ONE + bytes(2047) + b"\x01"
    yield "member_after_end", "a member after the end", ONE + END + member("b", b"x") + END
    yield "fill_of_data", "data not filled with zeros", ONE[:-1] + b"\x01" + END
    yield "cut_in_data", "cut within a member", ONE[:600]
    yield "cut_in_header", "cut within a header", ONE + header("b", 0)[:300]
    yield "size_beyond", "a size beyond the end", header("a", 4096) + END
    yield "members_65", "more members than an archive in memory has", b"".join(member(f"m{i}", b"") for i in range(65)) + END


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    for name, what, raw, members in good():
        yield (
            name,
            {
                "what": what,
                "do": "read_archive",
                "failure": None,
                "archive_base64": b64(raw),
                "expected": [{"name": n, "data_base64": b64(d)} for n, d in members],
            },
        )
    groups: tuple[Callable[[], Iterator[tuple[str, str, bytes]]], ...] = (bad_names, bad_headers, bad_ends)
    for group in groups:
        for name, what, raw in group():
            yield name, {"what": what, "do": "read_archive", "failure": "archive", "archive_base64": b64(raw)}
    yield (
        "write",
        {
            "what": "two members written into a class",
            "do": "write_archive",
            "failure": None,
            "size": 4096,
            "members": [{"name": "report.json", "data_base64": b64(b"{}")}, {"name": "b", "data_base64": b64(b"x" * 513)}],
            "expected_base64": b64((ONE + member("b", b"x" * 513)).ljust(4096, b"\0")),
        },
    )
    yield (
        "write_too_much",
        {
            "what": "members that leave less than 1,024 zeros",
            "do": "write_archive",
            "failure": "size",
            "size": 2048,
            "members": [{"name": "a", "data_base64": b64(b"x" * 513)}],
        },
    )
    yield (
        "write_name",
        {
            "what": "a name that is not allowed",
            "do": "write_archive",
            "failure": "archive",
            "size": 4096,
            "members": [{"name": "../a", "data_base64": ""}],
        },
    )
    yield (
        "write_twice",
        {
            "what": "a name twice",
            "do": "write_archive",
            "failure": "archive",
            "size": 4096,
            "members": [{"name": "a", "data_base64": ""}, {"name": "a", "data_base64": ""}],
        },
    )
