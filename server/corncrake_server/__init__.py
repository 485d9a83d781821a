# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server: it takes, keeps, lists and hands out what it cannot read."""
