# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever comes in, a noun gives a value or one of our errors; and a server that loads the public nouns can open nothing."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corncrake_crypto.acknowledgement import Acknowledgement, open_acknowledgement, sign_acknowledgement
from corncrake_crypto.archive import write_archive
from corncrake_crypto.block import Block, read_block, write_block
from corncrake_crypto.canary import Slip, read_slip, write_slip
from corncrake_crypto.charter import open_charter, sign_charter
from corncrake_crypto.deletion import read_deletions
from corncrake_crypto.edition import newest_heads, open_edition, read_tile, tile_hash
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.fields import LogHead
from corncrake_crypto.form import form_hash, read_form
from corncrake_crypto.identities import Identity
from corncrake_crypto.legal_hold import LegalHold, open_legal_hold, sign_legal_hold
from corncrake_crypto.note import NoteKey, open_note, read_bundle, write_bundle
from corncrake_crypto.page_release import PageFile, PageRelease, open_page_release, sign_page_release
from corncrake_crypto.prekeys import choose_recipients, open_prekey
from corncrake_crypto.reply import ReplyDraft, ReplyPlace, build_reply, read_reply
from corncrake_crypto.report import build_report, read_report
from corncrake_crypto.signatures import SigningKey, verify, verify_statement
from tests.simulators.organisation import EPOCH, ORIGIN, TODAY, SimulatedOrganisation

ORG = SimulatedOrganisation()
ANA = ORG.reviewers["ana"]
RELEASER = SigningKey.generate()
THREAD = SigningKey.from_seed(bytes(32))
LOG = LogHead(origin="report.example.org/log/1", size=0, root=b64url(bytes(32)))
PLACE = ReplyPlace(ORIGIN, "legal", "ana", ANA.public, 1, 0, 0, b64url(THREAD.public))
OPENED = ORG.opened()
CHARTER = ORG.charter()


def seeds() -> dict[str, tuple[bytes, Callable[[bytes], object]]]:
    """Return for each parser something well formed to begin from."""
    reply = ReplyDraft(
        origin=ORIGIN, desk="legal", reviewer="ana", edition=1, bucket=0, thread=b64url(THREAD.public), acknowledged=(), missing_blocks=(), text="x"
    )
    acknowledgement = Acknowledgement(root=root_text(ORG.root), reviewer="ana", number=1, reports=(), aside=(), log=LOG)
    charter = sign_charter(CHARTER, ORG.key)
    index = PageFile(path="index.html", size=1, sha256="00" * 32)
    release = PageRelease(root=root_text(ORG.root), number=1, day=TODAY, files=(index,), saved="index.html")
    return {
        "note": (charter, lambda raw: open_note(raw, [NoteKey("organisation", ORG.key.public)])),
        "bundle": (write_bundle([b"a", b"b"]), read_bundle),
        "charter": (charter, lambda raw: open_charter(raw, root=ORG.root, origin=ORIGIN, today=TODAY)),
        "slip": (write_slip(Slip(desk="legal", epoch=EPOCH, id="00" * 32)), read_slip),
        "form": (ORG.form, lambda raw: read_form(raw, form_hash(raw))),
        "prekey": (ORG.prekey("ana"), lambda raw: open_prekey(raw, root=ORG.root, reviewer="ana", identity=ANA.public)),
        "prekeys": (ORG.prekey("ana"), lambda raw: choose_recipients(CHARTER, "legal", EPOCH, [raw], TODAY)),
        "edition": (ORG.head(), lambda raw: open_edition(raw, root=ORG.root, desk="legal", reviewer="ana", identity=ANA.public)),
        "heads": (ORG.head(), lambda raw: newest_heads(OPENED, "legal", [raw])),
        "tile": (ORG.tile(), lambda raw: read_tile(raw, 8, tile_hash(raw))),
        "acknowledgement": (
            sign_acknowledgement(acknowledgement, ANA),
            lambda raw: open_acknowledgement(raw, root=ORG.root, reviewer="ana", identity=ANA.public),
        ),
        "page_release": (
            sign_page_release(release, [RELEASER]),
            lambda raw: open_page_release(raw, ORG.charter(release_keys=(b64url(RELEASER.public),))),
        ),
        "legal hold": (
            sign_legal_hold(LegalHold(root=root_text(ORG.root), holder="ana", number=1, desks=("legal",), reports=()), ANA),
            lambda raw: open_legal_hold(raw, root=ORG.root, holder="ana", key=ANA.public),
        ),
        "deletions": (b'{"deletions":[]}', read_deletions),
        "report": (build_report(ORG.draft(), THREAD, Identity.from_seed(bytes(32)).recipient), read_report),
        "reply": (build_reply(reply, ANA), lambda raw: read_reply(raw, PLACE)),
        "block": (write_block(Block(v=1, file=b64url(bytes(16)), index=0), b"data"), read_block),
    }


SEEDS = seeds()
CHANGE = st.tuples(st.integers(0, 4_000), st.integers(0, 8), st.binary(max_size=8))


def only_our_errors(parse: Callable[[bytes], object], raw: bytes) -> None:
    try:
        parse(raw)
    except CorncrakeError:
        return


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=60)
@given(changes=st.lists(CHANGE, max_size=3), cut=st.integers(0, 8_000))
def test_what_was_changed_or_cut_is_a_value_or_one_of_our_errors(name: str, changes: list[tuple[int, int, bytes]], cut: int) -> None:
    raw, parse = SEEDS[name]
    for at, removed, added in changes:
        raw = raw[:at] + added + raw[at + removed :]
    only_our_errors(parse, raw[: len(raw) - cut] if cut < len(raw) // 2 else raw)


@pytest.mark.parametrize("name", ["report", "reply", "block"])
@settings(max_examples=60)
@given(raw=st.binary(max_size=400))
def test_any_json_in_a_right_archive_is_a_value_or_one_of_our_errors(name: str, raw: bytes) -> None:
    size = {"report": 12_288, "reply": 6_144, "block": 260_096}[name]
    only_our_errors(SEEDS[name][1], write_archive([(f"{name}.json", raw), *([("reply.key", b"")] if name == "report" else [])], size))


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=40)
@given(raw=st.binary(max_size=300))
def test_anything_is_a_value_or_one_of_our_errors(name: str, raw: bytes) -> None:
    only_our_errors(SEEDS[name][1], raw)


@settings(max_examples=60)
@given(public=st.binary(max_size=40), signature=st.binary(max_size=70), text=st.text(max_size=90))
def test_any_key_and_signature_are_refused_by_our_error(public: bytes, signature: bytes, text: str) -> None:
    for check in (lambda: verify(public, b"m", signature), lambda: verify_statement(public, "report", {"a": 1}, text)):
        with pytest.raises(CorncrakeError):
            check()


def test_the_nouns_that_a_server_loads_bring_nothing_that_seals_or_opens() -> None:
    script = (
        "import sys\n"
        "from corncrake_crypto import acknowledgement, block, charter, deletion, edition, fields, form, legal_hold, note, page_release\n"
        "from corncrake_crypto import prekeys, signatures\n"
        "print([name for name in sys.modules if name.split('.')[-1] in ('seal', 'unseal', 'identities', 'hpke')])"
    )
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
