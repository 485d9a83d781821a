// SPDX-License-Identifier: Apache-2.0
/** Every vector of every noun that has a twin here, found by glob; the count run is compared with the count on disk. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CorncrakeError } from "../src/errors";
import { RUNNERS, type Case } from "./runners";

const ROOT = join(import.meta.dirname, "../../../crypto/vectors");

/** Nouns without a twin in this language, and why. */
const NO_TWIN: Readonly<Record<string, string>> = {
  armor: "armor never crosses the wire",
  acknowledgement: "it goes from a vault to the server",
  charter_change: "a reporter remembers no charter to compare with",
  cosignature: "a page reads no head of the log",
  canary: "it goes from a vault to a courier",
  deletion: "servers and vaults decide it",
  legal_hold: "it goes from a vault to the server",
  parcel: "a reporter makes no parcels",
  tiles: "only log and vault read tiles",
  page_release: "a page cannot check itself",
  request_signature: "only couriers sign requests",
};

const nouns = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !["generate", "__pycache__"].includes(entry.name))
  .map((entry) => entry.name);
let run = 0;
let onDisk = 0;

function failureOf(error: unknown): string {
  if (error instanceof CorncrakeError) return error.failure;
  throw error;
}

describe.each(nouns.filter((noun) => !(noun in NO_TWIN)))("%s", (noun) => {
  const names = readdirSync(join(ROOT, noun)).filter((name) => name.endsWith(".json"));
  onDisk += names.length;
  test.each(names)("%s", async (name) => {
    const one = JSON.parse(readFileSync(join(ROOT, noun, name), "utf8")) as Case;
    run += 1;
    const runner = RUNNERS[noun];
    if (runner === undefined) throw new Error(`no runner for ${noun}`);
    let failure: string | null = null;
    try {
      await runner(one);
    } catch (error) {
      if (one.failure === null) throw error;
      failure = failureOf(error);
    }
    expect(failure).toBe(one.failure);
  });
});

afterAll(() => {
  expect(run).toBe(onDisk);
  expect(run).toBeGreaterThan(200);
});
