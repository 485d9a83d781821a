# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/report/."""

import base64
import hashlib
from typing import Any

import msgspec

from corncrake_crypto import report
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.recipients import Recipient
from corncrake_crypto.signatures import SigningKey


def _run_build(case: dict[str, Any]) -> None:
    draft = msgspec.convert(case["draft"], report.ReportDraft)
    key = SigningKey.from_seed(bytes.fromhex(case["seed_hex"]))
    plaintext = report.build_report(draft, key, Recipient.from_text(case["reply_recipient"]))
    assert len(plaintext) == case["expected_length"]
    assert hashlib.sha256(plaintext).hexdigest() == case["expected_sha256"]


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "build_report":
        _run_build(case)
        return
    opened = report.read_report(base64.b64decode(case["plaintext_base64"]).ljust(case["plaintext_length"], b"\0"))
    if case["do"] == "check_addressed":
        report.check_addressed(opened.report, case["origin"], case["desk"])
        return
    if case["do"] == "check_sealed_to":
        report.check_sealed_to(opened.report, SealedTo(**case["sealed_to"]))
        return
    assert case["do"] == "read_report"
    found = msgspec.to_builtins(opened.report)
    del found["signature"]
    assert msgspec.json.decode(msgspec.json.encode(found)) == case["expected"]
    assert opened.reply_recipient.text == case["expected_recipient"]
