# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who watches the line cannot tell a first report from a follow-up, or from a report that covers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import b64url, day_text, parse_root
from corncrake_crypto.identities import Identity
from corncrake_crypto.prekeys import choose_recipients
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.report import ReportDraft, Seen, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_reporter.transport import Server
from corncrake_reporter.visit import Link, visit
from development.organisation import DESK, Demonstration
from development.programs import ServerProcess
from tests.paths.recording import Exchange, RecordingLine
from tests.server.running import free_port
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demonstration, RecordingLine]]:
    """A whole organisation, behind a line that is watched; all of it on one day, whatever week begins meanwhile."""
    place = Demonstration(tmp_path_factory.mktemp("sizes") / "demo")
    server: ServerProcess | None = None
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CORNCRAKE_TODAY", day_text(TODAY))
        try:
            place.found("--publish-at", "", port=free_port(), say=lambda _: None)
            place.stop()
            behind = free_port()
            server = ServerProcess(place.folder / "server" / "data", behind, "--publish-at", "")
            with RecordingLine(place.port, behind) as line:
                yield place, line
        finally:
            place.stop()
            if server is not None:
                server.stop()


def _send_cover(place: Demonstration) -> None:
    """What a client sends that has nothing to say, made from the core: sealed and signed like any other."""
    root, codename = parse_root(place.root), Codename.generate()
    papers = visit(Link(place.origin, root, DESK), codename, TODAY)
    chosen = choose_recipients(papers.charter.charter, DESK, papers.epoch, papers.prekeys, papers.presence.today)
    draft = ReportDraft(
        kind="cover",
        origin=papers.charter.charter.origin,
        desk=DESK,
        charter=papers.charter.ref,
        epochs=chosen.stanzas,
        message=b64url(random_bytes(16)),
        seen=tuple(Seen(reviewer=board.head.edition.reviewer, number=board.head.edition.number) for board in papers.boards),
        left_out=chosen.left_out,
        reply_tag=b64url(codename.reply_tag(root, DESK)),
        form=papers.desk.form,
        language="en",
        day=papers.presence.today,
        answers=(),
        files=(),
    )
    key = SigningKey.from_seed(codename.derive("thread-signing", DESK, root))
    recipient = Identity.from_seed(codename.derive("reply-identity", DESK, root)).recipient
    sealed = seal(build_report(draft, key, recipient), chosen.recipients)
    with Server(place.origin) as server:
        server.post_report(DESK, papers.epoch, sealed)


def _record(place: Demonstration, line: RecordingLine) -> tuple[list[list[Exchange]], list[list[Exchange]], list[list[Exchange]]]:
    first = place.reporter("send", "--text", "Short.")
    of_first = line.taken()
    place.reporter("add", "--text", "A much longer text, " * 150, codename=first.data["words"])
    of_follow_up = line.taken()
    _send_cover(place)
    return of_first, of_follow_up, line.taken()


def test_a_first_report_a_follow_up_and_a_cover_report_make_the_same_requests_of_the_same_sizes(watched: tuple[Demonstration, RecordingLine]) -> None:
    place, line = watched
    first, follow_up, cover = _record(place, line)
    assert follow_up == first
    assert cover == first
    paths = [exchange.request for connection in first for exchange in connection]
    assert [path.split()[0] for path in paths] == ["GET"] * (len(paths) - 1) + ["POST"]
    assert any("/heads" in path for path in paths)
    assert sum("/editions/" in path for path in paths) == 2


def test_coming_back_makes_the_requests_of_a_report_without_the_report(watched: tuple[Demonstration, RecordingLine]) -> None:
    place, line = watched
    sent = place.reporter("send", "--text", "Short.")
    *visit_of_report, _ = line.taken()
    place.reporter("check", codename=sent.data["words"])
    assert line.taken() == visit_of_report
