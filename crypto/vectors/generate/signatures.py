# SPDX-License-Identifier: Apache-2.0
"""Cases of signatures.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edwards import BASE, ORDER, ORDER_2, add, challenge, encoded, scalar_of, times
from organisation import Case, key, public, seed, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = "corncrake.org/test/v1\n{}\n"
VALUE: dict[str, Any] = {"day": "2026-11-25", "list": [1, 2], "text": '\u00e9\n"\\', "flag": True}


def verify_case(what: str, failure: str | None, public_key: bytes, message: str, signature: bytes) -> dict[str, Any]:
    """Return a case of `verify`."""
    fields = {"public_hex": public_key.hex(), "message_text": message, "signature_hex": signature.hex()}
    return {"what": what, "do": "verify", "failure": failure} | fields


def verify_cases() -> Iterator[Case]:
    """Plain signatures."""
    good, mine = key("ana").sign(MESSAGE.encode()), public("ana")
    yield "good", verify_case("a good signature", None, mine, MESSAGE, good)
    yield "other_message", verify_case("a signature of another message", "signature", mine, MESSAGE + "\n", good)
    yield "other_key", verify_case("a signature by another key", "signature", public("bo"), MESSAGE, good)
    yield "short", verify_case("a signature of 63 bytes", "signature", mine, MESSAGE, good[:-1])
    yield "short_key", verify_case("a key of 31 bytes", "signature", mine[:-1], MESSAGE, good)
    scalar = (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")
    yield "scalar_beyond_order", verify_case("S + L in place of S", "signature", mine, MESSAGE, good[:32] + scalar)
    one = b"\x01" + bytes(31)
    yield "small_order_key", verify_case("the neutral element as key and as R, S = 0", "signature", one, MESSAGE, one + bytes(32))
    zero = bytes(32)
    yield "small_order_key_4", verify_case("a key of order 4", "signature", zero, MESSAGE, one + bytes(32))
    twice = b"\xee" + b"\xff" * 30 + b"\x7f"
    yield "key_not_canonical", verify_case("the neutral element as p + 1", "signature", twice, MESSAGE, one + bytes(32))


def torsion_cases() -> Iterator[Case]:
    """What holds only when both sides are multiplied by the cofactor, 8, or needs a commitment of small order."""
    wrong = verify_case
    neutral, secret = b"\x01" + bytes(31), scalar_of("ana")
    answer = (challenge(neutral, public("ana"), MESSAGE) * secret % ORDER).to_bytes(32, "little")
    yield "small_order_r", wrong("R is the neutral element", "signature", public("ana"), MESSAGE, neutral + answer)
    mixed_r = encoded(add(times(12_345, BASE), ORDER_2))
    answer = ((12_345 + challenge(mixed_r, public("ana"), MESSAGE) * secret) % ORDER).to_bytes(32, "little")
    yield "mixed_order_r", wrong("R with a part of order 2", "signature", public("ana"), MESSAGE, mixed_r + answer)
    mixed_key = encoded(add(times(secret, BASE), ORDER_2))
    # Half of all challenges are even, and then the part of order 2 vanishes: take the first that is odd.
    nonce = next(n for n in range(1, 99) if challenge(encoded(times(n, BASE)), mixed_key, MESSAGE) % 2)
    r = encoded(times(nonce, BASE))
    answer = ((nonce + challenge(r, mixed_key, MESSAGE) * secret) % ORDER).to_bytes(32, "little")
    yield "mixed_order_key", wrong("a key with a part of order 2", "signature", mixed_key, MESSAGE, r + answer)


def statement_cases() -> Iterator[Case]:
    """Signatures inside objects."""
    good = statement("test", VALUE, "ana")
    sign = {"seed_hex": seed("ana").hex(), "kind": "test", "value": VALUE, "expected_text": good}
    yield "statement_sign", {"what": "the signature of an object", "do": "sign_statement", "failure": None} | sign
    base: dict[str, Any] = {"public_hex": public("ana").hex(), "kind": "test", "value": VALUE | {"signature": good}, "signature": good}
    for name, what, failure, changes in (
        ("statement_good", "the field `signature` is not covered", None, {}),
        ("statement_other_kind", "a signature of another kind", "signature", {"kind": "report"}),
        ("statement_other_value", "a field more", "signature", {"value": VALUE | {"more": 1}}),
        ("statement_padded", "padding in the signature", "signature", {"signature": good + "=="}),
        ("statement_empty", "no signature", "signature", {"signature": ""}),
    ):
        yield name, {"what": what, "do": "verify_statement", "failure": failure} | base | changes


def cases() -> Iterator[Case]:
    """All of them."""
    yield from verify_cases()
    yield from torsion_cases()
    yield from statement_cases()
