// SPDX-License-Identifier: AGPL-3.0-or-later
/** When a report is sealed anew, and what stays the same in it. */
import { beforeEach, expect, test, vi } from "vitest";
import { EMPTY_DRAFT } from "../src/flows/draft";
import { DeskChanged, Posting } from "../src/flows/posting";
import type { SendOptions } from "../src/flows/sealing";
import type { Visit } from "../src/flows/visit";
import { LineError, RefusedError } from "../src/transport/server";

const { sealed, posted, answers, papers } = vi.hoisted(() => ({
  sealed: [] as { message: string; epoch: number }[],
  posted: [] as number[],
  answers: [] as (Error | "broken-once" | undefined)[],
  papers: { now: {} },
}));

vi.mock("../src/flows/visit", () => ({ loadVisit: () => Promise.resolve(papers.now) }));
vi.mock("../src/flows/sealing", () => ({
  sealedReport: ({ visit }: SendOptions, message: string) => {
    sealed.push({ message, epoch: visit.epoch });
    return Promise.resolve(new Uint8Array([visit.epoch]));
  },
  postSealed: (_visit: Visit, [epoch = 0]: Uint8Array, onWaiting: (waiting: boolean) => void) => {
    posted.push(epoch);
    const answer = answers.shift();
    if (answer === "broken-once") {
      onWaiting(true);
      return Promise.reject(TOO_OLD);
    }
    return answer === undefined ? Promise.resolve() : Promise.reject(answer);
  },
}));

const TOO_OLD = new RefusedError(409, "epoch");

function visitOf(epoch: number, readers = 2, reviewers = "ana bo"): Visit {
  return { epoch, desk: { id: "legal", reviewers }, chosen: { recipients: Array.from({ length: readers }) } } as unknown as Visit;
}

async function prepared(): Promise<{ posting: Posting; visits: Visit[] }> {
  const visits: Visit[] = [];
  const options = { visit: visitOf(1), draft: EMPTY_DRAFT, onVisit: (visit: Visit) => { visits.push(visit); } } as unknown as SendOptions;
  return { posting: await Posting.prepare(options, []), visits };
}

beforeEach(() => {
  for (const list of [sealed, posted, answers]) list.length = 0;
  papers.now = visitOf(2);
});

test("a report whose week is over is sealed once more, to the next week and as the same message, and the page is told", async () => {
  const { posting, visits } = await prepared();
  answers.push(TOO_OLD);
  await posting.post(() => undefined);
  expect(posted).toEqual([1, 2]);
  expect(sealed.map((one) => one.epoch)).toEqual([1, 2]);
  expect(new Set(sealed.map((one) => one.message)).size).toBe(1);
  expect(visits).toEqual([papers.now]);
  expect(posting.report.epoch).toBe(2);
});

test("it is sealed once more and not again and again", async () => {
  const { posting } = await prepared();
  answers.push(TOO_OLD, TOO_OLD);
  await expect(posting.post(() => undefined)).rejects.toBe(TOO_OLD);
  expect(posted).toEqual([1, 2]);
});

test("a report that may have arrived is not sealed anew", async () => {
  const { posting } = await prepared();
  answers.push("broken-once");
  await expect(posting.post(() => undefined)).rejects.toBe(TOO_OLD);
  answers.push(new LineError(), TOO_OLD);
  await expect(posting.post(() => undefined)).rejects.toThrow(LineError);
  await expect(posting.post(() => undefined)).rejects.toBe(TOO_OLD);
  expect(sealed).toHaveLength(1);
});

test("where the papers are still those of the same week, nothing is sealed", async () => {
  const { posting } = await prepared();
  papers.now = visitOf(1);
  answers.push(TOO_OLD);
  await expect(posting.post(() => undefined)).rejects.toBe(TOO_OLD);
  expect(sealed).toHaveLength(1);
});

test("nothing is sealed to more people than before, or to others", async () => {
  for (const changed of [visitOf(2, 3), visitOf(2, 2, "ana cyd")]) {
    const { posting } = await prepared();
    papers.now = changed;
    answers.push(TOO_OLD);
    await expect(posting.post(() => undefined)).rejects.toThrow(DeskChanged);
  }
  expect(sealed.map((one) => one.epoch)).toEqual([1, 1]);
});
