# SPDX-License-Identifier: AGPL-3.0-or-later
"""The `age` command: opens what Corncrake sealed, and other age files, with nothing else of Corncrake."""
