# SPDX-License-Identifier: Apache-2.0
"""Cases of unseal.md: files sealed once by another implementation, then cut and changed.

The public age suite has more of the same kind; these are for the strict form of Corncrake's own channels.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from oracle import SECRETS, SEEDS, seal
from written import b64, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAINTEXT = b"An example, sealed.\n"
LONG = b"0123456789abcdef" * 4097


def file_of(name: str, plaintext: bytes, secrets: list[str]) -> bytes:
    """Return the file of a case as it was written before, or a new one."""
    case = stored("unseal", name)
    return base64.b64decode(case["file_base64"]) if case else seal(plaintext, secrets)


def case(what: str, failure: str | None, file: bytes, seeds: list[bytes], **expected: str) -> dict[str, Any]:
    """Return one case."""
    return {
        "what": what,
        "do": "unseal",
        "failure": failure,
        "identity_seeds_hex": [seed.hex() for seed in seeds],
        "file_base64": b64(file),
        **expected,
    }


def changed(header: bytes, first: bytes, share: bytes, at: int) -> Iterator[tuple[str, str, str, bytes]]:
    """Headers that were changed: name, failure, what, header."""
    low = base64.b64encode(base64.b64decode(share + b"==")[:1088] + bytes(32)).rstrip(b"=")
    x25519 = b"-> X25519 " + base64.b64encode(bytes(range(32))).rstrip(b"=") + b"\n" + first[-44:]
    mac = header.rindex(b"--- ") + 4
    other = b"A" if header[mac : mac + 1] != b"A" else b"B"
    yield "mac_altered", "hmac", "another MAC", header[:mac] + other + header[mac + 1 :]
    yield "stanza_left_out", "hmac", "the second stanza is missing", header[: at + len(first)] + header[mac - 4 :]
    yield "stanza_doubled", "hmac", "the first stanza is there twice", header.replace(first, first * 2)
    yield "stanza_x25519", "header", "an X25519 stanza besides", header.replace(first, first + x25519)
    yield "stanza_unknown", "header", "an unknown stanza besides", header.replace(first, first + b"-> x-grease\n\n")
    yield "stanzas_17", "header", "17 stanzas", header[:at] + first * 17 + header[mac - 4 :]
    yield "share_small_order", "header", "the X25519 half of a share is zero", header.replace(share, low)
    yield "share_two", "header", "a hybrid stanza with two arguments", header.replace(share, share + b" x")
    wrapped = first[-44:-43]
    altered = first[:-44] + (b"A" if wrapped != b"A" else b"B") + first[-43:]
    yield "wrapped_altered", "no-match", "another wrapped file key", header[:at] + altered + header[mac - 4 :]


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    mine, other, stranger = SEEDS
    two = file_of("two_recipients", PLAINTEXT, SECRETS[:2])
    long = file_of("two_chunks", LONG, SECRETS[:1])
    empty = file_of("empty", b"", SECRETS[:1])
    opened = {"expected_plaintext_base64": b64(PLAINTEXT)}
    yield "two_recipients", case("opened by the first recipient", None, two, [mine], **opened)
    yield "second_recipient", case("opened by the second recipient", None, two, [stranger, other], **opened)
    yield "two_chunks", case("two chunks", None, long, [mine], expected_plaintext_base64=b64(LONG))
    yield "empty", case("no plaintext, one empty chunk", None, empty, [mine], expected_plaintext_base64="")
    yield "stranger", case("somebody else's file", "no-match", two, [stranger])
    yield "nobody", case("no identity", "no-match", two, [])
    length = two.index(b"\n", two.index(b"\n--- ") + 1) + 1
    header, payload = two[:length], two[length:]
    at = len(b"age-encryption.org/v1\n")
    first = header[at : at + 1557]
    share = first[len(b"-> mlkem768x25519 ") :].split(b"\n")[0]
    for name, failure, what, altered in changed(header, first, share, at):
        yield name, case(what, failure, altered + payload, [mine])
    yield "payload_altered", case("the last byte is another", "payload", two[:-1] + bytes([two[-1] ^ 1]), [mine])
    yield "payload_cut", case("the last byte is missing", "payload", two[:-1], [mine])
    yield "payload_longer", case("a byte more", "payload", two + b"\0", [mine])
    yield "payload_none", case("nothing after the nonce", "payload", two[: length + 16], [mine])
    yield "chunk_left_out", case("the second chunk is missing", "payload", long[: -len(LONG[65536:]) - 16], [mine])
    yield "nonce_cut", case("the nonce is cut", "header", two[: length + 15], [mine])
    yield "nonce_altered", case("another nonce", "payload", header + bytes([payload[0] ^ 1]) + payload[1:], [mine])
    yield "nothing", case("no bytes", "header", b"", [mine])
    yield "armored", case("armor never crosses the wire", "header", b"-----BEGIN AGE ENCRYPTED FILE-----\n" + base64.b64encode(two), [mine])
