# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/unseal/."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

from corncrake_crypto.errors import FileError
from corncrake_crypto.identities import Identity
from corncrake_crypto.unseal import unseal, unseal_stream


def run(case: dict[str, Any]) -> None:
    """Run one case, whole and as a stream: both must come out alike."""
    file = base64.b64decode(case["file_base64"])
    identities = [Identity.from_seed(bytes.fromhex(seed)) for seed in case["identity_seeds_hex"]]
    try:
        streamed = b"".join(unseal_stream(BytesIO(file), identities))
    except FileError as error:
        assert error.failure.value == case["failure"]  # noqa: PT017 - both ways are compared below
    else:
        assert streamed == base64.b64decode(case["expected_plaintext_base64"])
    assert unseal(file, identities) == base64.b64decode(case["expected_plaintext_base64"])
