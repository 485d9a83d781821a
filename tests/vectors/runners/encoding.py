# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/encoding/."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from corncrake_crypto import encoding

if TYPE_CHECKING:
    from collections.abc import Callable


def _root(text: str, length: int) -> bytes:
    assert length == encoding.ROOT_LENGTH
    return encoding.parse_root(text)


DECODERS: dict[str, Callable[[str, int], bytes]] = {
    "b64url": encoding.unb64url,
    "hex": encoding.unhex,
    "base64_nopad": encoding.unb64std_nopad,
    "base64_padded": encoding.unb64std,
    "root": _root,
}
ENCODERS = {
    "b64url": encoding.b64url,
    "hex": bytes.hex,
    "base64_nopad": encoding.b64std_nopad,
    "base64_padded": encoding.b64std,
    "root": encoding.root_text,
}


def _decode(case: dict[str, Any]) -> None:
    data = DECODERS[case["form"]](case["text"], case["length"])
    assert data.hex() == case["expected_hex"]
    assert ENCODERS[case["form"]](data) == case["text"]


def _bech32(case: dict[str, Any]) -> None:
    hrp, data = encoding.bech32_decode(case["text"])
    assert (hrp, data.hex()) == (case["expected_hrp"], case["expected_hex"])
    assert encoding.bech32_encode(hrp, data) == case["text"]


def _day(case: dict[str, Any]) -> None:
    day = encoding.parse_day(case["text"])
    assert {"year": day.year, "month": day.month, "day": day.day} == case["expected"]
    assert encoding.day_text(day) == case["text"]


def _json(case: dict[str, Any]) -> None:
    raw = case["raw_text"].encode() if "raw_text" in case else base64.b64decode(case["raw_base64"])
    value = encoding.decode_canonical(raw, dict[str, Any])
    assert encoding.canonical(value) == raw


def _repair(case: dict[str, Any]) -> None:
    units = b"".join(unit.to_bytes(2, "big") for unit in case["units"])
    assert encoding.repair_text(units.decode("utf-16-be", "surrogatepass")) == case["expected_text"]


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    {
        "decode": _decode,
        "bech32_decode": _bech32,
        "parse_day": _day,
        "decode_canonical": _json,
        "repair_text": _repair,
    }[case["do"]](case)
