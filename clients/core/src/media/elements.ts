// SPDX-License-Identifier: Apache-2.0
/**
 * Films made of EBML elements: how elements are walked, and how one that must go is blanked.
 *
 * Rules of this file: no element changes its length; what goes becomes a `Void` of zeros. A walk is by a table of rules: an element without a rule goes.
 *
 * Source: RFC 8794 §4 to §6, §11.3.
 */
import { broken, type Plan, type Window } from "./plan";

const VOID = 0xec;
const CHECKSUM = 0xbf;
const MAX_ELEMENTS = 4_000_000;

/** One element: its id, where it starts, where its body starts and ends; `open` when it does not say how long it is. */
export interface Element {
  readonly id: number;
  readonly start: number;
  readonly body: number;
  readonly end: number;
  readonly open: boolean;
}

/** What is done with an element that may stay. */
export type Rule<Context> = (film: Elements, element: Element, context: Context) => Promise<void>;

/** Rules by id. */
export type Rules<Context> = ReadonlyMap<number, Rule<Context>>;

/** A film that is being read: its window, its plan, and how many elements may still be looked at. */
export class Elements {
  private left = MAX_ELEMENTS;

  constructor(
    readonly window: Window,
    readonly plan: Plan,
  ) {}

  /** The element at a place, which must end at or before `limit`. */
  async at(at: number, limit: number): Promise<Element> {
    if ((this.left -= 1) < 0) throw broken("it has too many elements");
    const head = await this.window.read(at, Math.min(12, limit - at));
    const idLength = Math.clz32(head[0] ?? 0) - 23;
    const sizeLength = Math.clz32(head[idLength] ?? 0) - 23;
    if (idLength > 4 || sizeLength > 8 || idLength + sizeLength > head.length) throw broken("an element has no sensible length");
    let id = 0;
    for (let index = 0; index < idLength; index += 1) id = id * 256 + (head[index] ?? 0);
    let size = (head[idLength] ?? 0) & (0xff >> sizeLength);
    let open = size === 0xff >> sizeLength;
    for (let index = 1; index < sizeLength; index += 1) {
      size = size * 256 + (head[idLength + index] ?? 0);
      open &&= head[idLength + index] === 0xff;
    }
    const body = at + idLength + sizeLength;
    if (open) return { id, start: at, body, end: limit, open };
    if (!Number.isSafeInteger(size) || body + size > limit) throw broken("an element has no sensible length");
    return { id, start: at, body, end: body + size, open };
  }

  /** The elements in a range, which they must fill. */
  async *each(start: number, end: number): AsyncGenerator<Element> {
    for (let at = start; at < end; ) {
      const element = await this.at(at, end);
      if (element.open) throw broken("an element has no sensible length");
      yield element;
      at = element.end;
    }
  }

  /** Apply rules to the elements in a range; what has no rule goes. */
  async walk<Context>(start: number, end: number, rules: Rules<Context>, context: Context): Promise<void> {
    for await (const element of this.each(start, end)) {
      const rule = rules.get(element.id);
      if (rule !== undefined) await rule(this, element, context);
      else if (await this.free(element)) this.plan.tell("other");
    }
  }

  /** Make an element a `Void` of zeros. Says whether it held anything: a checksum, which changes make wrong, does not count. */
  async free(element: Element): Promise<boolean> {
    if (element.open) throw broken("an element has no sensible length");
    if (element.id === VOID) return this.plan.blank(this.window, element.body, element.end);
    const length = element.end - element.start;
    const short = length - 2 <= 126;
    const head = new Uint8Array(short ? 2 : 9);
    head[0] = VOID;
    if (short) head[1] = 0x80 | (length - 2);
    else {
      head[1] = 0x01;
      for (let left = length - 9, index = 8; index > 1; index -= 1, left = Math.floor(left / 256)) head[index] = left % 256;
    }
    this.plan.replace(element.start, element.start + head.length, head);
    await this.plan.blank(this.window, element.start + head.length, element.end);
    return element.id !== CHECKSUM;
  }

  /** An unsigned number, of at most 8 bytes. */
  async number(element: Element): Promise<number> {
    if (element.end - element.body > 8) throw broken("a number is too long");
    return (await this.window.read(element.body, element.end - element.body)).reduce((sum, byte) => sum * 256 + byte, 0);
  }
}

/** An element that stays as it is, if its body has at most `most` bytes; else it goes. */
export function upTo(most: number): Rule<unknown> {
  return async (film, element) => {
    if (element.end - element.body > most && (await film.free(element))) film.plan.tell("other");
  };
}

/** An element of elements. */
export function container<Context>(rules: Rules<Context>): Rule<Context> {
  return (film, element, context) => film.walk(element.body, element.end, rules, context);
}

/** Rules for elements that stay as they are, up to a length. */
export function plain(most: number, ...ids: number[]): [number, Rule<unknown>][] {
  return ids.map((id) => [id, upTo(most)]);
}
