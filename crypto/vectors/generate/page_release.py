# SPDX-License-Identifier: Apache-2.0
"""Cases of page_release.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import TODAY, Case, charter_note, document, note, public, root_text, signature_line, text_sha256, url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEYS = ("release 1", "release 2", "release 3")
TWO = ("release 1", "release 3")


def listed(path: str, **changes: Any) -> dict[str, Any]:
    """Return a file."""
    return {"path": path, "size": len(path), "sha256": f"{len(path):02x}" * 32} | changes


FILES = [listed(path) for path in ("assets/index-Dx_1-a.js", "index.html", "saved.html")]


def release(signers: Sequence[str] = TWO, **changes: Any) -> str:
    """Return a release as a note."""
    fields: dict[str, Any] = {"root": root_text(), "number": 7, "day": "2026-11-20", "files": FILES, "saved": "saved.html"}
    return document("page-release", fields | changes, *(("release", label) for label in signers))


def opened(what: str, failure: str | None, signed: str, *, keys: Sequence[str] = KEYS, **fields: Any) -> dict[str, Any]:
    """Return a case of `open_page_release`."""
    base: dict[str, Any] = {"what": what, "do": "open_page_release", "failure": failure, "note_text": signed, "today": TODAY}
    base |= {"charter_text": charter_note(release_keys=[url(public(label)) for label in keys]), "charter_root": root_text(), "floor": None}
    expected = {"number": 7, "sha256": text_sha256(signed), "files": 3, "saved_sha256": "0a" * 32}
    return base | ({} if failure else {"expected": expected}) | fields


def signed_cases() -> Iterator[Case]:
    """How many have signed."""
    yield "two_of_three", opened("two of three keys", None, release())
    yield "three_of_three", opened("all three keys", None, release(KEYS))
    yield "one_of_one", opened("the only key", None, release(["release 1"]), keys=["release 1"])
    yield "one_of_three", opened("one of three keys", "signature", release(["release 1"]))
    yield "one_of_two", opened("one of two keys: half is not more than half", "signature", release(["release 1"]), keys=KEYS[:2])
    yield "two_of_four", opened("two of four keys", "signature", release(), keys=[*KEYS, "release 4"])
    yield "three_of_four", opened("three of four keys", None, release(KEYS), keys=[*KEYS, "release 4"])
    yield "one_and_a_stranger", opened("one key, and one that the charter does not name", "signature", release(["release 1", "thief"]))
    yield "two_and_a_stranger", opened("two keys, and one that the charter does not name", None, release(["thief", *TWO]))
    yield "one_key_twice", opened("one key, twice", "note", release(["release 1", "release 1"]))
    text = release().rpartition("\n\n")[0] + "\n"
    named = text + "\n" + signature_line(text, "release", "release 1") + signature_line(text, "organisation", "release 3")
    yield "other_name", opened("the second key under another name", "signature", named)
    yield "changed_text", opened("a changed size", "signature", release().replace('"size":10', '"size":11'))
    yield "no_keys", opened("a charter without release keys", "charter", release(), keys=[])


def content_cases() -> Iterator[Case]:
    """What a release may say."""
    script, index, saved = FILES
    wrong: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("other_root", "another organisation's", "root", {"root": root_text("log")}),
        ("number_0", "numbers begin at 1", "json", {"number": 0}),
        ("no_files", "no files", "json", {"files": []}),
        ("unsorted", "files in another order", "not-canonical", {"files": [index, script, saved]}),
        ("path_twice", "a path twice", "not-canonical", {"files": [script, index, index, saved]}),
        ("no_index", "without index.html", "incomplete", {"files": [script, saved]}),
        ("saved_elsewhere", "the one-file edition is not among the files", "incomplete", {"saved": "other.html"}),
        ("path_up", "a path that leads upwards", "json", {"files": [listed("../x"), *FILES]}),
        ("path_hidden", "a hidden file", "json", {"files": [listed(".x"), *FILES]}),
        ("path_absolute", "a path from the top", "json", {"files": [listed("/x"), *FILES]}),
        ("path_empty_segment", "an empty segment", "json", {"files": [listed("a//x"), *FILES]}),
        ("path_space", "a space in a path", "json", {"files": [listed("a b"), *FILES]}),
        ("path_long", "a path of 129 characters", "json", {"files": [listed("a" * 129), *FILES]}),
        ("path_newline", "a path that ends in a newline", "json", {"files": [*FILES, listed("x\n")]}),
        ("size_large", "a file of more than 16 MiB", "json", {"files": [script | {"size": (16 << 20) + 1}, index, saved]}),
        ("hash_upper", "a hash in upper case", "json", {"files": [script | {"sha256": "AB" * 32}, index, saved]}),
        ("unknown_field", "a field that nobody knows", "json", {"more": 1}),
    )
    for name, what, failure, changes in wrong:
        yield name, opened(what, failure, release(**changes))
    yield "other_kind", opened("another document", "kind", document("edition", {}, *(("release", label) for label in TWO)))
    spaced = "corncrake.org/page-release/v1\n{} \n"
    yield "space", opened("a space after the JSON", "not-canonical", note(spaced, *(("release", label) for label in TWO)))
    many = [listed("index.html"), *(listed(f"x{number:03}") for number in range(512))]
    yield "too_many_files", opened("513 files", "json", release(files=many, saved="index.html"))


def floor_cases() -> Iterator[Case]:
    """What is known to exist."""
    sha256 = text_sha256(release())
    yield "at_floor", opened("the newest that is known", None, release(), floor={"number": 7, "sha256": sha256})
    yield "above_floor", opened("newer than any that was known", None, release(), floor={"number": 6, "sha256": "00" * 32})
    yield "rollback", opened("older than one that is known", "rollback", release(), floor={"number": 8, "sha256": "00" * 32})
    yield "equivocation", opened("another of the same number", "equivocation", release(), floor={"number": 7, "sha256": "00" * 32})


def cases() -> Iterator[Case]:
    """All of them."""
    yield from signed_cases()
    yield from content_cases()
    yield from floor_cases()
