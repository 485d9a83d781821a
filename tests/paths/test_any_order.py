# SPDX-License-Identifier: AGPL-3.0-or-later
"""Three vaults do the same things in any order: whatever comes first, refused and done again or not, they end in the same state.

What the organisation signs meanwhile is drawn too: three ceremonies of four, in any order.
"""

from __future__ import annotations

import io
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from corncrake_crypto.acknowledgement import open_acknowledgement
from corncrake_crypto.edition import bucket, find, open_edition, read_tile, reply_tag
from corncrake_crypto.encoding import parse_root, unb64url
from corncrake_crypto.parcel import Parcel, read_parcel
from corncrake_crypto.reply import ReplyPlace, open_reply
from tests.paths.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corncrake_crypto.archive import MemberReader

WHO = ("ana", "bo", "cy")
"""Whose vaults are compared. `eli` reads too, and may be revoked; `dee` may be let in."""
CEREMONIES = {
    "enrol": ("enrol", "legal", "dee.request"),
    "revoke": ("revoke", "eli"),
    "add-courier": ("add-courier", "--who", "lee:" + "A" * 43),
    "renew": ("renew",),
}
SIGNED = ("2", "3", "4")
ACTIONS = (*(f"import {n}" for n in (1, 2, 3)), *(f"take {n}" for n in SIGNED), "take 4 compared", "compare", "prekeys", "export", "agree")
LAST = (*(f"take {n}" for n in SIGNED), *(f"import {n}" for n in (1, 2, 3)), "prekeys", "compare", "export")
MAY_SAY = {"range", "repeated", "rollback", "signature", "misuse"}
"""What may be said to a step that comes too early or a second time."""
EXAMPLES = 60 if os.environ.get("CORNCRAKE_TEST_TIER") == "slow" else 8


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with three parcels; the vaults have seen none of them."""
    with pytest.MonkeyPatch.context() as patched:
        world = World(tmp_path_factory.mktemp("world"), patched)
        try:
            world.open_for(*WHO, "eli")
            for number in (1, 2, 3):
                world.report(f"Report {number}.")
                if number == 2:
                    # What is promised and not yet in the log travels too.
                    world.operate("publish")
                    world.report("Between two days.")
                else:
                    world.operate("publish")
                assert world.courier("pull", "--out", str(world.file(f"{number}.parcel"))).code == 0
            world.join("dee")
            yield world
        finally:
            world.stop()


def sign(world: World, ceremonies: list[str]) -> str:
    """Sign charters 2, 3 and 4 in a copy of the organisation's vault; return the name of the one that was countersigned, before it was."""
    shutil.copytree(world.file("org"), world.file("try/org"))
    unsigned = "try/2.note"
    for number, name in zip(SIGNED, ceremonies, strict=False):
        words = [str(world.file(word)) if word.endswith(".request") else word for word in CEREMONIES[name]]
        note = f"try/{number}.note"
        said = world.vault("try/org", "organisation", *words, "--out", str(world.file(note)))
        assert said.code == 0, said
        if name == "enrol":
            unsigned = "try/unsigned.note"
            shutil.copy(world.file(note), world.file(unsigned))
            for who in ("ana", "bo"):
                assert world.countersign(who, note).code == 0
            assert world.vault("try/org", "organisation", "agreed", str(world.file(note))).code == 0
    return unsigned


def do(world: World, folder: str, action: str, unsigned: str) -> None:
    """Do one thing in one vault; it may be too early, or done already."""
    word, *which = action.split()
    match word:
        case "import":
            said = world.vault(folder, "import", str(world.file(f"{which[0]}.parcel")))
        case "take":
            said = world.take(folder, f"try/{which[0]}.note", *(f"--{more}" for more in which[1:]))
        case "compare":
            said = world.vault(folder, "charter", "--compared")
        case "agree":
            said = world.countersign(folder, unsigned, f"{folder}.note")
        case "export":
            said = world.vault(folder, "export", str(world.file(f"{folder}.parcel")))
        case _:
            said = world.vault(folder, word)
    if said.data.get("failure") == "charter":
        # Nobody has compared yet what this vault could not check.
        assert word in {"export", "agree"}
        assert world.unlocked(folder, "charter")["in_doubt"]
        return
    assert said.code == 0 or said.data.get("failure") in MAY_SAY, (action, said)


def exported(world: World, folder: str, who: str) -> dict[str, Any]:
    """What a vault's last export says: what it acknowledges, and what each reporter finds in its edition."""
    members: dict[str, bytes] = {}

    def take(_: Parcel, name: str, _size: int, reader: MemberReader) -> None:
        members[name] = reader.read()

    desk, root = world.opened("1.note").desk("legal"), parse_root(world.root)
    public = desk.identity(who)
    read_parcel(io.BytesIO(world.file(f"{folder}.parcel").read_bytes()), take, {who: public})
    edition = open_edition(members["edition-legal.note"], root=root, desk="legal", reviewer=who, identity=public).edition
    said = open_acknowledgement(members["acknowledgement.note"], root=root, reviewer=who, identity=public)
    found: list[tuple[str, ...] | None] = []
    for one in world.reporters:
        thread = unb64url(one.thread)
        place = bucket("legal", thread, edition.bits)
        tile = read_tile(members[f"tile-legal-{place:05d}.bin"], edition.slots, edition.tiles[place])
        sealed = find(tile, reply_tag(one.tag_key, thread, "legal", who, edition.number, 0))
        where = ReplyPlace(world.origin, "legal", who, public, edition.number, place, 0, one.thread)
        found.append(None if sealed is None else open_reply(sealed, one.identity, where).acknowledged)
    return {
        "acknowledged": (said.reports, said.aside, said.log),
        "edition": (edition.bits, edition.slots, edition.day, edition.charter, edition.log),
        "replies": found,
    }


def state(world: World, folder: str, who: str) -> dict[str, Any]:
    """What a vault has come to, but for what counts how often it was asked."""
    threads = world.unlocked(folder, "list")["threads"]
    status = world.unlocked(folder, "status")
    said = {key: status[key] for key in ("log", "charter", "weeks_ahead", "faults")}
    said["in_doubt"] = world.unlocked(folder, "charter")["in_doubt"]
    said["threads"] = sorted((one["thread"], one["begins"], one["messages"], one["state"]) for one in threads)
    return said | exported(world, folder, who)


def test_the_head_of_a_voice_who_has_left_since_a_parcel_was_pulled_is_no_fault(lived: World) -> None:
    shutil.rmtree(lived.file("try"), ignore_errors=True)
    sign(lived, ["revoke"])
    shutil.copytree(lived.file("ana"), lived.file("try/ana"))
    assert lived.take("try/ana", "try/2.note").code == 0
    said = lived.vault("try/ana", "import", str(lived.file("1.parcel")))
    assert (said.code, said.data["faults"], len(said.data["reports"])) == (0, [], 1)


@settings(max_examples=EXAMPLES, phases=(Phase.explicit, Phase.generate))
@given(
    ceremonies=st.permutations(sorted(CEREMONIES)),
    orders=st.tuples(*(st.lists(st.sampled_from(ACTIONS), max_size=9) for _ in WHO)),
)
def test_any_order_ends_in_the_same_state(lived: World, ceremonies: list[str], orders: tuple[list[str], ...]) -> None:
    shutil.rmtree(lived.file("try"), ignore_errors=True)
    unsigned = sign(lived, ceremonies)
    ends: list[dict[str, Any]] = []
    for who, order in zip(WHO, orders, strict=True):
        folder = f"try/{who}"
        shutil.copytree(lived.file(who), lived.file(folder))
        for action in (*order, *LAST):
            do(lived, folder, action, unsigned)
        ends.append(state(lived, folder, who))
    assert ends[0] == ends[1] == ends[2]
    assert len(ends[0]["threads"]) == 4
    assert (ends[0]["charter"], ends[0]["faults"], ends[0]["in_doubt"]) == (4, [], False)
    assert len(ends[0]["acknowledged"][0]) == 4
    assert all(len(found or ()) == 1 for found in ends[0]["replies"])
    let_in = "enrol" in ceremonies[: len(SIGNED)]
    assert ("dee" in lived.readers("try/4.note")) is let_in
