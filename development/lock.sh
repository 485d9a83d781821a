#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Make both lock files anew. They record versions and hashes, never where a package came from.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
unset PIP_FIND_LINKS UV_FIND_LINKS
python3 -m venv .venv/uv && .venv/uv/bin/pip install --quiet uv
members=(crypto server clients/reporter clients/courier clients/monitor clients/vault)
.venv/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
  --python-version 3.11 --upgrade \
  --no-emit-package corncrake-crypto --no-emit-package corncrake-server --no-emit-package corncrake-reporter \
  --no-emit-package corncrake-courier --no-emit-package corncrake-monitor --no-emit-package corncrake-vault \
  "${members[@]/%//pyproject.toml}" --group pyproject.toml:dev -o requirements.lock
(cd clients && npm install --package-lock-only --no-progress --loglevel=error)
