// SPDX-License-Identifier: AGPL-3.0-or-later
/** Between the report and the first frame. */
import { expect, test, vi } from "vitest";
import { Recording, type RecordOptions } from "../src/flows/recording";

vi.mock("../src/flows/sealing", () => ({ sealedReport: () => Promise.resolve(new Uint8Array([1])), postSealed: () => Promise.resolve() }));

test("a camera that went away while the report left is let go of, and the report is said to be there", async () => {
  let stopped = 0;
  const tracks = [{ readyState: "live", stop: () => { stopped += 1; } }, { readyState: "ended", stop: () => { stopped += 1; } }];
  const options = { format: { type: "video/webm", ending: "webm" }, take: 1 } as unknown as RecordOptions;
  const stream = { getTracks: () => tracks } as unknown as MediaStream;
  const recording = await Recording.prepare(options, stream, () => undefined, () => undefined);
  expect(await recording.announce(() => undefined)).toBe(true);
  expect(() => { recording.record(); }).toThrow("gone");
  expect(stopped).toBe(2);
});
