# SPDX-License-Identifier: Apache-2.0
"""A made-up organisation for the cases of several nouns.

Every key is made from a label; every signature and JSON is by other libraries than the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from archive import END, member
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from corncrake_crypto.identities import Identity

Case = tuple[str, dict[str, Any]]

TODAY = "2026-11-25"
EPOCH = 46
"""Of `TODAY`: Monday 2026-11-23 to Sunday 2026-11-29."""
ORIGIN = "https://report.example.org"


def seed(label: str) -> bytes:
    """Return the 32-byte seed of a label."""
    return hashlib.sha256(b"corncrake vector " + label.encode()).digest()


def key(label: str) -> Ed25519PrivateKey:
    """Return the signing key of a label."""
    return Ed25519PrivateKey.from_private_bytes(seed(label))


def public(label: str) -> bytes:
    """Return the 32 public bytes of a label's signing key."""
    return key(label).public_key().public_bytes_raw()


def recipient(label: str) -> str:
    """Return the `age1pq1…` text of a label's identity."""
    return Identity.from_seed(seed(label)).recipient.text


def url(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def canonical(value: object) -> str:
    """Return the canonical JSON of values without control characters: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the 4 bytes that begin a signature."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key).digest()[:4]


def signature_line(text: str, name: str, label: str) -> str:
    """Return one line of a note's signatures, its newline included."""
    raw = key_id(name, public(label)) + key(label).sign(text.encode())
    return f"\u2014 {name} {base64.b64encode(raw).decode()}\n"


def note(text: str, *signers: tuple[str, str]) -> str:
    """Return a note; `signers` are names and labels."""
    return text + "\n" + "".join(signature_line(text, name, label) for name, label in signers)


def document(kind: str, value: dict[str, Any], *signers: tuple[str, str]) -> str:
    """Return a document as a note."""
    return note(f"corncrake.org/{kind}/v1\n{canonical(value)}\n", *signers)


def text_sha256(signed: str) -> str:
    """Return the SHA-256 of a note's text."""
    return hashlib.sha256((signed.rpartition("\n\n")[0] + "\n").encode()).hexdigest()


def statement(kind: str, value: dict[str, Any], label: str) -> str:
    """Return the signature inside an object."""
    return url(key(label).sign(f"corncrake.org/{kind}/v1\n{canonical(value)}\n".encode()))


def signed(kind: str, value: dict[str, Any], label: str) -> dict[str, Any]:
    """Return an object with its signature."""
    return value | {"signature": statement(kind, value, label)}


def archive(*members: tuple[str, bytes]) -> dict[str, str]:
    """Return the fields of an archive up to its last member; `of_length` adds the class."""
    return {"plaintext_base64": base64.b64encode(b"".join(member(name, data) for name, data in members)).decode()}


def archive_sha256(length: int, *members: tuple[str, bytes]) -> str:
    """Return the SHA-256 of a whole archive."""
    whole = b"".join(member(name, data) for name, data in members) + END
    return hashlib.sha256(whole.ljust(length, b"\0")).hexdigest()


def root_bytes(label: str = "organisation") -> bytes:
    """Return the root of the organisation whose first key has this label."""
    return hashlib.sha256(b"corncrake.org/organisation/v1\n" + public(label)).digest()


def root_text(label: str = "organisation") -> str:
    """Return it as 52 characters."""
    return base64.b32encode(root_bytes(label)).decode().rstrip("=").lower()


FORM: dict[str, Any] = {
    "about": {"en": "Two lawyers read this.\nThey answer within a week.", "es": "Lo leen dos abogadas."},
    "consent": [{"id": "use", "kind": "choice", "label": {"en": "May we quote it?"}, "options": [{"id": "no", "label": {"en": "No"}}]}],
    "desk": "legal",
    "languages": ["en", "es"],
    "promise_days": 7,
    "questions": [
        {"hint": {"en": "In your own words."}, "id": "story", "kind": "story", "label": {"en": "What happened?", "es": "\u00bfQu\u00e9 pas\u00f3?"}},
        {"id": "when", "kind": "day", "label": {"en": "Which day?"}},
    ],
    "title": {"en": "Tell us", "es": "Cu\u00e9ntenos"},
    "v": 1,
}
FORM_TEXT = canonical(FORM)
FORM_SHA256 = hashlib.sha256(FORM_TEXT.encode()).hexdigest()


def desk(**changes: Any) -> dict[str, Any]:
    """Return the desk `legal`: two reviewers, of whom one is its voice."""
    fields: dict[str, Any] = {
        "id": "legal",
        "names": {"en": "Legal desk", "es": "Mesa legal"},
        "languages": ["en", "es"],
        "form": FORM_SHA256,
        "reviewers": [{"id": name, "identity": url(public(name))} for name in ("ana", "bo")],
        "min": 2,
        "voices": ["ana"],
    }
    return fields | changes


QUARTER: dict[str, Any] = {
    "number": 4,
    "quarter": "2026-Q4",
    "recipient": recipient("recovery"),
    "not_before": "2026-10-01",
    "not_after": "2026-12-31",
}
"""A desk's recovery key."""


def charter(**changes: Any) -> dict[str, Any]:
    """Return the value of the charter."""
    fields: dict[str, Any] = {
        "sequence": 3,
        "root": root_text(),
        "successions": [],
        "issued": "2026-11-01",
        "expires": "2027-01-30",
        "organisation": {"key": url(public("organisation")), "names": {"en": "The Organisation"}},
        "origin": ORIGIN,
        "log": {"origin": "report.example.org/log/1", "key": url(public("log"))},
        "desks": [desk()],
        "couriers": [{"id": "north", "key": url(public("courier"))}],
        "release_keys": [],
    }
    return fields | changes


def charter_note(signer: str = "organisation", **changes: Any) -> str:
    """Return the charter as a note."""
    return document("charter", charter(**changes), ("organisation", signer))


def prekey(reviewer: str, signer: str | None = None, **changes: Any) -> str:
    """Return a prekey as a note."""
    fields: dict[str, Any] = {
        "root": root_text(),
        "reviewer": reviewer,
        "epoch": EPOCH,
        "number": 1,
        "not_before": "2026-11-22",
        "not_after": "2026-11-30",
        "recipient": recipient(f"{reviewer} prekey"),
    }
    return document("prekeys", fields | changes, (f"reviewer/{reviewer}", signer or reviewer))


CHARTER_SHA256 = text_sha256(charter_note())


def head(signer: str = "ana", **changes: Any) -> str:
    """Return the head of an edition as a note."""
    fields: dict[str, Any] = {
        "root": root_text(),
        "desk": "legal",
        "reviewer": "ana",
        "number": 5,
        "day": TODAY,
        "bits": 0,
        "slots": 8,
        "tiles": ["ab" * 32],
        "charter": {"sequence": 3, "sha256": CHARTER_SHA256},
        "log": {"origin": "report.example.org/log/1", "size": 64, "root": url(bytes(range(32)))},
    }
    value = fields | changes
    return document("edition", value, (f"reviewer/{value['reviewer']}", signer))
