# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the server decides; knows neither HTTP nor SQL."""
