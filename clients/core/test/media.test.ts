// SPDX-License-Identifier: Apache-2.0
/** What files tell, and their clean copies: the rules that hold for every kind. Kinds and carriers are tested in tests/clients/web/test_cleaning.py. */
import { describe, expect, test } from "vitest";
import { concat } from "../src/encoding";
import { CorncrakeError } from "../src/errors";
import { clean, inspect, TELLS, type Cleaned, type Source } from "../src/media/source";
import { photo, PLAIN, SECRETS } from "./picture";

const sourceOf = (bytes: Uint8Array): Source => ({ size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) });
const bytesOf = (original: Uint8Array, { pieces }: Cleaned): Uint8Array =>
  concat(...pieces.map((one) => (one instanceof Uint8Array ? one : original.subarray(one.start, one.end))));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("a photo", () => {
  test("tells what points to its maker apart from what it says about the event, and how it reads", async () => {
    const telling = await inspect(sourceOf(photo()));
    expect(telling).toMatchObject({ kind: "jpeg", broken: false, cleanable: true, you: ["owner", "serial", "text", "trailer"], event: ["place", "time"] });
    expect(telling.shown).toContainEqual({ tell: "owner", text: "Maria Zebrafinch" });
  });

  test("tells nothing after cleaning, keeps how it is turned and every byte that draws it", async () => {
    const cleaned = await clean(sourceOf(photo()), "strip");
    const bytes = bytesOf(photo(), cleaned);
    expect(cleaned.removed).toEqual(["owner", "place", "serial", "text", "time", "trailer"]);
    expect(cleaned.size).toBe(bytes.length);
    expect(await inspect(sourceOf(bytes))).toMatchObject({ you: [], event: [], shown: [] });
    for (const secret of SECRETS) expect(text(bytes)).not.toContain(secret);
    expect(text(bytes)).toContain("Exif\0\0II");
    expect(text(bytes).endsWith(text(PLAIN.subarray(20)))).toBe(true);
  });

  test("that tells nothing is not changed", async () => {
    expect(bytesOf(PLAIN, await clean(sourceOf(PLAIN), "strip"))).toEqual(PLAIN);
  });

  test("cut at any byte is refused, and never called clean", async () => {
    const whole = photo();
    for (let end = 3; end < whole.length - (SECRETS.at(-1) ?? "").length; end += 1) {
      await expect(clean(sourceOf(whole.slice(0, end)), "strip")).rejects.toThrow(CorncrakeError);
    }
  });

  test("with any byte changed is refused, or clean of what it told", async () => {
    const whole = photo();
    for (let at = 0; at < whole.length; at += 1) {
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      const cleaned = await clean(sourceOf(changed), "strip").catch((error: unknown) => {
        if (error instanceof CorncrakeError) return undefined;
        throw error;
      });
      if (cleaned === undefined) continue;
      expect(await inspect(sourceOf(bytesOf(changed, cleaned)))).toMatchObject({ broken: false, you: [], event: [] });
    }
  });
});

test("what no reader knows is told to be unknown, and is not cleaned", async () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
    expect(await inspect(sourceOf(bytes))).toEqual({ kind: "unknown", broken: false, cleanable: false, you: [], event: [], shown: [] });
    await expect(clean(sourceOf(bytes), "strip")).rejects.toThrow(CorncrakeError);
  }
});

test("every tell is listed once", () => {
  expect(new Set(TELLS).size).toBe(TELLS.length);
});
