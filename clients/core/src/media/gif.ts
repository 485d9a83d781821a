// SPDX-License-Identifier: Apache-2.0
/**
 * GIF pictures, moving ones too.
 *
 * Rules of this file: an allow-list. Of extensions, only the timing of frames and the number of repetitions stay.
 *
 * Source: GIF89a §17 to §27; the Netscape extension for repetitions.
 */
import { ascii, broken, latin1, same, type Plan, type Window } from "./plan";
import { tellText } from "./text";

const MAX_BLOCKS = 100_000;
/** Of one frame. Writers fill them: 255 bytes each. */
const MAX_SUB_BLOCKS = 2_000_000;
const COMMENT = 0xfe;
const PLAIN_TEXT = 0x01;
const APPLICATION = 0xff;
const CONTROL = 0xf9;
const REPEAT = ascii("\x21\xff\x0bNETSCAPE2.0\x03\x01");

/** The end of a colour table whose flags stand in `flags`. */
function tableLength(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

/** The place after a run of sub-blocks that starts at `at`. */
async function subBlocksEnd(window: Window, at: number): Promise<number> {
  let place = at;
  for (let count = 0; ; count += 1) {
    if (count > MAX_SUB_BLOCKS) throw broken("it has too many blocks");
    const length = (await window.read(place, 1))[0] ?? 0;
    place += 1 + length;
    if (length === 0) return place;
  }
}

async function planExtension(window: Window, plan: Plan, at: number, once: Set<number>): Promise<number> {
  const label = (await window.read(at + 1, 1))[0] ?? 0;
  const end = await subBlocksEnd(window, at + 2);
  const raw = (await window.read(at, Math.min(end - at, 65_536))).slice();
  if (label === CONTROL && end - at === 8 && raw[2] === 4) return end;
  const repeats = label === APPLICATION && end - at === 19 && same(raw.subarray(0, 16), REPEAT);
  if (repeats && !once.has(label)) {
    once.add(label);
    return end;
  }
  if (label === COMMENT) plan.tell("text", latin1(raw.subarray(3, 3 + (raw[2] ?? 0))));
  else if (label === PLAIN_TEXT) plan.tell("text");
  else if (label === APPLICATION) tellText(plan, raw);
  else plan.tell("other");
  plan.remove(at, end);
  return end;
}

/** Plan the cleaning of a GIF picture. @throws FileError `archive` when it is not whole. */
export async function planGif(window: Window, plan: Plan): Promise<void> {
  const once = new Set<number>();
  let at = 13 + tableLength((await window.read(10, 1))[0] ?? 0);
  let drawn = false;
  for (let count = 0; ; count += 1) {
    if (count > MAX_BLOCKS) throw broken("it has too many blocks");
    const kind = (await window.read(at, 1))[0] ?? 0;
    if (kind === 0x3b) break;
    if (kind === 0x21) at = await planExtension(window, plan, at, once);
    else if (kind === 0x2c) {
      const flags = (await window.read(at + 9, 1))[0] ?? 0;
      at = await subBlocksEnd(window, at + 11 + tableLength(flags));
      drawn = true;
    } else throw broken("a block does not start where it must");
  }
  if (!drawn) throw broken("it holds no picture");
  if (at + 1 < window.size) {
    plan.tell("trailer");
    plan.remove(at + 1, window.size);
  }
}
