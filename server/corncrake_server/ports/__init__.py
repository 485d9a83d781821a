# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the services need of a database and a disk, and what those must promise.

Rules of this folder: every writing verb is one transaction, durable when it returns: after a power cut all of it is there, and
after an error none of it. Every verb may be called again with the same arguments. Faults of a store are `StoreError`.
"""
