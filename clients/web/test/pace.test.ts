// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * How long it will still take, as far as that can be known.
 *
 * Rules of this file: the clock is the test's own, in milliseconds.
 */
import { expect, test } from "vitest";
import { Pace } from "../src/worker/pace";

/** A pace at which so many bytes have arrived in every second from 1 to `seconds`. */
function steady(bytes: number, seconds: number): Pace {
  const pace = new Pace();
  pace.begin(0);
  for (let second = 1; second <= seconds; second += 1) pace.arrived(bytes, second * 1_000);
  return pace;
}

test("nothing is said before anything has arrived", () => {
  expect(new Pace().secondsLeft(1_000, 10_000)).toBeUndefined();
});

test("nothing is said from two arrivals, however long they took", () => {
  expect(steady(100, 2).secondsLeft(1_000, 50_000)).toBeUndefined();
});

test("nothing is said in the first five seconds, however much has arrived", () => {
  expect(steady(100, 4).secondsLeft(1_000, 4_999)).toBeUndefined();
  expect(steady(100, 5).secondsLeft(1_000, 5_000)).toBe(10);
});

test("at a steady pace the rest takes as long as its bytes say", () => {
  expect(steady(500, 10).secondsLeft(5_000, 10_000)).toBe(10);
});

test("only the last minute counts", () => {
  const pace = steady(1_000, 60);
  for (let second = 61; second <= 120; second += 1) pace.arrived(10, second * 1_000);
  expect(pace.secondsLeft(100, 120_000)).toBe(10);
});

test("while nothing arrives it takes longer and longer, then nothing is said", () => {
  const pace = steady(100, 10);
  const soon = pace.secondsLeft(1_000, 10_000) ?? Infinity;
  expect(pace.secondsLeft(1_000, 20_000)).toBe(2 * soon);
  expect(pace.secondsLeft(1_000, 90_000)).toBeUndefined();
});

test("after a stop it is measured anew", () => {
  const pace = steady(100, 10);
  pace.begin(10_000);
  expect(pace.secondsLeft(1_000, 16_000)).toBeUndefined();
  for (let second = 11; second <= 16; second += 1) pace.arrived(1_000, second * 1_000);
  expect(pace.secondsLeft(1_000, 16_000)).toBe(1);
});
