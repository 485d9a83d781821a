// SPDX-License-Identifier: Apache-2.0
/**
 * Films made of ISO boxes: how boxes are walked, and how one that must go is blanked.
 *
 * Rules of this file: no box changes its length, so that every place in the film that another part of it names stays right. What goes becomes a `free` box of
 * zeros. A walk is by a table of rules: a box without a rule goes. How deep it goes follows from the tables, how many boxes there may be from a budget.
 *
 * Source: ISO/IEC 14496-12 §4.2; QuickTime File Format, 'Atoms'.
 */
import { ascii, broken, latin1, Uncleanable, viewOf, type Plan, type Window } from "./plan";

const MAX_BOXES = 1_000_000;
/** Boxes that stand beside each other. */
const MAX_SIDE = 200_000;
const MAX_SAMPLES = 20_000_000;
const FREE = ascii("free");
const TYPE = /^[\x20-\x7e\xa9]{4}$/;

/** One box: its type, where it starts, where its body starts, where it ends. */
export interface Box {
  readonly type: string;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** What is done with a box that may stay. */
export type Rule<Context> = (film: Film, box: Box, context: Context) => Promise<void>;

/** Rules by type of box. */
export type Rules<Context> = Readonly<Record<string, Rule<Context>>>;

/** A film that is being read: its window, its plan, and how many boxes may still be looked at. */
export class Film {
  private left = MAX_BOXES;
  private samples = MAX_SAMPLES;

  constructor(
    readonly window: Window,
    readonly plan: Plan,
  ) {}

  /** The box at a place, which must end at or before `limit`. Undefined when it says of itself that it fills the rest: size 0. */
  async boxAt(at: number, limit: number): Promise<Box | undefined> {
    this.spend();
    const head = viewOf(await this.window.read(at, 8));
    const type = latin1(new Uint8Array(head.buffer, head.byteOffset + 4, 4));
    let size = head.getUint32(0);
    let body = at + 8;
    if (size === 0) return undefined;
    if (size === 1) {
      const large = viewOf(await this.window.read(body, 8));
      size = large.getUint32(0) * 2 ** 32 + large.getUint32(4);
      body += 8;
    }
    if (!Number.isSafeInteger(size) || size < body - at || at + size > limit) throw broken("a box has no sensible length");
    return { type, start: at, body, end: at + size };
  }

  /** Say whether a box of one of these types starts at a place, or any box that ends within the file. What some cameras write behind their films is none. */
  async holdsBox(at: number, types: readonly string[]): Promise<boolean> {
    if (at + 8 > this.window.size) return false;
    const type = latin1(await this.window.read(at + 4, 4));
    const size = await this.u32(at);
    return types.includes(type) || (TYPE.test(type) && (size === 1 || (size >= 8 && at + size <= this.window.size)));
  }

  /** One less may be looked at. @throws FileError `archive` when none may. */
  spend(): void {
    if ((this.left -= 1) < 0) throw broken("it has too many boxes");
  }

  /** So many samples of the film will be looked at. @throws Uncleanable when there are more than anybody films. */
  spendSamples(count: number): void {
    if ((this.samples -= count) < 0) throw new Uncleanable("it has too many samples");
  }

  /** The boxes in a range; and where they end, which is before the range's end when what follows is no box. */
  async boxes(start: number, end: number): Promise<{ found: Box[]; at: number }> {
    const found: Box[] = [];
    let at = start;
    while (at + 8 <= end) {
      const box = await this.boxAt(at, end);
      if (box === undefined) break;
      this.add(found, box);
      at = box.end;
    }
    return { found, at };
  }

  /** Add a box to a list of bounded length. */
  add(found: Box[], box: Box): void {
    if (found.length >= MAX_SIDE) throw broken("it has too many boxes");
    found.push(box);
  }

  /** The first box of a type in a range. */
  async find(start: number, end: number, type: string): Promise<Box | undefined> {
    return (await this.boxes(start, end)).found.find((one) => one.type === type);
  }

  /** Apply rules to the boxes in a range. What has no rule goes; what follows the last box is blanked. */
  async walk<Context>(start: number, end: number, rules: Rules<Context>, context: Context): Promise<void> {
    const { found, at } = await this.boxes(start, end);
    for (const box of found) {
      const rule = Object.hasOwn(rules, box.type) ? rules[box.type] : undefined;
      if (rule !== undefined) await rule(this, box, context);
      else if (await this.free(box)) this.plan.tell("other");
    }
    await this.slack(at, end);
  }

  /** Make a box a `free` box of zeros. Says whether it held anything. */
  async free(box: Box): Promise<boolean> {
    const renamed = !["free", "skip", "wide"].includes(box.type);
    if (renamed) this.plan.replace(box.start + 4, box.start + 8, FREE);
    const blanked = await this.plan.blank(this.window, box.body, box.end);
    return renamed || blanked;
  }

  /** Blank a range that no rule covers. */
  async slack(start: number, end: number): Promise<void> {
    if (start < end && (await this.plan.blank(this.window, start, end))) this.plan.tell("other");
  }

  /** A number of four bytes. */
  async u32(at: number): Promise<number> {
    return viewOf(await this.window.read(at, 4)).getUint32(0);
  }
}

/** A box that stays as it is, if its body has at most `most` bytes; what is beyond is blanked. */
export function upTo(most: number): Rule<unknown> {
  return (film, box) => film.slack(box.body + most, box.end);
}

/** A table: `header` bytes of which the last four count entries of `entry` bytes. */
export function table(header: number, entry: number): Rule<unknown> {
  return async (film, box) => {
    const end = box.body + header + (await film.u32(box.body + header - 4)) * entry;
    if (end > box.end) throw broken("a table is longer than its box");
    await film.slack(end, box.end);
  };
}

/** A box of boxes. */
export function container<Context>(rules: Rules<Context>, header = 0): Rule<Context> {
  return (film, box, context) => film.walk(box.body + header, box.end, rules, context);
}
