// SPDX-License-Identifier: AGPL-3.0-or-later
/** When it is certain that nothing was sent: only if every try ended in a 'no' of the server itself. */
import { afterEach, expect, test, vi } from "vitest";
import { EMPTY_DRAFT } from "../src/flows/draft";
import { Delivery } from "../src/flows/sending";
import type { SendOptions } from "../src/flows/sealing";

vi.mock("../src/worker/entry?worker&url", () => ({ default: "" }));
vi.mock("../src/flows/sealing", async () => {
  const { persist } = await import("../src/flows/persist");
  const { postReport } = await import("../src/transport/server");
  return {
    sealedReport: () => Promise.resolve(new Uint8Array([1])),
    postSealed: (_visit: unknown, sealed: Uint8Array, onWaiting: (waiting: boolean) => void) => persist(() => postReport("legal", 1, sealed), onWaiting),
  };
});

afterEach(() => { vi.unstubAllGlobals(); });

/** Post over a line that gives these answers, one after another; say whether it is uncertain afterwards. */
async function uncertainAfter(...answers: (Response | "broken")[]): Promise<boolean> {
  // The device says at once that the line is back: nothing is waited for.
  const addEventListener = (_name: string, listener: () => void): void => { queueMicrotask(listener); };
  vi.stubGlobal("window", { addEventListener, removeEventListener: () => undefined });
  vi.stubGlobal("fetch", () => {
    const answer = answers.shift();
    return answer === undefined || answer === "broken" ? Promise.reject(new TypeError("line")) : Promise.resolve(answer);
  });
  const options = { visit: { desk: { id: "legal" }, epoch: 1 }, draft: EMPTY_DRAFT } as unknown as SendOptions;
  const delivery = await Delivery.prepare(options, () => undefined);
  await expect(delivery.run(() => undefined)).rejects.toThrow();
  return delivery.uncertain;
}

const no = (status: number, body: string): Response => new Response(body, { status });

test("a 'no' of the server itself is certain", async () => {
  expect(await uncertainAfter(no(413, '{"failure":"size"}'))).toBe(false);
});

test("a 'no' after a try that broke is not certain: the first may have arrived", async () => {
  expect(await uncertainAfter("broken", no(409, '{"failure":"epoch"}'))).toBe(true);
});

test("a 'no' of something between the page and the server is not certain", async () => {
  expect(await uncertainAfter(no(403, "<html>blocked</html>"))).toBe(true);
});

test("an error of the server is not certain: it may have kept the report and failed then", async () => {
  expect(await uncertainAfter(no(501, '{"failure":"store"}'))).toBe(true);
});
