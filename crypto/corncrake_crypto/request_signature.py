# SPDX-License-Identifier: Apache-2.0
"""Signed requests: how a courier shows who it is, and that nobody has changed or repeated what it asks.

Rules of this file: one form of HTTP Message Signature and no other: Ed25519, five components in one order, five parameters in one
order, valid for 300 seconds at most. The digest of the body is always covered, that of an empty body too. Whether a nonce was seen
before, and whether the body has the digest, is for the server to check; see `SignedRequest`.

Source: crypto/spec/request_signature.md; RFC 9421; RFC 9530 §2.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from corncrake_crypto.encoding import b64std, b64url, unb64std
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.signatures import SIGNATURE_LENGTH, SigningKey, verify

COMPONENTS: Final = ("@method", "@authority", "@path", "@query", "content-digest")
MAX_LIFE: Final = 300
"""Seconds from `created` to `expires`."""
MAX_AHEAD: Final = 60
"""Seconds that `created` may lie ahead of the reader's clock."""
TAG: Final = "corncrake"
LABEL: Final = "corncrake"
NONCE_LENGTH: Final = 16
DIGEST_LENGTH: Final = 32
EMPTY_DIGEST: Final = hashlib.sha256(b"").digest()
"""SHA-256 of an empty body, as GET requests have."""

_COVERED: Final = "(" + " ".join(f'"{name}"' for name in COMPONENTS) + ")"
_INPUT: Final = re.compile(
    re.escape(f"{LABEL}={_COVERED}")
    + r";created=([1-9][0-9]{0,14});expires=([1-9][0-9]{0,14})"
    + rf';nonce="([A-Za-z0-9_-]{{22}})";keyid="([a-z][a-z0-9-]{{0,31}})";tag="{TAG}"'
)
_SIGNATURE: Final = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{86}}==):")
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_DEFAULT_PORT: Final = re.compile(r"(.*):(?:80|443)")
_VALUE: Final = re.compile(r"[\x20-\x7e]*")


class Request(NamedTuple):
    """What of a request is signed.

    Attributes:
        method: upper case.
        authority: host, with the port unless it is the scheme's own; see `authority_of`.
        path: as sent, `/` when it is empty.
        query: as sent, without the question mark; empty when there is none.
        digest: SHA-256 of the body, 32 bytes.
    """

    method: str
    authority: str
    path: str
    query: str = ""
    digest: bytes = EMPTY_DIGEST


class SignedRequest(NamedTuple):
    """Who signed a request, and what the server must still do: refuse a nonce twice, and hash the body.

    Attributes:
        keyid: the courier's id.
        nonce: 22 characters, to be kept until `expires`.
        created: seconds since 1970.
        expires: seconds since 1970.
        digest: SHA-256 that the body must have, 32 bytes.
    """

    keyid: str
    nonce: str
    created: int
    expires: int
    digest: bytes


def _refused(detail: str) -> FileError:
    return FileError(Failure.ENCODING, detail)


def authority_of(origin_or_host: str) -> str:
    """Return the authority of an origin or a Host header as it is signed: lower case, without the scheme's own port.

    Source: crypto/spec/request_signature.md §2; RFC 9421 §2.2.3.
    """
    host = origin_or_host.lower().rpartition("//")[2].partition("/")[0]
    match = _DEFAULT_PORT.fullmatch(host)
    return host if match is None else match[1]


def signature_base(components: Sequence[tuple[str, str]], params: str) -> bytes:
    """Return the bytes that an HTTP Message Signature covers.

    Args:
        components: names, without quotes, and values, in the order of signing.
        params: the value of `@signature-params`, as it stands in Signature-Input behind the label.

    Raises:
        UsageError: `misuse`, when a value has other characters than printable ASCII: it could pretend to be another line.

    Source: crypto/spec/request_signature.md §3; RFC 9421 §2.5.
    """
    if any(_VALUE.fullmatch(value) is None for _, value in components):
        raise UsageError(Failure.MISUSE, "a signed component is printable ASCII")
    lines = [*(f'"{name}": {value}' for name, value in components), f'"@signature-params": {params}']
    return "\n".join(lines).encode()


def content_digest(digest: bytes) -> str:
    """Return the Content-Digest header of a body, given its SHA-256."""
    return f"sha-256=:{b64std(digest)}:"


def parse_content_digest(header: str) -> bytes:
    """Return the SHA-256 that a Content-Digest header says.

    Raises:
        FileError: `encoding`, when it is not one SHA-256.

    Source: crypto/spec/request_signature.md §2; RFC 9530 §2.
    """
    match = _DIGEST.fullmatch(header)
    if match is None:
        raise _refused("Content-Digest is one sha-256")
    return unb64std(match[1], DIGEST_LENGTH)


def _base(request: Request, params: str) -> bytes:
    values = (request.method, request.authority, request.path or "/", f"?{request.query}", content_digest(request.digest))
    return signature_base(list(zip(COMPONENTS, values, strict=True)), params)


def sign_request(  # noqa: PLR0913 - what RFC 9421 names, each of them once
    request: Request, key: SigningKey, keyid: str, *, created: int, life: int = MAX_LIFE, nonce: bytes | None = None
) -> dict[str, str]:
    """Return the headers that sign a request: Content-Digest, Signature-Input, Signature.

    Args:
        request: what is asked; its digest is that of the body that will be sent.
        key: the courier's key.
        keyid: the courier's id.
        created: the time now, seconds since 1970.
        life: seconds that the signature is good for, at most `MAX_LIFE`.
        nonce: 16 bytes never used before; random when None.

    Raises:
        UsageError: `misuse`, when a value is out of its range.

    Source: crypto/spec/request_signature.md §3.
    """
    nonce = random_bytes(NONCE_LENGTH) if nonce is None else nonce
    params = f'{_COVERED};created={created};expires={created + life};nonce="{b64url(nonce)}";keyid="{keyid}";tag="{TAG}"'
    if _INPUT.fullmatch(f"{LABEL}={params}") is None or not 1 <= life <= MAX_LIFE or len(request.digest) != DIGEST_LENGTH:
        raise UsageError(Failure.MISUSE, "this request cannot be signed")
    return {
        "Content-Digest": content_digest(request.digest),
        "Signature-Input": f"{LABEL}={params}",
        "Signature": f"{LABEL}=:{b64std(key.sign(_base(request, params)))}:",
    }


def verify_request(request: Request, headers: Mapping[str, str], keys: Mapping[str, bytes], *, now: int) -> SignedRequest:
    """Check the signature of a request.

    Args:
        request: as it came; its digest is not looked at, the one in the headers is what was signed.
        headers: with names in lower case.
        keys: couriers' ids and their 32-byte keys, from the charter.
        now: seconds since 1970.

    Returns:
        Who signed, and what is left to check.

    Raises:
        FileError: `encoding`: a header is missing or has another form than ours.
        PeerError: `signature`: nobody known has signed this; `not-yet-valid`, `expired`.

    Source: crypto/spec/request_signature.md §4; RFC 9421 §3.2.
    """
    given = {name: headers.get(name, "") for name in ("content-digest", "signature-input", "signature")}
    digest = parse_content_digest(given["content-digest"])
    match, signature = _INPUT.fullmatch(given["signature-input"]), _SIGNATURE.fullmatch(given["signature"])
    if match is None or signature is None:
        raise _refused("Signature-Input or Signature is missing, or not in the one form")
    created, expires, nonce, keyid = int(match[1]), int(match[2]), match[3], match[4]
    raw = unb64std(signature[1], SIGNATURE_LENGTH)
    if keyid not in keys:
        raise PeerError(Failure.SIGNATURE, "no courier of the charter has this id")
    try:
        base = _base(request._replace(digest=digest), given["signature-input"].removeprefix(f"{LABEL}="))
    except UsageError as error:
        raise _refused("method, authority, path or query is not printable ASCII") from error
    verify(keys[keyid], base, raw)
    if created > now + MAX_AHEAD:
        raise PeerError(Failure.NOT_YET_VALID, "the request was signed in the future")
    if not created < expires <= created + MAX_LIFE or expires < now:
        raise PeerError(Failure.EXPIRED, f"the signature is too old, or was to live longer than {MAX_LIFE} seconds")
    return SignedRequest(keyid, nonce, created, expires, digest)
