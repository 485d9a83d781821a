# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP: what comes in is bounded and given its type here; nothing is decided here."""
