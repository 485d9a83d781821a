# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a server and a reporter make of a vault's export."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from corncrake_crypto.edition import bucket, find, open_edition, read_tile, reply_tag
from corncrake_crypto.encoding import decode_canonical
from corncrake_crypto.note import read_bundle
from corncrake_crypto.parcel import Parcel, Pushed, read_parcel
from corncrake_crypto.reply import Reply, ReplyPlace, open_reply
from tests.simulators.organisation import ORIGIN

if TYPE_CHECKING:
    from corncrake_crypto.archive import MemberReader
    from tests.clients.vault.conftest import Desk
    from tests.simulators.server import SimulatedReporter


def exported(desk: Desk) -> tuple[Parcel, dict[str, bytes]]:
    """Export, and read the parcel as a server does."""
    path = desk.folder / "out.parcel"
    said = desk.run("export", str(path))
    assert said.code == 0, said.err
    members: dict[str, bytes] = {}

    def take(_: Parcel, name: str, _size: int, reader: MemberReader) -> None:
        members[name] = reader.read()

    keys = {name: key.public for name, key in desk.organisation.reviewers.items()}
    return read_parcel(io.BytesIO(path.read_bytes()), take, keys), members


def wanted(members: dict[str, bytes]) -> list[str]:
    """The blocks that an export asks for."""
    return decode_canonical(members["wanted.json"], dict[str, list[str]])["blocks"]


def pushed(parcel: Parcel, *, looked: bool = True) -> tuple[Pushed, ...]:
    """What a courier says that has pushed this export, and looked for its blocks or not."""
    return (Pushed(reviewer="ana", number=parcel.number, looked=True if looked else None),)


def serve(desk: Desk, members: dict[str, bytes]) -> None:
    """Let the server show what it took from an export."""
    desk.server.charter = members["charter.note"]
    desk.server.heads = [members["edition-legal.note"]]
    desk.server.prekeys = list(read_bundle(members["prekeys.json"]))


def look(desk: Desk, reporter: SimulatedReporter, members: dict[str, bytes]) -> list[Reply]:
    """Read what a reporter finds in the edition of a parcel."""
    org = desk.organisation
    public = org.reviewers["ana"].public
    edition = open_edition(members["edition-legal.note"], root=org.root, desk="legal", reviewer="ana", identity=public).edition
    place = bucket("legal", reporter.key.public, edition.bits)
    tile = read_tile(members[f"tile-legal-{place:05d}.bin"], edition.slots, edition.tiles[place])
    found: list[Reply] = []
    for part in range(4):
        sealed = find(tile, reply_tag(reporter.tag_key, reporter.key.public, "legal", "ana", edition.number, part))
        if sealed is None:
            break
        where = ReplyPlace(ORIGIN, "legal", "ana", public, edition.number, place, part, reporter.thread)
        found.append(open_reply(sealed, reporter.identity, where))
    return found
