# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a courier notices of charters and weekly keys: a charter that a reviewer knows to be old is refused, keys that run out are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from corncrake_courier.pull import Pulled, Wish, pull
from corncrake_courier.server import Missing, Server
from corncrake_courier.state import load
from corncrake_crypto.charter import sign_charter
from corncrake_crypto.errors import CorncrakeError, Failure
from corncrake_crypto.fields import CharterRef
from corncrake_crypto.note import text_hash, unverified_text, write_bundle
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import EPOCH, ORIGIN, TODAY, SimulatedOrganisation

if TYPE_CHECKING:
    from pathlib import Path


class Given:
    """A server that answers what it was given, and has nothing else."""

    origin = ORIGIN

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers

    def get(self, path: str, most: int, **_: object) -> bytes:
        if path not in self.answers:
            raise Missing(Failure.STORE, "not here")
        assert len(self.answers[path]) <= most
        return self.answers[path]


def answers_of(org: SimulatedOrganisation, charter: bytes) -> dict[str, bytes]:
    """What a server without a log and without reports answers."""
    answers = {"/v1/charter": charter, f"/v1/forms/{org.desk().form}": org.form, "/v1/courier/pending": write_bundle([])}
    answers |= {f"/v1/desks/legal/epochs/{epoch}/prekeys": write_bundle([]) for epoch in range(EPOCH, EPOCH + 40)}
    return answers | {"/v1/desks/legal/heads": write_bundle([])}


def pulled(org: SimulatedOrganisation, answers: dict[str, bytes], folder: Path) -> Pulled:
    wish = Wish(org.root, "kim", TODAY, None, None, folder / "out.parcel", folder / "state")
    return pull(cast("Server", Given(answers)), load(folder / "state"), wish, lambda _: None)


def carry(folder: Path, sequence: int, signer: SigningKey | None = None) -> str | None:
    """Pull from a server that gives charter 1, and a head of ana's that names a charter; return the failure."""
    org = SimulatedOrganisation()
    charter = sign_charter(org.charter(), org.key)
    ref = CharterRef(sequence=sequence, sha256=text_hash(unverified_text(charter)))
    try:
        pulled(org, answers_of(org, charter) | {"/v1/desks/legal/heads": write_bundle([org.head(signer=signer, charter=ref)])}, folder)
    except CorncrakeError as error:
        return error.failure.value
    return None


def test_a_head_that_names_a_newer_charter_refuses_the_old_one(tmp_path: Path) -> None:
    assert carry(tmp_path, 2) == "rollback"
    assert not (tmp_path / "out.parcel").exists()


def test_a_head_of_this_charter_and_one_that_nobody_of_the_desk_signed_stop_nothing(tmp_path: Path) -> None:
    assert carry(tmp_path, 1) is None
    (tmp_path / "out.parcel").unlink()
    (tmp_path / "again").mkdir()
    assert carry(tmp_path / "again", 2, SigningKey.generate()) is None


def test_who_has_keys_for_fewer_than_four_weeks_is_named(tmp_path: Path) -> None:
    org = SimulatedOrganisation()
    answers = answers_of(org, sign_charter(org.charter(), org.key))
    for week in range(5):
        notes = [org.prekey(who, epoch=EPOCH + week) for who, weeks in (("ana", 4), ("bo", 2)) if week < weeks]
        answers[f"/v1/desks/legal/epochs/{EPOCH + week}/prekeys"] = write_bundle(notes)
    assert pulled(org, answers, tmp_path).running_out == [("legal", "bo", 2)]
