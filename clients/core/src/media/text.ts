// SPDX-License-Identifier: Apache-2.0
/**
 * Blocks of text inside files (XMP, comments): what they tell, as far as a person needs to be told.
 *
 * Rules of this file: it never decides what stays. Such blocks always go; this says what went.
 */
import { latin1, type Plan } from "./plan";
import type { Tell } from "./source";

const WORDS: readonly (readonly [RegExp, Tell])[] = [
  [/GPSL|Location|City|Country/, "place"],
  [/GPSImgDirection/, "direction"],
  [/CreateDate|DateTime|DateCreated|ModifyDate|CreationDate/, "time"],
  [/creator>|Artist|OwnerName|author|Author/, "owner"],
  [/SerialNumber|UniqueID|DocumentID/, "serial"],
  [/CreatorTool|Software|softwareAgent|Producer/, "software"],
  [/tiff:Make|tiff:Model|Lens/, "device"],
  [/description>|title>|Caption|UserComment|subject>/, "text"],
  [/Thumbnail/, "thumbnail"],
];

/** Tell a plan what a block of text that goes seems to say; `other` when nothing of it is known. */
export function tellText(plan: Plan, bytes: Uint8Array): void {
  const text = latin1(bytes.subarray(0, 65_536));
  const found = WORDS.filter(([pattern]) => pattern.test(text));
  for (const [, tell] of found) plan.tell(tell);
  if (found.length === 0) plan.tell("other");
}
