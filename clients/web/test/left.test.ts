// SPDX-License-Identifier: AGPL-3.0-or-later
/** What is said to have left, when something was tried more than once. */
import { expect, test } from "vitest";
import { after, leftBy, NO_TRIES, type Left, type Outcome } from "../src/flows/left";

function leftAfter(...outcomes: Outcome[]): Left {
  return leftBy(outcomes.reduce(after, NO_TRIES));
}

test("a first try that is refused for certain has left nothing", () => {
  expect(leftAfter("begun", "refused")).toBe("nothing");
});

test("a try that is refused for certain does not undo that an earlier one may have arrived", () => {
  expect(leftAfter("begun", "begun", "refused")).toBe("perhaps");
});

test("what has arrived stays there, whatever becomes of another try", () => {
  expect(leftAfter("begun", "arrived", "begun", "refused")).toBe("report");
});
