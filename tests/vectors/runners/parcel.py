# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/parcel/."""

import base64
import io
from typing import TYPE_CHECKING, Any

from corncrake_crypto import parcel

if TYPE_CHECKING:
    from corncrake_crypto.archive import MemberReader


def run(case: dict[str, Any]) -> None:
    """Run one case, without reading members: the reader must do it."""
    assert case["do"] == "read_parcel"
    seen: list[str] = []

    def take(_parcel: parcel.Parcel, name: str, _size: int, _reader: "MemberReader") -> None:
        seen.append(name)

    keys = None if case["keys"] is None else {who: bytes.fromhex(public) for who, public in case["keys"].items()}
    parcel.read_parcel(io.BytesIO(base64.b64decode(case["parcel_base64"])), take, keys)
    assert seen == case["expected_members"]
