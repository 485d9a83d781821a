# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server's parts in this process on a clock that a test sets, and what its reviewers and its organisation sign."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.acknowledgement import Acknowledgement, sign_acknowledgement
from corncrake_crypto.charter import Desk, Log, Reviewer, sign_succession
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.fields import LogHead
from corncrake_crypto.form import form_hash
from corncrake_crypto.legal_hold import LegalHold, sign_legal_hold
from corncrake_crypto.receipt import report_id
from corncrake_crypto.signatures import SigningKey
from corncrake_server.app import Process
from corncrake_server.services.charters import bring_charter
from corncrake_server.services.intake import Allowed
from corncrake_server.settings import load_settings
from corncrake_server.storage.log_key import LogKeyFiles
from tests.server.blocks import pieces_of
from tests.simulators.organisation import EPOCH

if TYPE_CHECKING:
    from tests.server.running import RunningServer
    from tests.server.test_expiry import SetClock

DAYS = 14


class House:
    """A server's parts in this process, a clock, and what its reviewers say."""

    def __init__(self, server: RunningServer, clock: SetClock) -> None:
        self.process = Process(load_settings(None, {}, server.environment), clock)
        self.server, self.clock = server, clock
        self.organisation = server.organisation
        self.services = self.process.services
        self.numbers: dict[str, int] = {}

    async def publish(self) -> None:
        """Publish and sweep, as the schedule does each day."""
        head = await self.services.publication.publish()
        await self.services.expiry.sweep(date.fromisoformat(head.day))

    async def live(self, days: int) -> None:
        for _ in range(days):
            self.clock.live(1)
            await self.publish()

    async def take(self, desk: str = "legal") -> str:
        """Take a report, and publish it."""
        body = self.server.report()
        await self.services.intake.take(desk, EPOCH, Allowed(2), body)
        await self.publish()
        return report_id(body)

    async def has(self, report: str) -> bool:
        return await self.services.reports.body(report) is not None

    async def log(self) -> LogHead:
        head = await self.services.log.head()
        assert head is not None
        return LogHead(origin=self.server.log_origin, size=head.size, root=b64url(head.root))

    async def bring(self, reviewer: str, *members: tuple[str, bytes]) -> None:
        """Bring a reviewer's next parcel."""
        number = self.numbers[reviewer] = self.numbers.get(reviewer, 0) + 1
        parcel = self.server.parcel(reviewer, number, list(members))
        assert await self.services.inbox.receive(reviewer, number, hashlib.sha256(parcel).digest(), len(parcel), pieces_of(parcel))

    async def note(self, reviewer: str, *reports: str, **changes: Any) -> tuple[str, bytes]:
        """An acknowledgement of a reviewer, by the newest state of the log if nothing else is said."""
        fields: dict[str, Any] = {"root": root_text(self.organisation.root), "reviewer": reviewer, "number": self.numbers.get(reviewer, 0) + 1}
        fields |= {"reports": reports, "aside": (), "log": await self.log()} | changes
        return "acknowledgement.note", sign_acknowledgement(Acknowledgement(**fields), self.organisation.reviewers[reviewer])

    async def acknowledge(self, reviewer: str, *reports: str, **changes: Any) -> None:
        await self.bring(reviewer, await self.note(reviewer, *reports, **changes))

    def hold(self, holder: str | None, number: int, *, key: SigningKey | None = None, **changes: Any) -> tuple[str, bytes]:
        """A legal hold; of nothing, if nothing is said."""
        fields: dict[str, Any] = {"root": root_text(self.organisation.root), "holder": holder, "number": number, "desks": (), "reports": ()}
        key = key or (self.organisation.key if holder is None else self.organisation.reviewers[holder])
        return "hold.note" if holder else "organisation-hold.note", sign_legal_hold(LegalHold(**fields | changes), key)

    async def bring_charter(self, sequence: int, *reviewers: str, press: Sequence[str] = (), **changes: Any) -> None:
        """Have the operator bring another charter, with these reviewers at the desk, and those at a second one."""
        org = self.organisation
        forms = {"legal": org.form, "press": org.form.replace(b'"desk":"legal"', b'"desk":"press"')}
        desks = tuple(self.desk(name, forms[name], there) for name, there in (("legal", reviewers), ("press", press)) if there)
        note = self.server.sign_charter(sequence=sequence, desks=desks, emergency=True, issued=self.clock.day, **changes)
        await bring_charter(self.services, note, [forms[desk.id] for desk in desks])

    async def begin_log(self, sequence: int) -> None:
        """Have the operator make the next log's key, and bring the charter that names it."""
        host, number = self.server.log_origin.rsplit("/", 1)
        self.server.log_origin = f"{host}/{int(number) + 1}"
        LogKeyFiles.create(self.server.data, self.server.log_origin)
        key = LogKeyFiles(self.server.data, int(number) + 1).key.public
        await self.bring_charter(sequence, "ana", "bo", log=Log(origin=self.server.log_origin, key=b64url(key)))

    def desk(self, name: str, form: bytes, reviewers: Sequence[str]) -> Desk:
        listed = tuple(Reviewer(id=one, identity=b64url(self.organisation.reviewers[one].public)) for one in reviewers)
        return self.organisation.desk(id=name, form=form_hash(form), reviewers=listed, min=1, voices=(reviewers[0],))

    async def succeed(self, sequence: int) -> SigningKey:
        """Have another key of the organisation take over; return the former one."""
        org, former = self.organisation, self.organisation.key
        org.key = SigningKey.generate()
        await self.bring_charter(sequence, "ana", "bo", successions=(sign_succession(org.root, 1, former, org.key).decode(),))
        return former


Work = Callable[[House], Awaitable[None]]
Run = Callable[[Work], None]


async def refused(what: Awaitable[object]) -> str:
    with pytest.raises(CorncrakeError) as caught:
        await what
    return caught.value.failure.value
