# SPDX-License-Identifier: Apache-2.0
"""Cases of request_signature.md, signed by another library; and the Ed25519 example of RFC 9421."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from organisation import Case, key, public

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_600_000
COVERED = '("@method" "@authority" "@path" "@query" "content-digest")'
REQUEST: dict[str, Any] = {"method": "GET", "authority": "report.example.org", "path": "/v1/courier/openings", "query": "start=0&end=64"}
NONCE = "AAECAwQFBgcICQoLDA0ODw"
RFC = {
    "components": [
        ["date", "Tue, 20 Apr 2021 02:07:55 GMT"],
        ["@method", "POST"],
        ["@path", "/foo"],
        ["@authority", "example.com"],
        ["content-type", "application/json"],
        ["content-length", "18"],
    ],
    "params": '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    "key_hex": "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb",
    "signature_base64": "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
}


def digest(body: bytes = b"") -> str:
    """Return a Content-Digest."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def headers(*, signer: str = "boat", created: int = NOW, life: int = 240, body: bytes = b"", covered: str = COVERED) -> dict[str, str]:
    """Return the headers of `REQUEST`, signed."""
    params = f'{covered};created={created};expires={created + life};nonce="{NONCE}";keyid="boat";tag="corncrake"'
    base = (
        f'"@method": {REQUEST["method"]}\n"@authority": {REQUEST["authority"]}\n"@path": {REQUEST["path"]}\n'
        f'"@query": ?{REQUEST["query"]}\n"content-digest": {digest(body)}\n"@signature-params": {params}'
    )
    signature = base64.b64encode(key(signer).sign(base.encode())).decode()
    return {"content-digest": digest(body), "signature-input": f"corncrake={params}", "signature": f"corncrake=:{signature}:"}


def case(what: str, failure: str | None, given: dict[str, str] | None = None, /, **changed: Any) -> dict[str, Any]:
    """Return a case of `verify_request`."""
    found = {
        "what": what,
        "do": "verify_request",
        "failure": failure,
        **REQUEST,
        "headers": given or headers(),
        "key_hex": public("boat").hex(),
        "now": NOW,
    } | changed
    expected = {"expected_keyid": "boat", "expected_nonce": NONCE, "expected_body_sha256": hashlib.sha256(b"").hexdigest()}
    return found if failure else expected | found


def changed_headers(name: str, old: str, new: str) -> dict[str, str]:
    """Return good headers, one of them changed."""
    good = headers()
    if old not in good[name]:
        raise ValueError(old)
    return good | {name: good[name].replace(old, new, 1)}


def form_cases() -> Iterator[Case]:
    """Headers in another form."""
    for name, what, header, old, new in (
        ("label", "another label", "signature-input", "corncrake=(", "sig1=("),
        ("component_missing", "the query is not covered", "signature-input", '"@query" ', ""),
        ("component_order", "components in another order", "signature-input", '"@method" "@authority"', '"@authority" "@method"'),
        ("algorithm", "a parameter more", "signature-input", ";tag", ';alg="ed25519";tag'),
        ("no_expires", "no expiry", "signature-input", f";expires={NOW + 240}", ""),
        ("other_tag", "another tag", "signature-input", 'tag="corncrake"', 'tag="other"'),
        ("nonce_short", "a short nonce", "signature-input", NONCE, NONCE[1:]),
        ("nonce_bits", "a nonce with bits beyond its 16 bytes", "signature-input", NONCE, NONCE[:-1] + chr(ord(NONCE[-1]) + 1)),
        ("created_zero", "a number with a leading zero", "signature-input", "created=", "created=0"),
        ("keyid_upper", "a key id in upper case", "signature-input", '"boat"', '"Boat"'),
        ("signature_unpadded", "a signature without padding", "signature", "==:", ":"),
        ("signature_label", "another label of the signature", "signature", "corncrake=", "sig1="),
        ("digest_other", "another hash", "content-digest", "sha-256", "sha-512"),
        ("digest_two", "two digests", "content-digest", "sha-256=", f"{digest(b'x')}, sha-256="),
    ):
        yield f"form_{name}", case(what, "encoding", changed_headers(header, old, new))
    for name in headers():
        yield f"form_no_{name.replace('-', '_')}", case("a header is missing", "encoding", {k: v for k, v in headers().items() if k != name})


def cases() -> Iterator[Case]:
    """Yield all cases."""
    yield "rfc9421_b_2_6", {"what": "the Ed25519 example of RFC 9421", "do": "signature_base", "failure": None, **RFC}
    yield "good", case("a signed GET", None)
    body = b"a parcel"
    yield "body", case("the digest of a body", None, headers(body=body), expected_body_sha256=hashlib.sha256(body).hexdigest())
    yield "authority_case", case("the scheme's own port and upper case mean nothing", None, authority="https://Report.example.org:443")
    yield "other_port", case("the port of another scheme", "signature", authority="https://report.example.org:80")
    yield "last_second", case("the last second", None, now=NOW + 240)
    yield "clock_behind", case("a clock that is 60 seconds behind", None, now=NOW - 60)
    yield "expired", case("a second too late", "expired", now=NOW + 241)
    yield "in_the_future", case("a clock that is 61 seconds behind", "not-yet-valid", now=NOW - 61)
    yield "too_long", case("a life of 301 seconds", "encoding", headers(life=301))
    yield "longest", case("a life of 300 seconds", None, headers(life=300))
    yield "no_life", case("no life at all", "encoding", headers(life=0))
    yield "foreign_signature", case("signed by another key", "signature", headers(signer="thief"))
    yield "other_body", case("the digest of another body", "signature", headers() | {"content-digest": digest(body)})
    for name, value in {"method": "PUT", "authority": "other.example.org", "path": "/v1/courier/pending", "query": ""}.items():
        yield f"other_{name}", case(f"another {name}", "signature", **{name: value})
    yield "smuggled_line", case("a line break in the query", "encoding", query='x\n"content-digest": y')
    yield from form_cases()
