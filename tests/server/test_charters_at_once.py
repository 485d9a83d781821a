# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two charters at once: each is checked against the one that is in force when it is stored, not only when it came."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from corncrake_crypto.charter import Reviewer
from corncrake_crypto.encoding import b64url
from corncrake_server.ports.documents import PrekeyNote
from corncrake_server.services.charters import bring_charter
from corncrake_server.services.organisation import Organisation
from corncrake_server.storage.documents import SqlDocuments
from tests.server.blocks import pieces_of
from tests.server.house import House, Run, Work, refused

Brought = Callable[[House], Awaitable[str]]


def without_bo(house: House) -> bytes:
    """The second charter, after which the desk has `ana` only."""
    ana = Reviewer(id="ana", identity=b64url(house.organisation.reviewers["ana"].public))
    return house.server.sign_charter(sequence=2, desks=(house.organisation.desk(reviewers=(ana,), min=1),))


def with_bo(house: House) -> bytes:
    """The third charter, which is as the first: after the second one `ana` must countersign it."""
    return house.server.sign_charter(sequence=3)


async def by_hand(house: House) -> str:
    return await refused(bring_charter(house.services, with_bo(house), []))


async def in_a_parcel(house: House) -> str:
    parcel = house.server.parcel("bo", 1, [("charter.note", with_bo(house))])
    return await refused(house.services.inbox.receive("bo", 1, hashlib.sha256(parcel).digest(), len(parcel), pieces_of(parcel)))


def meanwhile(monkeypatch: pytest.MonkeyPatch, work: Work, house: House) -> None:
    """Do something once, when the forms of a charter are asked for: it was compared with the one before by then."""
    form, left = SqlDocuments.form, [work]

    async def asked(documents: SqlDocuments, sha256: str) -> bytes | None:
        if left:
            await left.pop()(house)
        return await form(documents, sha256)

    monkeypatch.setattr(SqlDocuments, "form", asked)


@pytest.mark.parametrize("brought", [by_hand, in_a_parcel])
def test_who_was_removed_is_not_let_in_by_a_charter_that_was_checked_before(run: Run, monkeypatch: pytest.MonkeyPatch, brought: Brought) -> None:
    async def work(house: House) -> None:
        async def remove(_: House) -> None:
            await bring_charter(house.services, without_bo(house), [])

        meanwhile(monkeypatch, remove, house)
        assert await brought(house) == "store"
        house.services.organisation.forget()
        assert (await house.services.organisation.charter()).charter.sequence == 2
        # What is tried again is compared with that one.
        assert await by_hand(house) == "signature"

    run(work)


def test_a_parcel_that_was_checked_by_a_charter_which_is_no_more_in_force_is_not_applied(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(house: House) -> None:
        last = SqlDocuments.prekeys

        async def asked(documents: SqlDocuments, epoch: int) -> Sequence[PrekeyNote]:
            monkeypatch.setattr(SqlDocuments, "prekeys", last)
            await bring_charter(house.services, without_bo(house), [])
            return await last(documents, epoch)

        monkeypatch.setattr(SqlDocuments, "prekeys", asked)
        parcel = house.server.parcel("bo", 1, [house.server.prekeys("bo")])
        receive = house.services.inbox.receive
        digest = hashlib.sha256(parcel).digest()
        assert await refused(receive("bo", 1, digest, len(parcel), pieces_of(parcel))) == "store"
        assert await refused(receive("bo", 1, digest, len(parcel), pieces_of(parcel))) == "desk"

    run(work)


def test_a_charter_is_compared_with_the_one_that_another_process_has_just_taken(run: Run) -> None:
    async def work(house: House) -> None:
        there = replace(house.services, organisation=Organisation(house.services.documents, house.clock))
        await there.organisation.charter()
        await bring_charter(house.services, without_bo(house), [])
        assert await refused(bring_charter(there, with_bo(house), [])) == "signature"

    run(work)
