# SPDX-License-Identifier: AGPL-3.0-or-later
"""One module for each noun that has vectors."""
