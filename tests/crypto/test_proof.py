# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs as files: the example that C2SP publishes, and what is not a proof."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.checkpoint import Checkpoint, sign_checkpoint
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, UsageError
from corncrake_crypto.merkle import inclusion_path, leaf_hash, tree_root
from corncrake_crypto.proof import read_proof, verify_proof, write_proof
from corncrake_crypto.signatures import SigningKey
from tests.crypto.independent import Verifier, head, is_included, mth, read_inclusion

# The example of tlog-proof.md; its checkpoint's signatures are shortened there, so it is read and not verified.
PUBLISHED = b"""c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
"""
ORIGIN = "drop.example.org/log/1"
KEY = SigningKey.from_seed(bytes(range(32)))
ENTRIES = [b"%d" % i for i in range(100)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
HEAD = Checkpoint(ORIGIN, 100, tree_root(LEAVES), date(2026, 2, 3))
PROOF = write_proof(41, inclusion_path(41, LEAVES), sign_checkpoint(HEAD, KEY))


def test_the_published_example_is_read_and_written_the_same() -> None:
    proof = read_proof(PUBLISHED)
    assert (proof.index, len(proof.path), proof.extra) == (73_894, 5, None)
    assert proof.checkpoint.startswith(b"example.com/fancylog\n109482\n")
    assert write_proof(proof.index, proof.path, proof.checkpoint) == PUBLISHED


def test_a_proof_shows_that_an_entry_is_in_the_log() -> None:
    assert verify_proof(PROOF, b"41", ORIGIN, KEY.public) == HEAD
    extra = write_proof(41, inclusion_path(41, LEAVES), sign_checkpoint(HEAD, KEY), extra=b"anything")
    assert read_proof(extra).extra == b"anything"
    assert verify_proof(extra, b"41", ORIGIN, KEY.public) == HEAD


@pytest.mark.parametrize("size", [1, 2, 3, 64, 100])
@pytest.mark.parametrize("extra", [None, b"anything"])
def test_another_program_reads_the_file_and_finds_that_entry_and_no_other_in_the_log(size: int, extra: bytes | None) -> None:
    signed = sign_checkpoint(Checkpoint(ORIGIN, size, tree_root(LEAVES[:size]), date(2026, 2, 3)), KEY)
    for at in range(size):
        index, path, checkpoint = read_inclusion(write_proof(at, inclusion_path(at, LEAVES[:size]), signed, extra))
        assert Verifier(ORIGIN, 1, KEY.public).signed(checkpoint)
        origin, told, root = head(checkpoint)
        assert (origin, told, root) == (ORIGIN, size, mth(ENTRIES[:size]))
        assert index == at
        assert [entry for entry in ENTRIES if is_included(index, told, entry, path, root)] == [ENTRIES[at]]


@pytest.mark.parametrize(
    ("raw", "entry", "failure"),
    [
        (PROOF, b"42", Failure.PROOF),
        (PROOF.replace(b"index 41", b"index 42"), b"41", Failure.PROOF),
        (PROOF.replace(b"index 41", b"index 100"), b"41", Failure.PROOF),
        (PROOF.replace(b"\n100\n", b"\n101\n"), b"41", Failure.SIGNATURE),
        (PROOF.replace(b"day 2026", b"day 2027"), b"41", Failure.SIGNATURE),
        (PROOF.replace(b"index 41", b"index 041"), b"41", Failure.PROOF),
        (PROOF.replace(b"@v1", b"@v2"), b"41", Failure.PROOF),
        (PROOF.replace(b"index 41\n", b""), b"41", Failure.PROOF),
        (PROOF.replace(b"=\n", b"\n", 1), b"41", Failure.PROOF),
        (PROOF.replace(b"\n\n", b"\n", 1), b"41", Failure.PROOF),
        (PROOF.replace(b"index 41\n", b"extra =\nindex 41\n"), b"41", Failure.PROOF),
        (PROOF.replace(b"\n", b"\r\n"), b"41", Failure.PROOF),
        (b"", b"41", Failure.PROOF),
    ],
)
def test_a_proof_of_something_else_or_in_another_form_is_refused(raw: bytes, entry: bytes, failure: Failure) -> None:
    with pytest.raises(CorncrakeError) as caught:
        verify_proof(raw, entry, ORIGIN, KEY.public)
    assert caught.value.failure is failure


def test_what_is_no_path_is_not_written() -> None:
    for index, path in ((-1, []), (0, [b"short"]), (0, [bytes(32)] * 64)):
        with pytest.raises(UsageError):
            write_proof(index, path, b"x")


@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="0 1ABCindexra=\n", max_size=80).map(lambda tail: b"c2sp.org/tlog-proof@v1\n" + tail.encode())
    )
)
def test_bytes_are_a_proof_in_one_way_or_refused(raw: bytes) -> None:
    try:
        proof = read_proof(raw)
    except FileError as error:
        failure = error.failure
    else:
        failure = None if write_proof(proof.index, proof.path, proof.checkpoint, proof.extra) == raw else Failure.STORE
    assert failure in {None, Failure.PROOF}
