# SPDX-License-Identifier: AGPL-3.0-or-later
"""A saved page, and a served one, against what the release keys have signed: with the page as it is built, and the server as it runs."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import Failure
from corncrake_crypto.page_release import sign_page_release
from corncrake_crypto.signatures import SigningKey
from corncrake_monitor.verify_page import on_verify_page, verify_page
from development.page_release import manifest
from tests.clients.monitor.serving import Asked, Given, serving
from tests.clients.web.conftest import DIST
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY
from tests.simulators.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_system
KEYS = [SigningKey.generate() for _ in range(3)]


class Place:
    """A server with the page, and what somebody carries who wants to verify it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = folder / "page"
        shutil.copytree(DIST, self.page)
        self.server = RunningServer(folder, "", page_dir=str(self.page))
        self.server.prepare()
        self.root = root_text(self.server.organisation.root)
        self.charter = folder / "charter.note"
        self.charter.write_bytes(self.server.sign_charter(sequence=2, release_keys=tuple(b64url(key.public) for key in KEYS)))
        assert self.server.bring(self.charter.read_bytes()).returncode == 0
        self.release = self.write(KEYS[:2])
        assert self.server.command("release", str(self.release)).returncode == 0
        self.saved = folder / "saved.html"
        shutil.copy(DIST / "saved.html", self.saved)

    def write(self, keys: list[SigningKey], name: str = "release.note") -> Path:
        note = self.folder / name
        note.write_bytes(sign_page_release(manifest(DIST, self.root, 1, TODAY.isoformat()), keys))
        return note

    def verify(self, *words: str) -> list[str]:
        parser = argparse.ArgumentParser()
        on_verify_page(parser)
        return verify_page(parser.parse_args(["--root", self.root, *words]), TODAY, print)

    def offline(self, release: Path | None = None) -> list[str]:
        return self.verify(str(self.saved), "--charter", str(self.charter), "--release", str(release or self.release))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    made.server.publish()
    made.server.start()
    yield made
    made.server.end()


def test_a_saved_page_is_verified_without_a_line_and_by_hand(place: Place) -> None:
    said = place.offline()
    assert "saved.html is its one-file edition, byte for byte." in said
    assert any("log" in line and "was not looked at" in line for line in said)
    sha256 = hashlib.sha256(place.saved.read_bytes()).hexdigest()
    command = next(line.split(": ", 1)[1] for line in said if "Without this program" in line)
    by_hand = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True)
    assert by_hand.stdout.startswith(sha256)
    assert said[-1].strip() == f"must show {sha256}"


@pytest.mark.parametrize("at", [0, 100, 200_000, -1])
def test_a_saved_page_with_one_changed_byte_is_refused(place: Place, at: int) -> None:
    whole = place.saved.read_bytes()
    changed = bytearray(whole)
    changed[at] ^= 1
    try:
        for bytes_ in (bytes(changed), whole + b"\n", whole[:-1]):
            place.saved.write_bytes(bytes_)
            with refused(Failure.ALTERED):
                place.offline()
    finally:
        place.saved.write_bytes(whole)


def test_another_file_of_the_release_is_not_its_one_file_edition(place: Place) -> None:
    with refused(Failure.ALTERED):
        place.verify(str(place.page / "index.html"), "--charter", str(place.charter), "--release", str(place.release))


def test_a_release_that_too_few_have_signed_verifies_nothing(place: Place) -> None:
    with refused(Failure.SIGNATURE):
        place.offline(place.write(KEYS[:1], "few.note"))


def test_the_page_of_another_organisation_verifies_nothing(place: Place) -> None:
    place.root, root = root_text(os.urandom(32)), place.root
    try:
        with refused(Failure.ROOT):
            place.offline()
    finally:
        place.root = root


def test_a_server_is_verified_from_its_address_alone(place: Place) -> None:
    said = place.verify("--server", place.server.origin)
    assert any("byte for byte, to each of the visitors" in line for line in said)
    command = next(line.split(": ", 1)[1] for line in said if "Without this program" in line).replace("FILE", str(place.saved))
    assert subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout.strip().endswith("OK")


def test_a_byte_that_was_changed_on_the_server_s_disk_is_found(place: Place) -> None:
    whole = (place.page / "saved.html").read_bytes()
    (place.page / "saved.html").write_bytes(whole[:-2] + b"!\n")
    place.server.end()
    place.server.start()
    try:
        with refused(Failure.ALTERED):
            place.verify("--server", place.server.origin)
    finally:
        (place.page / "saved.html").write_bytes(whole)
        place.server.end()
        place.server.start()


def test_a_server_that_shows_a_release_of_its_own_is_not_believed(place: Place) -> None:
    own = place.write([KEYS[0], SigningKey.generate()], "own.note").read_bytes()

    def answer(asked: Asked) -> Given:
        return Given(own) if asked.path == "/v1/page-release" else Given(b"", status=404)

    with serving(answer) as (origin, _):
        with refused(Failure.ORIGIN):
            place.verify("--server", origin, "--charter", str(place.charter))
        with refused(Failure.WITHHELD):
            place.verify("--server", origin)


def test_what_is_missing_is_said(place: Place) -> None:
    with refused(Failure.MISUSE):
        place.verify()
    with refused(Failure.MISUSE):
        place.verify(str(place.saved))
    with refused(Failure.MISUSE):
        place.verify(str(place.folder / "nothing"), "--charter", str(place.charter), "--release", str(place.release))
