# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of any size and recordings, cut and sealed as a reporter's device does, for a vault that may get only some of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from corncrake_crypto.block import Block, block_ids, data_room, plan, write_block
from corncrake_crypto.encoding import b64url
from corncrake_crypto.file_identity import FileIdentity
from corncrake_crypto.padding import BLOCK_CLASS
from corncrake_crypto.report import Closed, File
from corncrake_crypto.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Film:
    """A file of known length, given by a function so that a long one needs no memory."""

    size: int
    data: Callable[[int, int], bytes]
    secret: FileIdentity = field(default_factory=FileIdentity.generate)

    def file(self, name: str = "bridge.mp4", **changes: Any) -> File:
        cut, digest = plan(self.size), hashlib.sha256()
        for start in range(0, self.size, 1 << 20):
            digest.update(self.data(start, min(self.size, start + (1 << 20))))
        said: dict[str, Any] = {
            "identity": self.secret.identity.text,
            "block_key": b64url(self.secret.block_key),
            "class_": cut.block_class,
            "blocks": cut.data_blocks,
            "sha256": digest.hexdigest(),
            "name": name,
            "type": "video/mp4",
            "size": self.size,
            "cleaning": "keep",
        }
        return File(**said | changes)

    def blocks(self) -> Iterator[tuple[str, bytes]]:
        """Yield id and sealed bytes of each block, dummies too."""
        cut = plan(self.size)
        room = data_room(cut.block_class)
        for index, block in enumerate(block_ids(self.secret.block_key, cut.total_blocks)):
            last = index == cut.data_blocks - 1
            fill = index >= cut.data_blocks
            piece = b"" if fill else self.data(index * room, min(self.size, (index + 1) * room))
            said = Block(v=1, file=self.secret.tag, index=index, last=last or None, of=cut.data_blocks if last else None, fill=fill or None)
            yield block, seal(write_block(said, piece, cut.block_class), [self.secret.recipient])


def film_of(data: bytes) -> Film:
    return Film(len(data), lambda start, end: data[start:end])


class Recording:
    """A file that leaves while it is being recorded."""

    def __init__(self, pieces: list[bytes], block_class: int = BLOCK_CLASS) -> None:
        self.secret = FileIdentity.generate()
        self.pieces = pieces
        self.block_class = block_class
        self.ids = list(islice(block_ids(self.secret.block_key), 4_096))

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    def file(self, name: str = "live.webm") -> File:
        return File(
            identity=self.secret.identity.text,
            block_key=b64url(self.secret.block_key),
            class_=self.block_class,
            name=name,
            type="video/webm",
            live=True,
        )

    def block(self, index: int, *, last: bool = False, data: bytes | None = None) -> dict[str, bytes]:
        said = Block(v=1, file=self.secret.tag, index=index, last=last or None, of=index + 1 if last else None)
        piece = self.pieces[index] if data is None else data
        return {self.ids[index]: seal(write_block(said, piece, self.block_class), [self.secret.recipient])}

    def blocks(self, *, closed: bool) -> dict[str, bytes]:
        """Return all blocks, the last one marked or not."""
        sealed: dict[str, bytes] = {}
        for index in range(len(self.pieces)):
            sealed |= self.block(index, last=closed and index == len(self.pieces) - 1)
        return sealed

    def closed(self, **changes: Any) -> Closed:
        said: dict[str, Any] = {
            "file": self.secret.tag,
            "blocks": len(self.pieces),
            "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }
        return Closed(**said | changes)
