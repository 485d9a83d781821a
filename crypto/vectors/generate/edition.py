# SPDX-License-Identifier: Apache-2.0
"""Cases of edition.md; signed and hashed by other libraries."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from organisation import TODAY, Case, charter_note, desk, document, head, public, root_text, seed, text_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDER = {"sequence": 2, "sha256": "00" * 32}


def opened(what: str, failure: str | None, signed: str, **fields: Any) -> dict[str, Any]:
    """Return a case of `open_edition`."""
    base: dict[str, Any] = {"what": what, "do": "open_edition", "failure": failure, "note_text": signed, "root": root_text()}
    base |= {"desk": "legal", "reviewer": "ana", "identity_hex": public("ana").hex()}
    return base | ({} if failure else {"expected": {"number": 5, "sha256": text_sha256(signed)}}) | fields


def head_cases() -> Iterator[Case]:
    """Heads one by one."""
    yield "good", opened("a head", None, head())
    yield "four_tiles", opened("four tiles of sixteen slots", None, head(bits=2, slots=16, tiles=[f"{number:02x}" * 32 for number in range(4)]))
    for name, what, failure, signed in (
        ("foreign_signature", "signed by another", "signature", head("thief")),
        ("other_kind", "another document", "kind", document("prekeys", {}, ("reviewer/ana", "ana"))),
        ("other_root", "another organisation", "root", head(root=root_text("log"))),
        ("other_desk", "another desk", "desk", head(desk="press")),
        ("tiles_missing", "one tile for two buckets", "edition", head(bits=1)),
        ("tiles_more", "two tiles for one bucket", "edition", head(tiles=["ab" * 32] * 2)),
        ("slots_24", "slots that are no power of two", "edition", head(slots=24)),
        ("slots_4", "fewer than eight slots", "json", head(slots=4)),
        ("bits_11", "more than 10 bits", "json", head(bits=11)),
        ("log_without_origin", "a log head that does not say of which log", "json", head(log={"size": 64, "root": "A" * 43})),
        ("number_0", "numbers begin at 1", "json", head(number=0)),
        ("tile_upper", "a hash in upper case", "json", head(tiles=["AB" * 32])),
    ):
        yield name, opened(what, failure, signed)
    yield "other_reviewer", opened("another reviewer's head", "signature", head(), reviewer="bo", identity_hex=public("bo").hex())


def heads(what: str, failure: str | None, *notes: str, charter: str | None = None, day: str = TODAY, **fields: Any) -> dict[str, Any]:
    """Return a case of `newest_heads`, then `check_heads`."""
    base: dict[str, Any] = {"what": what, "do": "check_heads", "failure": failure, "charter_text": charter or charter_note(), "root": root_text()}
    return base | {"desk": "legal", "heads": list(notes), "clock_day": day} | fields


def expect(numbers: list[int], today: str, last_seen: str | None, *, quiet: bool) -> dict[str, Any]:
    """Return what must come out."""
    return {"expected": {"numbers": numbers, "today": today, "last_seen": last_seen, "quiet": quiet}}


def unseen_cases() -> Iterator[Case]:
    """Voices that have not been seen lately."""
    both = [desk(voices=["bo", "ana"])]
    signed = charter_note(desks=both)
    later = "2026-12-10"
    fresh, bos = head(day="2026-12-09", number=9), head("bo", reviewer="bo", number=2)
    for name, what, note, notes, day, expected in (
        ("unseen_none", "both voices have been seen", signed, [head(), bos], TODAY, []),
        ("unseen_one", "one is 15 days old, the other is not", signed, [fresh, bos], later, [["bo", TODAY]]),
        ("unseen_14_days", "14 days are no long time", signed, [fresh, bos], "2026-12-09", []),
        ("unseen_both", "both are old", signed, [head(), bos], later, [["ana", TODAY], ["bo", TODAY]]),
        ("unseen_missing", "one has no head, in a charter of 24 days ago", signed, [head()], TODAY, [["bo", None]]),
        ("unseen_new", "one has no head yet, in a charter of 10 days ago", charter_note(desks=both, issued="2026-11-15"), [head()], TODAY, []),
        ("unseen_no_voice", "a reviewer who is no voice need not be seen", charter_note(), [head()], TODAY, []),
    ):
        case: dict[str, Any] = {"what": what, "do": "unseen_voices", "failure": None, "charter_text": note, "root": root_text()}
        yield name, case | {"desk": "legal", "heads": notes, "today": day, "expected": expected}


def heads_cases() -> Iterator[Case]:
    """All heads of a desk together."""
    yield "heads_one", heads("one head", None, head()) | expect([5], TODAY, TODAY, quiet=False)
    yield "heads_newest", heads("the newest of three", None, head(number=6), head(number=7), head()) | expect([7], TODAY, TODAY, quiet=False)
    yield "heads_same_twice", heads("one head twice", None, head(), head()) | expect([5], TODAY, TODAY, quiet=False)
    yield "heads_none", heads("no head", None) | expect([], TODAY, None, quiet=True)
    yield "heads_old_charter", heads("a head that knows an older charter only", None, head(charter=OLDER)) | expect([5], TODAY, TODAY, quiet=False)
    yield "heads_14_days", heads("14 days old", None, head(), day="2026-12-09") | expect([5], "2026-12-09", TODAY, quiet=False)
    yield "heads_15_days", heads("15 days old", None, head(), day="2026-12-10") | expect([5], "2026-12-10", TODAY, quiet=True)
    yield "heads_slow_clock", heads("a clock that is slow", None, head(), day="2026-11-20") | expect([5], TODAY, TODAY, quiet=False)
    newer = {"sequence": 4, "sha256": "00" * 32}
    other = {"sequence": 3, "sha256": "00" * 32}
    for name, what, failure, notes in (
        ("rollback", "a newer charter exists", "rollback", [head(charter=newer)]),
        ("other_charter", "another charter of this sequence exists", "equivocation", [head(charter=other)]),
        ("equivocation", "two heads of one number", "equivocation", [head(), head(day="2026-11-24")]),
        (
            "equivocation_below",
            "two heads of one number, the second behind a newer one",
            "equivocation",
            [head(), head(number=6), head(day="2026-11-24")],
        ),
        ("no_voice", "a reviewer who is no voice", "desk", [head("bo", reviewer="bo")]),
        ("unknown", "somebody unknown", "desk", [head("eve", reviewer="eve")]),
    ):
        yield f"heads_{name}", heads(what, failure, *notes)
    short = charter_note(expires=TODAY)
    late = head(day="2026-11-26", charter={"sequence": 3, "sha256": text_sha256(short)})
    yield "heads_expired", heads("expired by the newest head, not by the clock", "expired", late, charter=short, day="2026-11-24")


def place_cases() -> Iterator[Case]:
    """Buckets and tags."""
    thread = public("thread")
    digest = hashlib.sha256(b"corncrake.org/v1/bucket\nlegal\n" + thread).digest()
    for bits in (0, 1, 3, 8, 10):
        fields = {"desk": "legal", "thread_hex": thread.hex(), "bits": bits}
        expected = int.from_bytes(digest, "big") >> (256 - bits)
        yield f"bucket_{bits}", {"what": f"the first {bits} bits", "do": "bucket", "failure": None} | fields | {"expected": expected}
    for number, part in ((1, 0), (5, 0), (5, 3), (2**40 + 1, 1)):
        place = b"corncrake.org/v1/tag\nlegal\nana\n" + thread + number.to_bytes(8, "big") + bytes([part])
        fields = {
            "reply_tag_hex": seed("reply tag").hex(),
            "thread_hex": thread.hex(),
            "desk": "legal",
            "reviewer": "ana",
            "number": number,
            "part": part,
        }
        expected = hmac.new(seed("reply tag"), place, hashlib.sha256).hexdigest()[:32]
        yield f"tag_{number}_{part}", {"what": "a tag", "do": "reply_tag", "failure": None} | fields | {"expected_hex": expected}


def tile(what: str, failure: str | None, tags: list[int], *, wanted: int = 3, **fields: Any) -> dict[str, Any]:
    """Return a case of `read_tile`, then `find`: each slot is 16 equal bytes and 7,803 equal bytes."""
    raw = b"".join(bytes([tag]) * 16 + bytes([number]) * 7_803 for number, tag in enumerate(tags))
    sha256 = hashlib.sha256(raw).hexdigest()
    found = tags.index(wanted) if wanted in tags else None
    base: dict[str, Any] = {"slots": 8, "tag_bytes": tags, "sha256": sha256, "tag_hex": f"{wanted:02x}" * 16} | fields
    return {"what": what, "do": "read_tile", "failure": failure} | base | ({} if failure else {"expected_slot": found})


def tile_cases() -> Iterator[Case]:
    """Tiles; slot n holds bytes n as its reply."""
    rising = [0, 1, 2, 3, 4, 5, 6, 255]
    yield "tile_found", tile("a tag that is there", None, rising)
    yield "tile_first", tile("the first slot", None, rising, wanted=0)
    yield "tile_final", tile("the last slot", None, rising, wanted=255)
    yield "tile_not_found", tile("a tag that is not there", None, rising, wanted=9)
    yield "tile_other_hash", tile("not the one that the head names", "edition", rising, sha256="00" * 32)
    yield "tile_swapped", tile("two slots swapped", "edition", [0, 2, 1, 3, 4, 5, 6, 7])
    yield "tile_doubled", tile("a tag twice", "edition", [0, 1, 2, 3, 3, 5, 6, 7])
    yield "tile_short", tile("a slot is missing", "edition", rising[:-1])
    yield "tile_other_slots", tile("another number of slots than the head says", "edition", rising, slots=16)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from head_cases()
    yield from heads_cases()
    yield from place_cases()
    yield from tile_cases()
    yield from unseen_cases()
