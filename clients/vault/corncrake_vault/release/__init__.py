# SPDX-License-Identifier: AGPL-3.0-or-later
"""Page releases: the key that signs them, and what is looked at before it does."""
