# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a test says that something is refused, and as what."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.errors import CorncrakeError, Failure

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def refused(failure: Failure) -> Generator[None]:
    """Pass when the body fails with exactly this failure class."""
    with pytest.raises(CorncrakeError) as caught:
        yield
    assert caught.value.failure is failure
