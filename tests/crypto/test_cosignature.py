# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cosignatures: what the vectors cannot say. The cases themselves run from crypto/vectors/cosignature/."""

import pytest

from corncrake_crypto.charter import Charter, Witness, Witnesses
from corncrake_crypto.checkpoint import Checkpoint, checkpoint_text, sign_checkpoint
from corncrake_crypto.cosignature import add_cosignatures, cosign, cosignatures, open_cosigned, verifier_key
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.note import NoteKey
from corncrake_crypto.signatures import SigningKey
from tests.crypto.independent import Verifier
from tests.simulators.organisation import TODAY, SimulatedOrganisation

KEY = SigningKey.generate()
NAME = "witness.example/one"


def head(organisation: SimulatedOrganisation, size: int = 7) -> Checkpoint:
    return Checkpoint(organisation.charter().log.origin, size, bytes(32), TODAY)


def charter(organisation: SimulatedOrganisation) -> Charter:
    return organisation.charter(witnesses=Witnesses(keys=(Witness(name=NAME, key=b64url(KEY.public)),), threshold=1))


def test_a_head_that_the_witness_has_signed_counts_and_one_without_does_not() -> None:
    organisation = SimulatedOrganisation()
    raw = sign_checkpoint(head(organisation), organisation.log_key)
    with pytest.raises(PeerError) as error:
        open_cosigned(raw, charter(organisation))
    assert error.value.failure is Failure.TOO_FEW
    line = cosign(checkpoint_text(head(organisation)), NAME, KEY, 1_700_000_000)
    assert open_cosigned(raw + line, charter(organisation)) == head(organisation)


def test_cosignatures_do_not_stand_in_for_the_signature_of_the_log() -> None:
    organisation = SimulatedOrganisation()
    line = cosign(checkpoint_text(head(organisation)), NAME, KEY, 1_700_000_000)
    raw = sign_checkpoint(head(organisation), SigningKey.generate()) + line
    with pytest.raises(PeerError) as error:
        open_cosigned(raw, charter(organisation))
    assert error.value.failure is Failure.SIGNATURE


def test_another_program_verifies_our_cosignature_by_the_key_that_we_print() -> None:
    organisation = SimulatedOrganisation()
    text = checkpoint_text(head(organisation))
    raw = sign_checkpoint(head(organisation), organisation.log_key) + cosign(text, NAME, KEY, 1_764_028_800)
    other = Verifier.from_vkey(verifier_key(NAME, KEY.public))
    assert other.cosigned_at(raw) == 1_764_028_800
    assert other.cosigned_at(raw.replace(b"\n7\n", b"\n8\n")) is None


def test_a_name_or_time_that_cannot_stand_in_a_note_is_refused_before_anything_is_signed() -> None:
    text = checkpoint_text(head(SimulatedOrganisation()))
    for name, time in (("two words", 1), ("a+b", 1), ("", 1), (NAME, -1), (NAME, 2**63)):
        with pytest.raises(UsageError):
            cosign(text, name, KEY, time)
    with pytest.raises(FileError):
        cosign("not a checkpoint\n", NAME, KEY, 1)


def test_a_checkpoint_grows_by_cosignatures_only_as_far_as_a_note_may() -> None:
    organisation = SimulatedOrganisation()
    raw = sign_checkpoint(head(organisation), organisation.log_key)
    text = checkpoint_text(head(organisation))
    for number in range(63):
        key = SigningKey.generate()
        raw = add_cosignatures(raw, cosign(text, f"w{number}", key, 1), NoteKey(f"w{number}", key.public))
    with pytest.raises(FileError):
        add_cosignatures(raw, cosign(text, NAME, KEY, 1), NoteKey(NAME, KEY.public))
    assert cosignatures(raw, [NoteKey(NAME, KEY.public)]) == ()
