# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server and its courier without a network: reports taken, days published, parcels made, all from the core.

Rules of this file: it keeps every rule, so that a test breaks exactly one. `reports` go in sealed, as a real server takes them.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from datetime import date  # noqa: TC003 - as everywhere in tests
from typing import Any

from corncrake_crypto.block import Block, block_ids, plan, write_block
from corncrake_crypto.charter import sign_charter
from corncrake_crypto.checkpoint import Checkpoint, sign_checkpoint
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import b64url, day_text, root_text
from corncrake_crypto.fields import SealedTo
from corncrake_crypto.file_identity import FileIdentity
from corncrake_crypto.identities import Identity
from corncrake_crypto.merkle import leaf_hash, tree_root
from corncrake_crypto.note import unverified_text, write_bundle
from corncrake_crypto.parcel import MAX_LEAVES, Parcel, Ranges, write_parcel
from corncrake_crypto.prekeys import epoch_of
from corncrake_crypto.receipt import Opening, Receipt, opening_commitment, report_id, sign_receipt, write_openings
from corncrake_crypto.report import Answer, File, build_report
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import leaf_entry, write_entries
from tests.simulators.organisation import TODAY, SimulatedOrganisation

FILL = 64


class SimulatedReporter:
    """One person with a codename."""

    def __init__(self, organisation: SimulatedOrganisation, desk: str = "legal") -> None:
        self.organisation = organisation
        self.desk = desk
        self.codename = Codename.generate()
        root = organisation.root
        self.key = SigningKey.from_seed(self.codename.derive("thread-signing", desk, root))
        self.identity = Identity.from_seed(self.codename.derive("reply-identity", desk, root))
        self.tag_key = self.codename.derive("reply-tag", desk, root)
        self.thread = b64url(self.key.public)
        self.blocks: dict[str, bytes] = {}

    def attach(self, name: str, data: bytes) -> File:
        """Cut and seal a file; its blocks wait in `blocks`."""
        secret, cut = FileIdentity.generate(), plan(len(data))
        room = -(-len(data) // cut.data_blocks) if cut.data_blocks == 1 else 257_536
        for index, block in enumerate(block_ids(secret.block_key, cut.total_blocks)):
            last = index == cut.data_blocks - 1
            piece = data[index * room : (index + 1) * room]
            said = Block(
                v=1, file=secret.tag, index=index, last=last or None, of=cut.data_blocks if last else None, fill=index >= cut.data_blocks or None
            )
            self.blocks[block] = seal(write_block(said, piece), [secret.recipient])
        return File(
            identity=secret.identity.text,
            block_key=b64url(secret.block_key),
            class_=cut.block_class,
            blocks=cut.data_blocks,
            sha256=hashlib.sha256(data).hexdigest(),
            name=name,
            type="application/octet-stream",
            size=len(data),
            cleaning="keep",
        )

    def report(self, text: str = "It happened on the bridge.", *, day: date = TODAY, **changes: Any) -> bytes:
        """Return a sealed report to all reviewers of the desk."""
        epoch = epoch_of(day)
        names = sorted(self.organisation.reviewers)
        fields: dict[str, Any] = {
            "day": day,
            "desk": self.desk,
            "epochs": tuple(SealedTo(reviewer=name, epoch=epoch, number=1) for name in names),
            "message": b64url(secrets.token_bytes(16)),
            "reply_tag": b64url(self.tag_key),
            "answers": (Answer(question="story", text=text),),
        }
        draft = self.organisation.draft(**fields | changes)
        plaintext = build_report(draft, self.key, self.identity.recipient)
        return seal(plaintext, [self.organisation.identities[name].recipient for name in names])


class SimulatedServer:
    """Takes reports, publishes, and makes parcels as a courier would."""

    def __init__(self, organisation: SimulatedOrganisation, *, day: date = TODAY, **charter: Any) -> None:
        self.organisation = organisation
        self.day = day
        self.origin = "report.example.org/log/1"
        self.charter = sign_charter(organisation.charter(**charter), organisation.key)
        self.entries: list[bytes] = [leaf_entry("charter", unverified_text(self.charter))]
        self.openings: list[Opening] = []
        self.reports: dict[str, bytes] = {}
        self.pending: list[Receipt] = []
        self.blocks: dict[str, bytes] = {}
        self.heads: list[bytes] = []
        self.prekeys: list[bytes] = []
        self.part = MAX_LEAVES
        self.head = b""
        self.number = 0
        self.publish()

    def take(self, sealed: bytes, *, desk: str = "legal") -> bytes:
        """Take a report; return its receipt."""
        receipt = Receipt(id=report_id(sealed), desk=desk, log=self.origin, day=day_text(self.day), salt=secrets.token_hex(32))
        self.reports[receipt.id] = sealed
        self.pending.append(receipt)
        return self.receipt(receipt)

    def receipt(self, receipt: Receipt) -> bytes:
        return sign_receipt(receipt, self.organisation.log_key)

    def publish(self, *, fill: int = FILL, day: date | None = None) -> None:
        """Append what waits, filled with dummies, and sign the head."""
        self.day = day or self.day
        count = -(-len(self.pending) // fill) * fill
        for position in range(count):
            index, salt = len(self.entries), secrets.token_hex(32)
            if position < len(self.pending):
                taken = self.pending[position]
                opening = Opening(index=index, kind="report", day=taken.day, salt=taken.salt, desk=taken.desk, id=taken.id)
            else:
                opening = Opening(index=index, kind="dummy", day=day_text(self.day), salt=salt)
            self.openings.append(opening)
            self.entries.append(opening_commitment(opening))
        self.pending = []
        self.sign()

    def sign(self) -> None:
        """Sign the head of the log as it is."""
        root = tree_root([leaf_hash(entry) for entry in self.entries])
        self.head = sign_checkpoint(Checkpoint(self.origin, len(self.entries), root, self.day), self.organisation.log_key)

    def members(self, start: int = 0) -> list[tuple[str, bytes]]:
        """Return the members of the next parcel, in their order."""
        openings = [opening for opening in self.openings if opening.index >= start]
        carried = {opening.id for opening in openings if opening.id} | {receipt.id for receipt in self.pending}
        form = hashlib.sha256(self.organisation.form).hexdigest()
        members = [("charter.note", self.charter), (f"form-{form[:16]}.json", self.organisation.form), ("head.note", self.head)]
        members += [
            (f"leaves-{number:05d}.bin", write_entries(self.entries[at : at + self.part]))
            for number, at in enumerate(range(start, len(self.entries), self.part))
        ]
        members += [
            ("openings-00000.json", write_openings(openings)),
            ("receipts.json", write_bundle(self.receipt(receipt) for receipt in self.pending)),
            ("heads.json", write_bundle(self.heads)),
            ("prekeys.json", write_bundle(self.prekeys)),
        ]
        members += [(f"report-{report}.age", sealed) for report, sealed in self.reports.items() if report in carried]
        members += [(f"block-{block}.age", sealed) for block, sealed in self.blocks.items()]
        return members

    def parcel(self, start: int = 0, members: list[tuple[str, bytes]] | None = None, **changes: Any) -> bytes:
        """Return a parcel; `members` and `changes` are what a test has tampered with."""
        self.number += 1
        fields: dict[str, Any] = {
            "v": 1,
            "kind": "inbound",
            "from_id": "courier",
            "number": self.number,
            "root": root_text(self.organisation.root),
            "ranges": Ranges(log_from=start, log_to=len(self.entries)),
            "members": (),
            "day": day_text(self.day),
        }
        return parcel_of(Parcel(**fields | changes), self.members(start) if members is None else members)


def parcel_of(header: Parcel, members: list[tuple[str, bytes]]) -> bytes:
    """Return the bytes of a parcel with these members."""
    sink = io.BytesIO()
    write_parcel(header, [(name, len(data), hashlib.sha256(data).hexdigest(), [data]) for name, data in members], sink)
    return sink.getvalue()
