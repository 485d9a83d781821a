# SPDX-License-Identifier: Apache-2.0
"""Cases of proof.md: paths by the recursion of RFC 6962, heads signed by another library."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from merkle import ENTRIES, LEAVES, mth, path
from organisation import Case, note, public
from receipt import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator


def line(data: bytes) -> str:
    """Return a line of base64."""
    return base64.b64encode(data).decode() + "\n"


def head(signer: str = "log") -> str:
    """Return the signed head of the published tree of eight entries."""
    return note(f"{LOG}\n8\n{line(mth(LEAVES))}day 2026-11-25\n", (LOG, signer))


GOOD = "c2sp.org/tlog-proof@v1\nindex 5\n" + "".join(map(line, path(5, LEAVES))) + "\n" + head()


def files() -> Iterator[tuple[str, str, str | None, str | bytes]]:
    """Proofs of entry 5."""
    yield "good", "a proof", None, GOOD
    yield "extra", "with extra data", None, GOOD.replace("index", "extra aGVsbG8=\nindex", 1)
    for length, failure in ((65_536, None), (65_537, "proof")):
        extra = line(b"x" * length)
        yield f"extra_{length}", f"{length} bytes of extra data", failure, GOOD.replace("index", f"extra {extra}index", 1)
    yield "index_huge", "an index that no log has", "proof", GOOD.replace("index 5", "index 9999999999999999")
    yield "checkpoint_long", "a checkpoint of more than 16 KiB", "proof", GOOD + "\u2014 other AAAAAAAA\n" * 1_000
    yield "checkpoint_not_utf8", "a checkpoint that is not UTF-8", "note", GOOD.encode().replace(b"day", b"d\xffy")
    yield "head_not_ascii", "a line before the checkpoint that is not ASCII", "proof", GOOD.replace("index", "\u00edndex", 1)
    yield "foreign_signature", "its head signed by another key", "signature", GOOD.replace(head(), head("thief"))
    yield "other_index", "another index", "proof", GOOD.replace("index 5", "index 4")
    yield "outside", "an index at the size", "proof", GOOD.replace("index 5", "index 8")
    yield "shorter", "a hash too few", "proof", GOOD.replace(line(path(5, LEAVES)[2]), "")
    yield "index_zeros", "an index with leading zeros", "proof", GOOD.replace("index 5", "index 05")
    yield "no_index", "no index", "proof", GOOD.replace("index 5\n", "")
    yield "other_version", "another version", "proof", GOOD.replace("@v1", "@v2")
    yield "unpadded", "a hash without padding", "proof", GOOD.replace("=\n", "\n", 1)
    yield "extra_second", "extra data after the index", "proof", GOOD.replace("index 5\n", "index 5\nextra aGVsbG8=\n")
    yield "extra_not_base64", "extra data that are not base64", "proof", GOOD.replace("index", "extra *\nindex", 1)
    yield "carriage_return", "CR LF", "proof", GOOD.replace("\n", "\r\n")
    yield "empty", "nothing", "proof", ""


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for name, what, failure, raw in files():
        case: dict[str, Any] = {
            "what": what,
            "do": "verify_proof",
            "failure": failure,
            **({"proof_text": raw} if isinstance(raw, str) else {"proof_base64": base64.b64encode(raw).decode()}),
            "entry_hex": ENTRIES[5].hex(),
            "origin": LOG,
            "key_hex": public("log").hex(),
        }
        yield name, case if failure else case | {"expected_size": 8}
    yield (
        "other_entry",
        {
            "what": "a proof of another entry",
            "do": "verify_proof",
            "failure": "proof",
            "proof_text": GOOD,
            "entry_hex": ENTRIES[4].hex(),
            "origin": LOG,
            "key_hex": public("log").hex(),
        },
    )
