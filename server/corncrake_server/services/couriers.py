# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may fetch ciphertext: couriers that the charter names, by requests that they signed, each once.

Source: crypto/spec/request_signature.md; RFC 9421.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError
from corncrake_crypto.request_signature import claimed_keyid, verify_request
from corncrake_server.refusals import Unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corncrake_server.clock import Clock
    from corncrake_server.ports.documents import Documents
    from corncrake_server.services.organisation import Organisation

# A signature lives 300 seconds: a nonce of yesterday may still be in its window, one of the day before may not.
_KEPT: Final = timedelta(days=1)


class CourierDoor:
    """Lets couriers in."""

    def __init__(self, organisation: Organisation, documents: Documents, clock: Clock) -> None:
        """Keep the parts."""
        self._organisation = organisation
        self._documents = documents
        self._clock = clock

    async def admit(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> bytes:
        """Check a request's signature, and that the request was not made before.

        Args:
            method: upper case.
            path: as it was sent, still escaped.
            query: without the question mark; empty when there is none.
            headers: by lower-case names.

        Returns:
            The SHA-256 that the body must have, 32 bytes: signed, and for the caller to compare.

        Raises:
            Unsigned: `signature`, `expired`, `repeated` and what else a signature can lack.
        """
        try:
            opened = await self._organisation.charter()
            courier = claimed_keyid(headers)
            signed = verify_request(
                method=method,
                # The authority is the one that the charter gives this server, whatever a proxy made of Host.
                authority=opened.charter.origin,
                path=path,
                query=query,
                headers=headers,
                key=await self._organisation.courier_key(courier),
                now=self._clock.now(),
            )
        except StoreError:
            raise
        except CorncrakeError as error:
            raise Unsigned(error.failure, error.detail) from error
        today = self._clock.today()
        if not await self._documents.use_nonce(signed.keyid, signed.nonce, day_text(today), day_text(today - _KEPT)):
            raise Unsigned(Failure.REPEATED, "this signed request was made before")
        return signed.body_sha256
