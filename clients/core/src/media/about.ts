// SPDX-License-Identifier: Apache-2.0
/**
 * HEIC and PDF: what is easy to tell of files that are sent as they are.
 *
 * Rules of this file: it looks into the first and the last bytes, and never says that there is nothing: such a file may say more than is told here.
 *
 * Source: ISO/IEC 23008-12 annex A.2 (Exif items); ISO 32000-2 §14.3 (information, XMP).
 */
import { readExif } from "./exif";
import { latin1, type Plan, type Window } from "./plan";
import type { Tell } from "./source";
import { tellText } from "./text";

const LOOK = 4_194_304;
const MAX_BLOCK = 65_536;
const EXIF = /Exif\0\0(?=II\*\0|MM\0\*)/;
const XMP = /<x:xmpmeta/;
const ENTRIES: readonly (readonly [RegExp, Tell])[] = [
  [/\/Author\s*\(((?:[^()\\]|\\.){1,200})\)/, "names"],
  [/\/Creator\s*\(((?:[^()\\]|\\.){1,200})\)/, "software"],
  [/\/Producer\s*\(((?:[^()\\]|\\.){1,200})\)/, "software"],
  [/\/Title\s*\(((?:[^()\\]|\\.){1,200})\)/, "text"],
  [/\/CreationDate\s*\(((?:[^()\\]|\\.){1,200})\)/, "time"],
];

/** The first bytes, and the last where they are others. */
async function ends(window: Window): Promise<Uint8Array[]> {
  const first = (await window.read(0, Math.min(LOOK, window.size))).slice();
  const rest = Math.min(LOOK, window.size - first.length);
  return rest > 0 ? [first, (await window.read(window.size - rest, rest)).slice()] : [first];
}

function tellXmp(plan: Plan, bytes: Uint8Array, text: string): void {
  const at = XMP.exec(text)?.index;
  if (at !== undefined) tellText(plan, bytes.subarray(at, at + MAX_BLOCK));
}

/** Tell what a HEIC picture says. */
export async function tellHeic(window: Window, plan: Plan): Promise<void> {
  for (const bytes of await ends(window)) {
    const text = latin1(bytes);
    const found = EXIF.exec(text);
    if (found !== null) readExif(bytes.subarray(found.index + 6, found.index + 6 + MAX_BLOCK), plan);
    tellXmp(plan, bytes, text);
  }
}

/** Tell what a PDF document says. */
export async function tellPdf(window: Window, plan: Plan): Promise<void> {
  for (const bytes of await ends(window)) {
    const text = latin1(bytes);
    for (const [pattern, tell] of ENTRIES) {
      const said = pattern.exec(text)?.[1];
      // Text of sixteen bits begins with a mark: it is told, not shown.
      if (said !== undefined) plan.tell(tell, said.startsWith("\xfe\xff") ? "" : said);
    }
    tellXmp(plan, bytes, text);
  }
}
