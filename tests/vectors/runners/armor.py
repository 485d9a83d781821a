# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/armor/."""

from __future__ import annotations

import base64
import io
from typing import Any

from corncrake_crypto.armor import ArmorReader, ArmorWriter


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    reader = ArmorReader(io.BytesIO(case["text"].encode()))
    data = b"".join(iter(lambda: reader.read(100), b""))
    assert data == base64.b64decode(case["expected_base64"])
    if case["do"] == "encode":
        sink = io.BytesIO()
        writer = ArmorWriter(sink)
        writer.write(data)
        writer.close()
        assert sink.getvalue().decode() == case["text"]
