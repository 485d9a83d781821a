# SPDX-License-Identifier: AGPL-3.0-or-later
"""An organisation as its vaults would make it: real keys, one desk, two reviewers, and what they sign.

Rules of this file: everything is made by the code that vaults use; a test changes one thing and asks who notices.
"""

from datetime import date, timedelta
from typing import Any

from corncrake_crypto.charter import Charter, Desk, Log, OpenedCharter, Organisation, Reviewer, open_charter, root_of, sign_charter
from corncrake_crypto.edition import SEALED_REPLY, Edition, OpenedEdition, open_edition, sign_edition, tile_hash, write_tile
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.fields import CharterRef, LogHead, SealedTo
from corncrake_crypto.form import Form, Question, form_hash, write_form
from corncrake_crypto.identities import Identity
from corncrake_crypto.merkle import tree_root
from corncrake_crypto.prekeys import Prekey, epoch_days, epoch_of, sign_prekey
from corncrake_crypto.report import Answer, ReportDraft
from corncrake_crypto.signatures import SigningKey

TODAY = date(2026, 11, 25)
EPOCH = epoch_of(TODAY)
ORIGIN = "https://report.example.org"


class SimulatedOrganisation:
    """Two reviewers, `ana` and `bo`, at the desk `legal`; `ana` is its voice."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.root = root_of(self.key.public)
        self.reviewers = {"ana": SigningKey.generate(), "bo": SigningKey.generate()}
        self.identities = {name: Identity.generate() for name in self.reviewers}
        self.log_key = SigningKey.generate()
        self.form = write_form(
            Form(
                v=1,
                desk="legal",
                languages=("en",),
                title={"en": "Tell us"},
                about={"en": "Two lawyers read this."},
                promise_days=7,
                questions=(Question(id="story", kind="story", label={"en": "What happened?"}),),
                consent=(),
            )
        )

    def desk(self, **changes: Any) -> Desk:
        fields: dict[str, Any] = {
            "id": "legal",
            "names": {"en": "Legal"},
            "languages": ("en",),
            "form": form_hash(self.form),
            "reviewers": tuple(Reviewer(id=name, identity=b64url(key.public)) for name, key in self.reviewers.items()),
            "min": 2,
            "voices": ("ana",),
        }
        return Desk(**fields | changes)

    def charter(self, **changes: Any) -> Charter:
        fields: dict[str, Any] = {
            "sequence": 1,
            "root": root_text(self.root),
            "successions": (),
            "issued": TODAY - timedelta(days=10),
            "expires": TODAY + timedelta(days=80),
            "organisation": Organisation(key=b64url(self.key.public), names={"en": "The Organisation"}),
            "origin": ORIGIN,
            "log": Log(origin="report.example.org/log/1", key=b64url(self.log_key.public)),
            "desks": (self.desk(),),
            "couriers": (),
            "release_keys": (),
        }
        return Charter(**fields | changes)

    def opened(self, **changes: Any) -> OpenedCharter:
        raw = sign_charter(self.charter(**changes), self.key)
        return open_charter(raw, root=self.root, origin=None, today=TODAY)

    def prekey(self, reviewer: str, *, signer: SigningKey | None = None, **changes: Any) -> bytes:
        epoch = changes.get("epoch", EPOCH)
        first, last = epoch_days(epoch)
        fields: dict[str, Any] = {
            "root": root_text(self.root),
            "reviewer": reviewer,
            "epoch": epoch,
            "number": 1,
            "not_before": first,
            "not_after": last,
            "recipient": self.identities[reviewer].recipient.text,
        }
        return sign_prekey(Prekey(**fields | changes), signer or self.reviewers[reviewer])

    def tile(self, *entries: tuple[bytes, bytes]) -> bytes:
        fill = [(bytes([255, number]) * 8, bytes(SEALED_REPLY)) for number in range(8 - len(entries))]
        return write_tile([*entries, *fill], 8)

    def head(self, *, signer: SigningKey | None = None, **changes: Any) -> bytes:
        fields: dict[str, Any] = {
            "root": root_text(self.root),
            "desk": "legal",
            "reviewer": "ana",
            "number": 1,
            "day": TODAY,
            "bits": 0,
            "slots": 8,
            "tiles": (tile_hash(self.tile()),),
            "charter": CharterRef(sequence=1, sha256="00" * 32),
            "log": LogHead(origin="report.example.org/log/1", size=0, root=b64url(tree_root([]))),
        }
        return sign_edition(Edition(**fields | changes), signer or self.reviewers["ana"])

    def opened_head(self, **changes: Any) -> OpenedEdition:
        identity = self.reviewers["ana"].public
        return open_edition(self.head(**changes), root=self.root, desk="legal", reviewer="ana", identity=identity)

    def draft(self, **changes: Any) -> ReportDraft:
        fields: dict[str, Any] = {
            "kind": "first",
            "origin": ORIGIN,
            "desk": "legal",
            "charter": CharterRef(sequence=1, sha256="00" * 32),
            "epochs": tuple(SealedTo(reviewer=name, epoch=EPOCH, number=1) for name in self.reviewers),
            "message": b64url(bytes(16)),
            "seen": (),
            "left_out": (),
            "reply_tag": b64url(bytes(32)),
            "form": form_hash(self.form),
            "language": "en",
            "day": TODAY,
            "answers": (Answer(question="story", text="It happened on the bridge."),),
            "files": (),
        }
        return ReportDraft(**fields | changes)
