# SPDX-License-Identifier: AGPL-3.0-or-later
"""Page releases: how many must sign, what a release may say, and by what two differ."""

from datetime import date
from typing import Any

import pytest

from corncrake_crypto.charter import Charter
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import Failure
from corncrake_crypto.note import join_notes
from corncrake_crypto.page_release import (
    MAX_FILES,
    MAX_RELEASE,
    FileChanges,
    PageFile,
    PageRelease,
    check_release_floor,
    file_changes,
    open_page_release,
    sign_page_release,
    signatures_needed,
)
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import is_public, leaf_entry
from tests.simulators.organisation import SimulatedOrganisation
from tests.simulators.refusal import refused

ORG = SimulatedOrganisation()
KEYS = [SigningKey.generate() for _ in range(16)]


def charter(keys: int) -> Charter:
    return ORG.charter(release_keys=tuple(b64url(key.public) for key in KEYS[:keys]))


def listed(path: str, **changes: Any) -> PageFile:
    fields: dict[str, Any] = {"path": path, "size": 5, "sha256": "ab" * 32}
    return PageFile(**fields | changes)


FILES = (listed("assets/a.js"), listed("index.html"), listed("saved.html"))


def release(**changes: Any) -> PageRelease:
    fields: dict[str, Any] = {"root": root_text(ORG.root), "number": 3, "day": date(2026, 11, 20), "files": FILES, "saved": "saved.html"}
    return PageRelease(**fields | changes)


@pytest.mark.parametrize(("keys", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (16, 9)])
def test_more_than_half_of_the_release_keys_must_sign(keys: int, needed: int) -> None:
    assert signatures_needed(charter(keys)) == needed
    assert open_page_release(sign_page_release(release(), KEYS[:needed]), charter(keys)).release == release()
    if needed > 1:
        with refused(Failure.SIGNATURE):
            open_page_release(sign_page_release(release(), KEYS[: needed - 1]), charter(keys))


def test_a_charter_without_release_keys_has_no_release() -> None:
    with refused(Failure.CHARTER):
        open_page_release(sign_page_release(release(), KEYS[:1]), charter(0))


def test_signatures_made_apart_are_put_together_in_any_order_and_twice() -> None:
    one, two = (sign_page_release(release(), [key]) for key in KEYS[:2])
    joined = join_notes([one, two])
    assert joined == join_notes([two, joined, one])
    assert open_page_release(joined, charter(3)).release.number == 3


def test_signatures_of_two_releases_are_not_put_together() -> None:
    with refused(Failure.MISUSE):
        join_notes([sign_page_release(release(number=number), [KEYS[0]]) for number in (3, 4)])


def test_a_release_that_contradicts_itself_is_not_signed() -> None:
    with refused(Failure.NOT_CANONICAL):
        sign_page_release(release(files=FILES[::-1]), KEYS[:1])
    with refused(Failure.INCOMPLETE):
        sign_page_release(release(saved="other.html"), KEYS[:1])


def test_the_largest_release_fits() -> None:
    long = "/".join(["x" * 24] * 5)
    files = (*(listed(f"{long}{number:03}", size=1 << 24) for number in range(MAX_FILES - 1)), listed("index.html"))
    files = tuple(sorted(files, key=lambda file: file.path))
    raw = sign_page_release(release(files=files, saved="index.html"), KEYS)
    assert len(raw) < MAX_RELEASE
    assert len(open_page_release(raw, charter(16)).release.files) == MAX_FILES


def test_a_release_stands_in_the_log_in_clear() -> None:
    opened = open_page_release(sign_page_release(release(), KEYS[:1]), charter(1))
    assert is_public(leaf_entry("page-release", opened.text))


def test_a_lower_number_and_another_release_of_the_same_number_are_refused() -> None:
    opened = open_page_release(sign_page_release(release(), KEYS[:1]), charter(1))
    check_release_floor(opened, 3, opened.sha256)
    check_release_floor(opened, 2, "00" * 32)
    with refused(Failure.ROLLBACK):
        check_release_floor(opened, 4, "00" * 32)
    with refused(Failure.EQUIVOCATION):
        check_release_floor(opened, 3, "00" * 32)


def test_what_changed_between_two_releases_is_told_by_path() -> None:
    now = (listed("assets/b.js"), listed("index.html", sha256="cd" * 32), listed("saved.html"))
    assert file_changes(FILES, now) == FileChanges(("assets/b.js",), ("assets/a.js",), ("index.html",))
    assert not file_changes(FILES, FILES)
    assert file_changes(FILES, (listed("assets/a.js", size=6), *FILES[1:])).changed == ("assets/a.js",)
