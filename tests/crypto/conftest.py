# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of nouns share: an organisation."""

import pytest

from tests.simulators.organisation import SimulatedOrganisation


@pytest.fixture(scope="session")
def org() -> SimulatedOrganisation:
    return SimulatedOrganisation()
