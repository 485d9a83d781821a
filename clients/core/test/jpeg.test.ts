// SPDX-License-Identifier: Apache-2.0
/** What a picture tells, and its clean copy. */
import { describe, expect, test } from "vitest";
import { CorncrakeError } from "../src/errors";
import { cleanPicture, isJpeg, readPicture } from "../src/jpeg";
import { fromHex, photo, PLAIN, SECRETS } from "./picture";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("a photo", () => {
  test("tells owner, serial number, place, time, text and what follows its end", () => {
    expect(readPicture(photo())).toEqual(["owner", "place", "serial", "text", "time", "trailer"]);
  });

  test("tells nothing after cleaning, keeps how it is turned and every byte that draws it", () => {
    const { bytes, removed } = cleanPicture(photo());
    expect(removed).toEqual(["owner", "place", "serial", "text", "time", "trailer"]);
    expect(readPicture(bytes)).toEqual([]);
    for (const secret of SECRETS) expect(text(bytes)).not.toContain(secret);
    expect(text(bytes)).toContain("Exif\0\0MM");
    expect(text(bytes).endsWith(text(PLAIN.subarray(20)))).toBe(true);
  });

  test("that tells nothing is not changed", () => {
    expect(cleanPicture(PLAIN)).toEqual({ bytes: PLAIN, removed: [] });
  });

  test("cut at any byte is refused, and never called clean", () => {
    const whole = photo();
    for (let end = 0; end < whole.length - (SECRETS.at(-1) ?? "").length; end += 1) expect(() => cleanPicture(whole.slice(0, end))).toThrow(CorncrakeError);
  });

  test("with any byte changed is refused, or clean of what it told", () => {
    const whole = photo();
    for (let at = 0; at < whole.length; at += 1) {
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      try {
        expect(readPicture(cleanPicture(changed).bytes)).toEqual([]);
      } catch (error) {
        if (!(error instanceof CorncrakeError)) throw error;
      }
    }
  });
});

test("what does not begin as a JPEG is none", () => {
  expect(isJpeg(fromHex("89504e47"))).toBe(false);
  expect(isJpeg(new Uint8Array())).toBe(false);
});
