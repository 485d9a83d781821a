// SPDX-License-Identifier: AGPL-3.0-or-later
/** What `./dev bench stamp_phone_ms` runs inside Chromium: the search of stamps as the page's worker does it, each for another report. */
import { hex } from "@corncrake/core/encoding";
import { Search } from "@corncrake/core/stamp";

const TRIES_AT_ONCE = 1 << 14;

/** Return how many milliseconds one report takes whose server asks for a stamp of each of these steps in turn. */
function stamps(steps: readonly number[]): number {
  const id = hex(crypto.getRandomValues(new Uint8Array(32)));
  const start = performance.now();
  for (const bits of steps) {
    const search = new Search({ origin: "https://report.example.org", charter: "ab".repeat(32), day: "2026-11-25", id });
    while (search.run(bits, TRIES_AT_ONCE) === undefined);
  }
  return performance.now() - start;
}

Object.assign(globalThis, { corncrakeStamps: stamps });
