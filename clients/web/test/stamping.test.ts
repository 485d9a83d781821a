// SPDX-License-Identifier: AGPL-3.0-or-later
/** When the page works for a busy server, and when it does not. */
import { parseStamp, zeroBits } from "@corncrake/core/stamp";
import { beforeEach, expect, test, vi } from "vitest";
import type { Visit } from "../src/flows/visit";
import { RefusedError } from "../src/transport/server";
import type { Command, Question } from "../src/worker/orders";
import { searchStamp } from "../src/worker/stamping";

const { clock, orders, stopper } = vi.hoisted(() => ({ clock: { day: "2026-11-25" }, orders: [] as string[], stopper: { stopped: false } }));

vi.mock("../src/flows/visit", () => ({ dayNow: () => clock.day }));
vi.mock("../src/flows/worker", () => ({
  ask: (question: Extract<Question, { ask: "stamp" }>, tell: (tried: number) => void) => searchStamp(question.place, question.bits, stopper, tell),
  command: ({ order }: Command) => {
    orders.push(order);
    stopper.stopped = true;
  },
}));

const { hearStamps, skipStamps, Stamping } = await import("../src/flows/stamping");

const ORIGIN = "https://report.example.org";
const CHARTER = "ab".repeat(32);
const SEALED = new Uint8Array([1, 2, 3]);

function visitOf(stamps: readonly number[] | undefined): Visit {
  return { charter: { charter: { origin: ORIGIN, stamps }, sha256: CHARTER } } as unknown as Visit;
}

function busy(step?: number): RefusedError {
  return new RefusedError(503, "store", undefined, step);
}

/** Answers one after another; what was sent with each. */
function server(...answers: (Error | string)[]): { stamps: (string | undefined)[]; send: (stamp: string | undefined) => Promise<string> } {
  const stamps: (string | undefined)[] = [];
  const send = (stamp: string | undefined): Promise<string> => {
    stamps.push(stamp);
    const answer = answers.shift() ?? "no answer is left";
    return typeof answer === "string" ? Promise.resolve(answer) : Promise.reject(answer);
  };
  return { stamps, send };
}

beforeEach(() => {
  clock.day = "2026-11-25";
  orders.length = 0;
  stopper.stopped = false;
  hearStamps(() => undefined);
});

test("a server that takes the report gets no stamp", async () => {
  const { stamps, send } = server("receipt");
  expect(await new Stamping(visitOf([4, 6, 8]), SEALED).post(send)).toBe("receipt");
  expect(stamps).toEqual([undefined]);
});

test("a busy server gets the step that it asked for, and a higher one when that is not enough", async () => {
  const { stamps, send } = server(busy(1), busy(3), "receipt");
  const heard: (number | undefined)[] = [];
  hearStamps((share) => { heard.push(share); });
  expect(await new Stamping(visitOf([4, 6, 16]), SEALED).post(send)).toBe("receipt");
  const bits = stamps.slice(1).map((text) => zeroBits(parseStamp(text ?? ""), ORIGIN, CHARTER));
  expect(bits[0]).toBeGreaterThanOrEqual(4);
  expect(bits[1]).toBeGreaterThanOrEqual(16);
  expect(heard[0]).toBe(0);
  expect(heard.at(-1)).toBeUndefined();
});

test("what was paid is not paid again: the refusal is told, and the same stamp goes at the next try", async () => {
  const { stamps, send } = server(busy(1), busy(1), "receipt");
  const stamping = new Stamping(visitOf([4, 6, 8]), SEALED);
  await expect(stamping.post(send)).rejects.toBeInstanceOf(RefusedError);
  expect(await stamping.post(send)).toBe("receipt");
  expect(stamps[2]).toBe(stamps[1]);
});

test("a stamp whose day has gone by is made anew, and not before", async () => {
  const { stamps, send } = server(busy(2), busy(2), busy(2), busy(1), "receipt");
  const stamping = new Stamping(visitOf([4, 6, 8]), SEALED);
  await expect(stamping.post(send)).rejects.toBeInstanceOf(RefusedError);
  clock.day = "2026-11-26";
  await expect(stamping.post(send)).rejects.toBeInstanceOf(RefusedError);
  clock.day = "2026-11-27";
  expect(await stamping.post(send)).toBe("receipt");
  expect(stamps.map((text) => text?.slice(0, 10))).toEqual([undefined, "2026-11-25", "2026-11-25", "2026-11-25", "2026-11-27"]);
});

test("no work is done where the charter has no steps or the server names none", async () => {
  for (const [stamps, answer] of [[undefined, busy(1)], [[4, 6, 8], busy()], [[4, 6, 8], new RefusedError(400, "size")]] as const) {
    const { stamps: sent, send } = server(answer);
    await expect(new Stamping(visitOf(stamps), SEALED).post(send)).rejects.toBe(answer);
    expect(sent).toEqual([undefined]);
  }
});

test("work that the person waves away ends, and is not begun again for this report", async () => {
  const { stamps, send } = server(busy(1), busy(2), "receipt");
  const stamping = new Stamping(visitOf([250, 251, 252]), SEALED);
  hearStamps((share) => { if (share !== undefined && share >= 0) skipStamps(); });
  await expect(stamping.post(send)).rejects.toBeInstanceOf(RefusedError);
  await expect(stamping.post(send)).rejects.toBeInstanceOf(RefusedError);
  expect(await stamping.post(send)).toBe("receipt");
  expect(new Set(orders)).toEqual(new Set(["stop-stamp"]));
  expect(stamps).toEqual([undefined, undefined, undefined]);
});
