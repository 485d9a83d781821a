// SPDX-License-Identifier: AGPL-3.0-or-later
/** What a report says of a file. */
import { generateFileIdentity } from "@corncrake/core/file_identity";
import { expect, test } from "vitest";
import type { Attached } from "../src/flows/draft";
import { entryOf } from "../src/flows/entries";

test.each([["strip", "photo-2.jpg"], ["partial", "photo-2.jpg"], ["keep", "PXL_20260601_101112.JPG"]] as const)("with '%s' a photo is called %s", (choice, name) => {
  const file = new File(["x"], "PXL_20260601_101112.JPG", { type: "image/jpeg" });
  const telling = { kind: "jpeg", cleanable: true, you: [], event: [] };
  const attached = { key: 1, file, telling, read: 1, choice } as unknown as Attached;
  const { entry } = entryOf(attached, { size: file.size, sha256: "00".repeat(32), removed: [] }, generateFileIdentity(), 2, 2);
  expect(entry.name).toBe(name);
});
