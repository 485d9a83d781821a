# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vault follows a log whose charter demands cosignatures only by heads that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.charter import Witness, Witnesses, sign_charter
from corncrake_crypto.cosignature import cosign
from corncrake_crypto.encoding import b64url
from corncrake_crypto.note import unverified_text
from corncrake_crypto.signatures import SigningKey

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk

KEYS = {f"witness.example/{number}": SigningKey.generate() for number in range(3)}


def demand(desk: Desk, threshold: int) -> None:
    """Sign a charter that demands so many of three."""
    named = tuple(Witness(name=name, key=b64url(key.public)) for name, key in KEYS.items())
    desk.server.charter = sign_charter(
        desk.organisation.charter(sequence=2, witnesses=Witnesses(keys=named, threshold=threshold)), desk.organisation.key
    )


def cosigned(desk: Desk, *numbers: int) -> None:
    """Have these witnesses cosign the server's head."""
    text = unverified_text(desk.server.head)
    lines = [cosign(text, name, key, 1) for at, (name, key) in enumerate(KEYS.items()) if at in numbers]
    desk.server.head += b"".join(lines)


def test_a_head_that_too_few_have_cosigned_is_refused_and_the_parcel_comes_again_when_enough_have(desk: Desk) -> None:
    demand(desk, 2)
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    bare = desk.server.head
    cosigned(desk, 0)
    refused = desk.bring(desk.server.parcel())
    assert (refused.code, refused.data["failure"]) == (1, "too-few")
    assert "nothing is lost" in refused.err
    desk.server.head = bare
    cosigned(desk, 0, 2)
    assert len(desk.bring(desk.server.parcel()).data["reports"]) == 1


def test_a_wrong_cosignature_is_not_counted(desk: Desk) -> None:
    demand(desk, 1)
    desk.server.publish()
    name = next(iter(KEYS))
    desk.server.head += cosign(unverified_text(desk.server.head), name, SigningKey.generate(), 1)
    assert desk.bring(desk.server.parcel()).data["failure"] == "too-few"
    desk.server.head = desk.server.head.rsplit(b"\n", 2)[0] + b"\n"
    text = unverified_text(desk.server.head)
    desk.server.head += cosign(text.replace("day 2026-11-25", "day 2026-11-26"), name, KEYS[name], 1)
    assert desk.bring(desk.server.parcel()).data["failure"] == "signature"
