// SPDX-License-Identifier: AGPL-3.0-or-later
/** What is said of files at the end. */
import { expect, test } from "vitest";
import { notWhole, type FileOnTheWay } from "../src/flows/sending";

const file = (key: number, state: FileOnTheWay["state"]): FileOnTheWay => ({ key, name: `${state}.bin`, size: 10, sent: 10, state });

test("a file that was taken out, or that cannot be read any more, is not said to be there", () => {
  const files = [file(1, "there"), file(2, "out"), file(3, "unreadable"), file(4, "going")];
  expect(notWhole(files).map((one) => one.name)).toEqual(["out.bin", "unreadable.bin", "going.bin"]);
  expect(notWhole([file(1, "there")])).toEqual([]);
});
