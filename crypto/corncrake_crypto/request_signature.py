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
from corncrake_crypto.signatures import SIGNATURE_LENGTH, SigningKey, verify

COMPONENTS: Final = ("@method", "@authority", "@path", "@query", "content-digest")
MAX_LIFE: Final = 300
"""Seconds from `created` to `expires`."""
MAX_AHEAD: Final = 60
"""Seconds that `created` may lie ahead of the reader's clock."""
TAG: Final = "corncrake"
LABEL: Final = "corncrake"
DIGEST_LENGTH: Final = 32
EMPTY_DIGEST: Final = hashlib.sha256(b"").digest()
"""SHA-256 of an empty body, as GET requests have."""

_COVERED: Final = "(" + " ".join(f'"{name}"' for name in COMPONENTS) + ")"
_INPUT: Final = re.compile(
    re.escape(f"{LABEL}={_COVERED}")
    + r";created=([1-9][0-9]{0,14});expires=([1-9][0-9]{0,14})"
    + rf';nonce="([A-Za-z0-9_-]{{21}}[AQgw])";keyid="([a-z][a-z0-9-]{{0,31}})";tag="{TAG}"'
)
_SIGNATURE: Final = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{86}}==):")
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_OWN_PORT: Final = {"https": ":443", "http": ":80"}
_VALUE: Final = re.compile(r"[\x20-\x7e]*")


class SignedRequest(NamedTuple):
    """What was signed, and what the server must still do with it: refuse a nonce twice, and hash the body.

    Attributes:
        keyid: the courier's id.
        nonce: 22 characters, to be kept until `expires`.
        created: seconds since 1970.
        expires: seconds since 1970.
        body_sha256: what the body must hash to, 32 bytes.
    """

    keyid: str
    nonce: str
    created: int
    expires: int
    body_sha256: bytes


def _refused(detail: str) -> FileError:
    return FileError(Failure.ENCODING, detail)


def authority_of(origin: str) -> str:
    """Return the authority of an origin as it is signed: lower case, without the scheme's own port; an authority stays what it is.

    Source: crypto/spec/request_signature.md §2; RFC 9421 §2.2.3.
    """
    scheme, _, rest = origin.lower().rpartition("://")
    return rest.partition("/")[0].removesuffix(_OWN_PORT.get(scheme, ":"))


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


def _base(method: str, authority: str, target: tuple[str, str], digest: str, params: str) -> bytes:
    path, query = target
    values = (method, authority_of(authority), path or "/", f"?{query}", digest)
    return signature_base(list(zip(COMPONENTS, values, strict=True)), params)


def sign_request(  # noqa: PLR0913 - what RFC 9421 names, each of them once
    key: SigningKey,
    keyid: str,
    *,
    method: str,
    authority: str,
    path: str,
    query: str = "",
    body_sha256: bytes = EMPTY_DIGEST,
    created: int,
    expires: int,
    nonce: bytes,
) -> dict[str, str]:
    """Return the headers that sign a request: Content-Digest, Signature-Input, Signature.

    Args:
        key: the courier's key.
        keyid: the courier's id.
        method: upper case.
        authority: host and port of the server's origin; see `authority_of`.
        path: as it will be sent, escaped; `/` when it is empty.
        query: as it will be sent, without the question mark; empty when there is none.
        body_sha256: SHA-256 of the body, 32 bytes.
        created: the time now, seconds since 1970.
        expires: seconds since 1970, at most `MAX_LIFE` later.
        nonce: 16 bytes never used before.

    Raises:
        UsageError: `misuse`, when a value is out of its range.

    Source: crypto/spec/request_signature.md §3.
    """
    params = f'{_COVERED};created={created};expires={expires};nonce="{b64url(nonce)}";keyid="{keyid}";tag="{TAG}"'
    if _INPUT.fullmatch(f"{LABEL}={params}") is None or not created < expires <= created + MAX_LIFE or len(body_sha256) != DIGEST_LENGTH:
        raise UsageError(Failure.MISUSE, "this request cannot be signed")
    digest = content_digest(body_sha256)
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{LABEL}={params}",
        "Signature": f"{LABEL}=:{b64std(key.sign(_base(method, authority, (path, query), digest, params)))}:",
    }


def _parse_input(headers: Mapping[str, str]) -> tuple[str, int, int, str, str]:
    """Return the parameters as they stand, and created, expires, nonce and keyid."""
    header = headers.get("signature-input", "")
    match = _INPUT.fullmatch(header)
    if match is None or not int(match[1]) < int(match[2]) <= int(match[1]) + MAX_LIFE:
        raise _refused(f"Signature-Input is missing, not in the one form, or for longer than {MAX_LIFE} seconds")
    return header.removeprefix(f"{LABEL}="), int(match[1]), int(match[2]), match[3], match[4]


def claimed_keyid(headers: Mapping[str, str]) -> str:
    """Return the id of the courier that a request says it is from, so that its key can be looked up.

    Raises:
        FileError: `encoding`, when Signature-Input is missing or has another form than ours.

    Source: crypto/spec/request_signature.md §4.
    """
    return _parse_input(headers)[4]


def verify_request(  # noqa: PLR0913 - what RFC 9421 names, each of them once
    *,
    method: str,
    authority: str,
    path: str,
    query: str = "",
    headers: Mapping[str, str],
    key: bytes,
    now: int,
) -> SignedRequest:
    """Check the signature of a request.

    Args:
        method: as it came.
        authority: that of the origin in the charter: what the request's own header says is not believed.
        path: as it came, escaped.
        query: as it came, without the question mark; empty when there is none.
        headers: by lower-case names.
        key: the 32-byte key of the courier that `claimed_keyid` names, from the charter.
        now: seconds since 1970.

    Returns:
        What was signed, and is left to check.

    Raises:
        FileError: `encoding`: a header is missing or has another form than ours.
        PeerError: `signature`: the courier has not signed this; `not-yet-valid`, `expired`.

    Source: crypto/spec/request_signature.md §4; RFC 9421 §3.2.
    """
    params, created, expires, nonce, keyid = _parse_input(headers)
    header = headers.get("content-digest", "")
    digest = parse_content_digest(header)
    match = _SIGNATURE.fullmatch(headers.get("signature", ""))
    if match is None:
        raise _refused("Signature is missing, or not in the one form")
    signature = unb64std(match[1], SIGNATURE_LENGTH)
    try:
        base = _base(method, authority, (path, query), header, params)
    except UsageError as error:
        raise _refused("method, path or query is not printable ASCII") from error
    verify(key, base, signature)
    if created > now + MAX_AHEAD:
        raise PeerError(Failure.NOT_YET_VALID, "the request was signed in the future")
    if expires < now:
        raise PeerError(Failure.EXPIRED, "the signature is too old")
    return SignedRequest(keyid, nonce, created, expires, digest)
