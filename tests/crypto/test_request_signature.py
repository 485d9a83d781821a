# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed requests: the Ed25519 example of RFC 9421, and what a server must refuse."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.encoding import b64std, unb64std, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError, UsageError
from corncrake_crypto.request_signature import (
    EMPTY_DIGEST,
    authority_of,
    claimed_keyid,
    content_digest,
    parse_content_digest,
    sign_request,
    signature_base,
    verify_request,
)
from corncrake_crypto.signatures import SigningKey, verify

NOW = 1_770_000_000
KEY = SigningKey.from_seed(bytes(range(32)))
ASKED: dict[str, Any] = {"method": "GET", "authority": "drop.example.org", "path": "/v1/courier/openings", "query": "start=0&end=64"}
BODY = b"a parcel"


def signed(**changed: Any) -> dict[str, str]:
    """Return the headers of a signed request, by lower-case names."""
    fields: dict[str, Any] = ASKED | {"created": NOW, "expires": NOW + 240, "nonce": bytes(16)} | changed
    return {name.lower(): value for name, value in sign_request(KEY, "boat", **fields).items()}


def refused(headers: dict[str, str], *, key: bytes = KEY.public, now: int = NOW, **changed: Any) -> Failure:
    """Return the failure of a request."""
    with pytest.raises(CorncrakeError) as caught:
        verify_request(**(ASKED | changed), headers=headers, key=key, now=now)
    return caught.value.failure


def test_the_signature_base_is_that_of_rfc_9421_b_2_6() -> None:
    params = '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"'
    base = signature_base(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        params,
    )
    assert base.decode() == (
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
        '"content-type": application/json\n"content-length": 18\n"@signature-params": ' + params
    )
    key = SigningKey.from_seed(unb64url("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU", 32))
    assert key.public == unb64url("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs", 32)
    published = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert b64std(key.sign(base)) == published
    verify(key.public, base, unb64std(published, 64))


def test_content_digests_are_those_of_rfc_9530() -> None:
    assert content_digest(EMPTY_DIGEST) == "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    body = b'{"hello": "world"}\n'
    assert content_digest(hashlib.sha256(body).digest()) == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_a_signed_request_says_who_asks_and_what_the_body_must_be() -> None:
    digest = hashlib.sha256(BODY).digest()
    headers = signed(method="PUT", body_sha256=digest)
    assert claimed_keyid(headers) == "boat"
    found = verify_request(**(ASKED | {"method": "PUT"}), headers=headers, key=KEY.public, now=NOW)
    assert found == ("boat", "A" * 22, NOW, NOW + 240, digest)


def test_what_is_signed_is_written_in_one_form() -> None:
    headers = signed()
    assert headers["signature-input"] == (
        'corncrake=("@method" "@authority" "@path" "@query" "content-digest")'
        f';created={NOW};expires={NOW + 240};nonce="{"A" * 22}";keyid="boat";tag="corncrake"'
    )
    base = (
        '"@method": GET\n"@authority": drop.example.org\n"@path": /v1/courier/openings\n"@query": ?start=0&end=64\n'
        f'"content-digest": {headers["content-digest"]}\n"@signature-params": {headers["signature-input"].removeprefix("corncrake=")}'
    )
    verify(KEY.public, base.encode(), unb64std(headers["signature"].removeprefix("corncrake=:").rstrip(":"), 64))


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"authority": "other.example.org"},
        {"authority": "drop.example.org:8443"},
        {"path": "/v1/courier/pending"},
        {"query": "start=0&end=128"},
        {"query": ""},
    ],
)
def test_a_signature_is_good_for_one_request_only(changed: dict[str, Any]) -> None:
    assert refused(signed(), **changed) is Failure.SIGNATURE


def test_a_signature_by_another_key_or_over_another_body_is_refused() -> None:
    assert refused(signed(), key=SigningKey.from_seed(bytes(32)).public) is Failure.SIGNATURE
    headers = signed() | {"content-digest": content_digest(hashlib.sha256(BODY).digest())}
    assert refused(headers) is Failure.SIGNATURE


def test_a_request_is_good_for_the_time_that_it_says() -> None:
    headers = signed()
    for now in (NOW, NOW + 240, NOW - 60):
        assert verify_request(**ASKED, headers=headers, key=KEY.public, now=now).keyid == "boat"
    assert refused(headers, now=NOW + 241) is Failure.EXPIRED
    assert refused(headers, now=NOW - 61) is Failure.NOT_YET_VALID


def test_a_request_that_wants_to_live_longer_than_300_seconds_is_refused() -> None:
    with pytest.raises(UsageError):
        signed(expires=NOW + 301)
    with pytest.raises(UsageError):
        signed(expires=NOW)
    params = signed()["signature-input"].removeprefix("corncrake=").replace(f"expires={NOW + 240}", f"expires={NOW + 301}")
    base = signature_base(
        [
            ("@method", "GET"),
            ("@authority", "drop.example.org"),
            ("@path", "/v1/courier/openings"),
            ("@query", "?start=0&end=64"),
            ("content-digest", content_digest(EMPTY_DIGEST)),
        ],
        params,
    )
    headers = signed() | {"signature-input": f"corncrake={params}", "signature": f"corncrake=:{b64std(KEY.sign(base))}:"}
    assert refused(headers) is Failure.ENCODING


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("signature-input", "corncrake=", "sig1="),
        ("signature-input", '"@query" ', ""),
        ("signature-input", ";tag=", ';alg="ed25519";tag='),
        ("signature-input", '"boat"', '"Boat"'),
        ("signature-input", "created=", "created=0"),
        ("signature-input", "created=", "created=-"),
        ("signature-input", "AAAA", ""),
        ("signature", "=:", "="),
        ("signature", "==:", ":"),
        ("content-digest", "sha-256", "sha-512"),
        ("content-digest", "sha-256=:", "sha-256=::, sha-256=:"),
    ],
)
def test_headers_in_another_form_are_refused(name: str, old: str, new: str) -> None:
    headers = signed()
    assert old in headers[name]
    assert refused(headers | {name: headers[name].replace(old, new, 1)}) is Failure.ENCODING
    assert refused({key: value for key, value in headers.items() if key != name}) is Failure.ENCODING


def test_a_line_cannot_be_smuggled_into_what_is_signed() -> None:
    with pytest.raises(UsageError):
        signed(path='/x\n"@query": ?')
    assert refused(signed(), query='x\n"content-digest": y') is Failure.ENCODING


def test_an_authority_is_lower_case_without_the_schemes_own_port() -> None:
    assert authority_of("https://Drop.Example.org:443/") == "drop.example.org"
    assert authority_of("https://drop.example.org:8443") == "drop.example.org:8443"
    assert authority_of("127.0.0.1:8080") == "127.0.0.1:8080"
    assert authority_of("http://127.0.0.1:80") == "127.0.0.1"
    assert authority_of("https://drop.example.org:80") == "drop.example.org:80"
    assert authority_of("drop.example.org:443") == "drop.example.org:443"
    headers = signed(authority="https://DROP.example.org:443")
    assert verify_request(**ASKED, headers=headers, key=KEY.public, now=NOW).keyid == "boat"


@given(st.dictionaries(st.sampled_from(["content-digest", "signature-input", "signature"]), st.text(max_size=120)))
def test_any_headers_are_refused_with_a_known_failure(headers: dict[str, str]) -> None:
    assert refused(headers) is Failure.ENCODING


@given(st.text(max_size=60))
def test_a_digest_header_is_read_in_one_way_or_refused(header: str) -> None:
    try:
        digest = parse_content_digest(header)
    except FileError:
        digest = None
    assert digest is None or content_digest(digest) == header


def test_errors_of_a_stranger_are_the_strangers() -> None:
    with pytest.raises(PeerError):
        verify_request(**ASKED, headers=signed(), key=bytes(32), now=NOW)
