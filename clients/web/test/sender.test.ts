// SPDX-License-Identifier: AGPL-3.0-or-later
/** Bringing blocks over a server that fails for a while. */
import { expect, test, vi } from "vitest";
import { LineError, RefusedError } from "../src/transport/server";
import type { BlocksProgress } from "../src/worker/orders";
import { Load } from "../src/worker/parts";
import { Sender } from "../src/worker/sender";

const answers: Error[] = [];
vi.mock("../src/transport/blocks", () => ({
  hasBlock: () => Promise.resolve(false),
  putBlock: () => {
    const answer = answers.shift();
    return answer === undefined ? Promise.resolve() : Promise.reject(answer);
  },
}));

/** Send one block of an earlier visit; the server gives these answers first. Return what was told last, in time that the test lets pass. */
async function sent(...first: Error[]): Promise<BlocksProgress | undefined> {
  vi.useFakeTimers();
  try {
    answers.splice(0, answers.length, ...first);
    let told: BlocksProgress | undefined;
    const room = { readBlock: () => Promise.resolve(new Uint8Array(3)), dropBlock: () => Promise.resolve(), tidy: () => Promise.resolve() };
    const sender = new Sender(Load.ofLeftover([{ id: "ab".repeat(16), size: 3 }]), (progress) => { told = progress; }, () => Promise.resolve(room as never));
    sender.goOn();
    await vi.advanceTimersByTimeAsync(600_000);
    return told;
  } finally {
    vi.useRealTimers();
  }
}

test.each([408, 429, 500, 502, 503, 507])("an answer %i that names no time is waited for, as a broken line is", async (status) => {
  expect(await sent(new RefusedError(status, String(status)), new LineError("x"))).toMatchObject({ finished: true, refused: undefined });
});

test("any other 'no' stops it until somebody says so", async () => {
  expect(await sent(new RefusedError(413, "size"))).toMatchObject({ finished: false, refused: { status: 413, failure: "size" } });
});
