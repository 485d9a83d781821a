# SPDX-License-Identifier: Apache-2.0
"""Cases of parcel.md: archives packed by `archive.py` of this folder, headers signed by another library."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from archive import END, header, member
from organisation import Case, canonical, key, public, root_text, url
from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Members = list[tuple[str, bytes]]
MEMBERS: Members = [("charter.note", b"a note\n"), ("prekeys.json", b""), ("tile-safety-00000.bin", b"x" * 700)]

PUSHED: list[dict[str, Any]] = [{"reviewer": "ana", "number": 7, "looked": True}, {"reviewer": "bo", "number": 2}]


def fields(members: Sequence[tuple[str, bytes]] = MEMBERS, /, **changed: Any) -> dict[str, Any]:
    """Return the fields of an inbound parcel."""
    found = [{"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in members]
    return {
        "v": 1,
        "kind": "inbound",
        "from": "boat",
        "number": 3,
        "root": root_text(),
        "ranges": {"log_from": 64, "log_to": 128},
        "members": found,
        "day": "2026-11-25",
    } | changed


def signed(signer: str = "ana", members: Sequence[tuple[str, bytes]] = MEMBERS, /, **changed: Any) -> dict[str, Any]:
    """Return the fields of an outbound parcel, signed."""
    found = fields(members, kind="outbound", **({"from": "ana"} | changed))
    statement = f"corncrake.org/parcel/v1\n{canonical(found)}\n".encode()
    return found | {"signature": url(key(signer).sign(statement))}


def packed(listed: dict[str, Any] | str, members: Sequence[tuple[str, bytes]] = MEMBERS) -> bytes:
    """Return the archive."""
    text = listed if isinstance(listed, str) else canonical(listed)
    return b"".join(member(name, data) for name, data in [("parcel.json", text.encode()), *members]) + END


def whole_cases() -> Iterator[tuple[str, str, str | None, bytes]]:
    """Archives that are not what their header lists."""
    good = packed(fields())
    altered = [MEMBERS[0], MEMBERS[1], ("tile-safety-00000.bin", b"x" * 699 + b"y")]
    longer = [MEMBERS[0], MEMBERS[1], ("tile-safety-00000.bin", b"x" * 701)]
    yield "inbound", "a parcel to a vault", None, good
    yield "series", "a parcel to a vault, and more to come", None, packed(fields(more=True, pushed=PUSHED))
    yield "no_members", "no members", None, packed(fields([]), [])
    yield "altered", "one byte of a member is another", "altered", packed(fields(), altered)
    yield "longer", "a member is a byte longer", "altered", packed(fields(), longer)
    yield "empty_altered", "a member listed as empty is not", "altered", packed(fields(), [MEMBERS[0], ("prekeys.json", b"x"), MEMBERS[2]])
    yield "not_listed", "a member that is not listed", "altered", packed(fields(), [*MEMBERS, ("more", b"")])
    yield "left_out", "a member is left out", "shortened", packed(fields(), [MEMBERS[0], MEMBERS[2]])
    yield "last_left_out", "the last member is left out", "shortened", packed(fields(), MEMBERS[:2])
    yield "reordered", "members in another order", "shortened", packed(fields(), MEMBERS[::-1])
    yield "twice", "a member is there twice", "archive", packed(fields(), [*MEMBERS, MEMBERS[2]])
    yield "no_end", "no closing zeros", "shortened", good[:-1024]
    yield "half_end", "half of the closing zeros", "shortened", good[:-512]
    yield "cut_in_member", "cut within a member", "shortened", good[:-1500]
    yield "cut_in_header", "cut within its header", "shortened", good[:700]
    yield "nothing", "no bytes", "shortened", b""
    yield "more_zeros", "512 zeros too many", "archive", good + bytes(512)
    yield "end_not_zero", "an end that is not zeros", "archive", good[:-1] + b"\1"
    yield "first_member", "another first member", "archive", member("charter.note", b"x") + END
    yield "huge_header", "a header that claims 16 MiB and a byte", "size", header("parcel.json", (16 << 20) + 1) + bytes(1024)


def header_cases() -> Iterator[tuple[str, str, str, bytes]]:
    """Headers that are refused."""
    one = fields([("a", b"")])["members"]
    nothing: list[Any] = []
    for name, what, changed in (
        ("version", "version 2", {"v": 2}),
        ("kind", "another kind", {"kind": "sideways"}),
        ("number_zero", "number 0", {"number": 0}),
        ("day", "a day that no calendar has", {"day": "2026-02-30"}),
        ("from", "a sender in upper case", {"from": "Boat"}),
        ("root", "a root of 51 characters", {"root": root_text()[:51]}),
        ("unknown", "a field that nobody knows", {"less": 1}),
        ("more_false", "a flag that says no", {"more": False}),
        ("pushed_none", "an empty list of what was pushed", {"pushed": nothing}),
        ("pushed_twice", "a reviewer twice in what was pushed", {"pushed": [PUSHED[0], PUSHED[0] | {"number": 8}]}),
        ("pushed_zero", "an export of number 0 was pushed", {"pushed": [{"reviewer": "ana", "number": 0}]}),
        ("outbound_more", "an outbound parcel that says that more comes", {"kind": "outbound", "more": True}),
        ("outbound_pushed", "an outbound parcel that says what was pushed", {"kind": "outbound", "pushed": PUSHED}),
        ("ranges", "a range that ends before it begins", {"ranges": {"log_from": 2, "log_to": 1}}),
        ("name_twice", "a name twice", {"members": one * 2}),
        ("name_itself", "it lists itself", {"members": [one[0] | {"name": "parcel.json"}]}),
        ("name_path", "a path for a name", {"members": [one[0] | {"name": "../a"}]}),
        ("hash_upper", "a hash in upper case", {"members": [one[0] | {"sha256": "A" * 64}]}),
    ):
        yield f"header_{name}", what, "json", packed(fields([], **changed), [])
    yield "header_spaces", "spaces in its JSON", "not-canonical", packed(canonical(fields([])).replace(":", ": "), [])
    yield "inbound_signed", "an inbound parcel with a signature", "signature", packed(fields() | {"signature": url(bytes(64))})


def outbound_cases() -> Iterator[tuple[str, str, str | None, bytes]]:
    """Parcels to a server."""
    yield "outbound", "a parcel to a server", None, packed(signed())
    yield "foreign_signature", "signed by another key", "signature", packed(signed("thief"))
    yield "unknown_sender", "a sender that nobody knows", "signature", packed(signed(**{"from": "bob"}))
    yield "no_signature", "no signature", "signature", packed(fields(kind="outbound") | {"from": "ana"})
    yield "changed_number", "a number changed after signing", "signature", packed(signed() | {"number": 4})
    yield "other_way", "an inbound parcel", "kind", packed(fields())
    yield "outbound_altered", "one byte of a member is another", "altered", packed(signed(), [MEMBERS[0], MEMBERS[1], (MEMBERS[2][0], b"y" * 700)])


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for name, what, failure, raw in (*whole_cases(), *header_cases()):
        yield (
            name,
            {"what": what, "do": "read_parcel", "failure": failure, "keys": None, "parcel_base64": b64(raw)}
            | ({} if failure else {"expected_members": [] if name == "no_members" else [found for found, _ in MEMBERS]}),
        )
    keys = {"ana": public("ana").hex(), "bo": public("bo").hex()}
    for name, what, failure, raw in outbound_cases():
        yield (
            name,
            {"what": what, "do": "read_parcel", "failure": failure, "keys": keys, "parcel_base64": b64(raw)}
            | ({} if failure else {"expected_members": [found for found, _ in MEMBERS]}),
        )
    yield (
        "goes_out",
        {
            "what": "an outbound parcel where an inbound one is expected",
            "do": "read_parcel",
            "failure": "kind",
            "keys": None,
            "parcel_base64": b64(packed(signed())),
        },
    )
