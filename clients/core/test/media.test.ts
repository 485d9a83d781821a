// SPDX-License-Identifier: Apache-2.0
/** What files tell, and their clean copies: the rules that hold for every kind. Kinds and carriers are tested in tests/clients/web/test_cleaning.py. */
import { describe, expect, test } from "vitest";
import { concat } from "../src/encoding";
import { CorncrakeError } from "../src/errors";
import { clean, copyOf, inspect, TELLS, type Cleaned, type Source } from "../src/media/source";
import { filler, saysMore } from "../src/media/units";
import { Plan, Window } from "../src/media/plan";
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
    expect(await inspect(sourceOf(bytes))).toEqual({ kind: "unknown", broken: false, cleanable: false, you: [], event: [], kept: [], shown: [] });
    await expect(clean(sourceOf(bytes), "strip")).rejects.toThrow(CorncrakeError);
  }
});

test("every tell is listed once", () => {
  expect(new Set(TELLS).size).toBe(TELLS.length);
});

describe("filler in place of user data", () => {
  test("has the length that is asked for, is one run of whole messages, and never looks like a start of a unit", () => {
    for (let length = 3; length < 1_200; length += 1) {
      const body = filler(length);
      expect(body.length).toBe(length);
      expect(body.at(-1)).toBe(0x80);
      let at = 0;
      while (at < length - 1) {
        expect(body[at]).toBe(3);
        let size = 0;
        for (at += 1; body[at] === 0xff; at += 1) size += 255;
        size += body[at] ?? NaN;
        at += 1 + size;
      }
      expect(at).toBe(length - 1);
      expect(saysMore(body)).toBe(false);
      expect(text(body)).not.toMatch(/\0\0[\0-\x03]/);
    }
  });

  test("is told from user data, also where that does not end", () => {
    expect(saysMore(Uint8Array.of(5, 2, 1, 2, 0x80))).toBe(true);
    expect(saysMore(Uint8Array.of(4, 1, 0, 0x80))).toBe(true);
    expect(saysMore(Uint8Array.of(1, 9, 1, 2, 0x80))).toBe(true);
    expect(saysMore(Uint8Array.of(6, 1, 0xc4, 0x80))).toBe(false);
    expect(saysMore(Uint8Array.of(6, 5, 1, 2, 3, 4, 5, 0x80))).toBe(true);
    expect(saysMore(Uint8Array.of(136, 2, 1, 2, 0x80))).toBe(true);
    expect(saysMore(Uint8Array.of(3, 2, 0xff, 1, 0x80))).toBe(true);
  });
});

describe("a plan", () => {
  const original = Uint8Array.from({ length: 100 }, (_, index) => index);

  test("gives a copy that reads the same in any range, and in one piece", async () => {
    const plan = new Plan("strip");
    plan.remove(90, 95);
    plan.replace(10, 20, "zeros");
    plan.replace(50, 50, Uint8Array.of(200, 201));
    plan.replace(0, 1, Uint8Array.of(9));
    const pieces = plan.pieces(100);
    const whole = bytesOf(original, { pieces, size: 0, removed: [] });
    expect([...whole.slice(8, 22)]).toEqual([8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 21]);
    const copy = copyOf(sourceOf(original), pieces);
    expect(copy.size).toBe(97);
    for (let start = 0; start <= 97; start += 1) expect(await copy.read(start, Math.min(97, start + 13))).toEqual(whole.slice(start, start + 13));
  });

  test("whose edits overlap is refused", () => {
    const plan = new Plan("strip");
    plan.remove(10, 20);
    plan.remove(15, 16);
    expect(() => plan.pieces(100)).toThrow(CorncrakeError);
  });

  test("shows at most 16 short texts, without what turns or hides writing", () => {
    const plan = new Plan("strip");
    for (let index = 0; index < 40; index += 1) plan.tell("text", `\u202e${String(index)}\0${"x".repeat(100)}`);
    expect(plan.shown.length).toBe(16);
    for (const { text: shown } of plan.shown) expect(shown).toMatch(/^\d+ x{1,62}$/);
    expect(plan.shown[0]?.text.length).toBe(64);
  });
});

test("a window finds zeros wherever they start, and what is not zero", async () => {
  for (const at of [0, 1, 2, 3, 5, 262_143, 262_144, 300_001]) {
    const bytes = new Uint8Array(300_002);
    bytes[at] = 1;
    const window = new Window(sourceOf(bytes));
    expect(await window.isZero(0, bytes.length)).toBe(false);
    expect(await window.isZero(at + 1, bytes.length)).toBe(true);
    expect(await window.isZero(0, at)).toBe(true);
  }
});
