# SPDX-License-Identifier: AGPL-3.0-or-later
"""SQL and files: the ports, implemented for SQLite and PostgreSQL by one layer."""
