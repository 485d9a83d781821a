# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./dev bench [NAME…] [--json FILE]`: speed and memory against named limits, as a table and as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tests.bench import cover, crypto, flood, intake, log, page, resume, upload, vault, weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.measure import Figure

BENCHMARKS: Final[dict[str, Callable[[], Figure]]] = {
    "intake_postgres": intake.bench_intake_postgres,
    "intake_sqlite": intake.bench_intake_sqlite,
    "intake_vs_one_by_one": intake.bench_intake_vs_one_by_one,
    "seal": crypto.bench_seal,
    "open_stream": crypto.bench_open_stream,
    "opens_per_core": crypto.bench_opens_per_core,
    "publish_flatness": crypto.bench_publish_flatness,
    "proof_verify_us": log.bench_proof_verify_us,
    "monitor_catch_up": log.bench_monitor_catch_up,
    "board_look_bytes": weight.bench_board_look_bytes,
    "page_script_gzip": weight.bench_page_script_gzip,
    "saved_page_gzip": weight.bench_saved_page_gzip,
    "page_seal": page.bench_page_seal,
    "page_seal_jitless": page.bench_page_seal_jitless,
    "upload_files": upload.bench_upload_files,
    "upload_s3": upload.bench_upload_s3,
    "vault_rebuild": vault.bench_vault_rebuild,
    "server_peak_mib": intake.bench_server_peak_mib,
    "resume_waste": resume.bench_resume_waste,
    "evidence_peak_mib": resume.bench_evidence_peak_mib,
    "page_peak_mib": page.bench_page_peak_mib,
    "stamp_phone_ms": page.bench_stamp_phone_ms,
    "cover_classifier_accuracy": cover.bench_cover_classifier_accuracy,
    "flood_honest_wait_s": flood.bench_flood_honest_wait_s,
    "seal_memory": crypto.bench_seal_memory,
}


def _row(name: str, figure: Figure) -> str:
    places = 1 if figure.value >= 1 else 2
    limit = "" if figure.limit is None else f"{figure.limit:.{places}f}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    low, high = figure.spread
    return f"{name:<26}{figure.value:>14.{places}f}{limit:>14}{ratio:>8}  {figure.unit:<10} {low:.2f} to {high:.2f}  {figure.how}"


def main() -> int:
    """Run the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, metavar="FILE")
    said = parser.parse_args()
    if unknown := sorted(set(said.names) - BENCHMARKS.keys()):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    sys.stdout.write(f"{'name':<26}{'value':>14}{'limit':>14}{'ratio':>8}  {'unit':<10} spread, how\n")
    figures: dict[str, Figure] = {}
    for name in said.names or BENCHMARKS:
        figures[name] = BENCHMARKS[name]()
        sys.stdout.write(_row(name, figures[name]) + "\n")
        sys.stdout.flush()
    if said.json is not None:
        said.json.write_text(json.dumps(msgspec.to_builtins(figures), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
