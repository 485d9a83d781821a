// SPDX-License-Identifier: AGPL-3.0-or-later
/** How long the page waits for an answer: a slow line is no broken one, a line on which nothing moves is, and no answer may go on for ever. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fetchTile, LineError, postReport } from "../src/transport/server";

const PIECE = 7_819;
const PIECES = 64;
const asked: { aborted: boolean }[] = [];

/** A server that begins to answer at once, and sends so many pieces, one every so many seconds; it stands still then, where that is not all. */
function trickling(pieces: number, seconds: number): typeof fetch {
  return ((_path: string, { signal }: { signal: AbortSignal }) => {
    const state = { aborted: false };
    asked.push(state);
    let left = pieces;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        signal.addEventListener("abort", () => {
          state.aborted = true;
          controller.error(signal.reason);
        });
      },
      pull: async (controller) => {
        await new Promise((resolve) => { setTimeout(resolve, seconds * 1_000); });
        if (state.aborted) return;
        if (left > 0) controller.enqueue(new Uint8Array(PIECE));
        left -= 1;
        if (left === 0 && pieces === PIECES) controller.close();
        if (left < 0) await new Promise(() => undefined);
      },
    }, { highWaterMark: 0 });
    return Promise.resolve(new Response(body));
  }) as typeof fetch;
}

/** A server that signs for a report so many seconds after it was begun to be sent: that long it is on its way. */
function answering(seconds: number): typeof fetch {
  return ((_path: string, { signal }: { signal: AbortSignal }) => new Promise((resolve, reject) => {
    setTimeout(() => { resolve(new Response("signed")); }, seconds * 1_000);
    signal.addEventListener("abort", () => { reject(signal.reason as Error); });
  })) as typeof fetch;
}

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("replies that come slowly but steadily are waited for", async () => {
  vi.stubGlobal("fetch", trickling(PIECES, 5));
  const coming = fetchTile("legal", "ana", 1, 0, PIECE * PIECES);
  await vi.advanceTimersByTimeAsync(PIECES * 5_000);
  expect((await coming).length).toBe(PIECE * PIECES);
  expect(vi.getTimerCount()).toBe(0);
});

test("an answer of which nothing comes any more is given up after a minute", async () => {
  vi.stubGlobal("fetch", trickling(2, 5));
  const coming = expect(fetchTile("legal", "ana", 1, 0, PIECE * PIECES)).rejects.toThrow(LineError);
  await vi.advanceTimersByTimeAsync(71_000);
  await coming;
  expect(asked).toEqual([{ aborted: true }]);
});

test("an answer that trickles for ever is given up after ten minutes", async () => {
  vi.stubGlobal("fetch", trickling(PIECES - 1, 30));
  const coming = expect(fetchTile("legal", "ana", 1, 0, PIECE * PIECES)).rejects.toThrow(LineError);
  await vi.advanceTimersByTimeAsync(601_000);
  await coming;
  expect(asked).toEqual([{ aborted: true }]);
});

test("a large report has the time that it takes on a slow line", async () => {
  vi.stubGlobal("fetch", answering(200));
  const coming = postReport("legal", 1, new Uint8Array(283_000));
  await vi.advanceTimersByTimeAsync(200_000);
  expect((await coming).length).toBe("signed".length);
  expect(vi.getTimerCount()).toBe(0);
});

test("a report that nobody answers is given up", async () => {
  vi.stubGlobal("fetch", answering(2_000));
  const coming = expect(postReport("legal", 1, new Uint8Array(14_000))).rejects.toThrow(LineError);
  await vi.advanceTimersByTimeAsync(75_000);
  await coming;
});
