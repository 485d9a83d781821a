// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * How many blocks leave at once.
 *
 * Rules of this file: what is measured is how many a fresh road takes when as many as may leave do leave.
 */
import { BLOCK_CLASS, LARGE_BLOCK_CLASS, wireSize } from "@corncrake/core/padding";
import { expect, test } from "vitest";
import { Lanes } from "../src/worker/lanes";

const SMALL = wireSize(1, BLOCK_CLASS);
const LARGE = wireSize(1, LARGE_BLOCK_CLASS);

/** How many blocks of a size may be on their way at once. */
function taken(lanes: Lanes, size: number): number {
  let count = 0;
  while (lanes.allow(count, count * size, size)) count += 1;
  return count;
}

function arrive(lanes: Lanes, count: number): void {
  for (let number = 0; number < count; number += 1) lanes.arrived();
}

test("it begins with two", () => {
  expect(taken(new Lanes(), SMALL)).toBe(2);
});

test("it widens by one for each full round, to six and no further", () => {
  const lanes = new Lanes();
  arrive(lanes, 2);
  expect(taken(lanes, SMALL)).toBe(2);
  arrive(lanes, 1);
  expect(taken(lanes, SMALL)).toBe(3);
  arrive(lanes, 1_000);
  expect(taken(lanes, SMALL)).toBe(6);
});

test("what breaks halves it, and one always may leave", () => {
  const lanes = new Lanes();
  arrive(lanes, 1_000);
  lanes.broke();
  expect(taken(lanes, SMALL)).toBe(3);
  for (let number = 0; number < 10; number += 1) lanes.broke();
  expect(taken(lanes, SMALL)).toBe(1);
});

test("a road that broke widens again", () => {
  const lanes = new Lanes();
  for (let number = 0; number < 10; number += 1) lanes.broke();
  arrive(lanes, 1);
  expect(taken(lanes, SMALL)).toBe(2);
});

test("however wide it is, two large blocks are on their way at most", () => {
  const lanes = new Lanes();
  arrive(lanes, 1_000);
  expect(taken(lanes, LARGE)).toBe(2);
});

test("a block larger than all that is spared leaves when it is alone, and only then", () => {
  const lanes = new Lanes();
  expect(lanes.allow(0, 0, 1 << 30)).toBe(true);
  expect(lanes.allow(1, SMALL, 1 << 30)).toBe(false);
});
