// SPDX-License-Identifier: Apache-2.0
/**
 * The codename: 128 bits that a reporter keeps as twelve words, and the keys that follow from them.
 *
 * Rules of this file: entropy, not words, goes into the derivation, so that the same codename may be shown in any language. Word lists are passed in, so that a page
 * loads only the one it shows. Words are compared in NFKD; case and accents are ignored where that leaves no doubt.
 *
 * Source: crypto/spec/codename.md; BIP 39; RFC 5869.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Failure, UsageError } from "./errors";
import { utf8 } from "./platform";
import { randomBytes, type RandomSource } from "./randomness";

const ENTROPY_LENGTH = 16;
const WORD_COUNT = 12;
const WORD_BITS = 11;
const ROOT_LENGTH = 32;
// White_Space of Unicode, and the byte order mark, with which files begin.
const SPACE = /[\s\x85]+/u;

/** What keys are derived for. */
export type Purpose = "reply-identity" | "thread-signing" | "reply-tag";

/** Some words are in no list: `positions` says where they stand, from 1; empty when their number is wrong. */
export class WordError extends UsageError {
  constructor(
    readonly positions: readonly number[],
    detail: string,
  ) {
    super(Failure.WORD, detail);
  }
}

function normal(word: string): string {
  return word.trim().toLowerCase().normalize("NFKD");
}

function plain(word: string): string {
  return normal(word).replace(/\p{M}/gu, "");
}

/** Map what may be typed to places in the list: each word, and its plain form where that is the plain form of one word only. */
function lookUp(words: readonly string[]): Map<string, number> {
  const table = new Map<string, number>();
  const doubled = new Set<string>();
  words.forEach((word, index) => {
    const form = plain(word);
    if (table.has(form)) doubled.add(form);
    table.set(form, index);
  });
  for (const form of doubled) table.delete(form);
  words.forEach((word, index) => table.set(word.normalize("NFKD"), index));
  return table;
}

/**
 * Return the words of a list that begin with `prefix`, in the order of the list; case and accents are ignored. Nothing typed, nothing returned.
 *
 * Source: crypto/spec/codename.md §3.
 */
export function complete(prefix: string, words: readonly string[]): string[] {
  const start = plain(prefix);
  return start === "" ? [] : words.filter((word) => plain(word).startsWith(start));
}

/** One reporter's secret at one desk or several. */
export class Codename {
  readonly #entropy: Uint8Array;

  private constructor(entropy: Uint8Array) {
    this.#entropy = entropy.slice();
  }

  /**
   * Return the codename of these 16 bytes.
   *
   * @throws UsageError `misuse`, for another length.
   */
  static fromEntropy(entropy: Uint8Array): Codename {
    if (entropy.length !== ENTROPY_LENGTH) throw new UsageError(Failure.MISUSE, "a codename has 16 bytes");
    return new Codename(entropy);
  }

  /** Return a new codename. */
  static generate(random: RandomSource = randomBytes): Codename {
    return new Codename(random(ENTROPY_LENGTH));
  }

  /**
   * Return the codename of twelve words as a person typed them: any case, any space, accents or not.
   *
   * @param text the words.
   * @param words the list they are from, 2,048 words.
   * @throws WordError `word`: there are not twelve, or some are not in the list; UsageError `checksum`: all are words, but not of a codename.
   *
   * Source: crypto/spec/codename.md §2; BIP 39.
   */
  static fromWords(text: string, words: readonly string[]): Codename {
    const typed = text.split(SPACE).filter((word) => word !== "");
    if (typed.length !== WORD_COUNT) throw new WordError([], `a codename has 12 words, these are ${String(typed.length)}`);
    const table = lookUp(words);
    const places = typed.map((word) => table.get(normal(word)) ?? table.get(plain(word)));
    const wrong = places.flatMap((place, index) => (place === undefined ? [index + 1] : []));
    if (wrong.length > 0) throw new WordError(wrong, `not in the list: word ${wrong.join(", ")}`);
    let bits = 0n;
    for (const place of places) bits = (bits << BigInt(WORD_BITS)) | BigInt(place ?? 0);
    const entropy = new Uint8Array(ENTROPY_LENGTH);
    let rest = bits >> 4n;
    for (let at = ENTROPY_LENGTH - 1; at >= 0; at -= 1) {
      entropy[at] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    if (BigInt((sha256(entropy)[0] ?? 0) >> 4) !== (bits & 15n)) throw new UsageError(Failure.CHECKSUM, "all are words, but one is wrong or two are swapped");
    return new Codename(entropy);
  }

  /** Return the twelve words from a list of 2,048, as the list spells them. Source: crypto/spec/codename.md §2; BIP 39. */
  words(list: readonly string[]): string[] {
    let bits = 0n;
    for (const byte of this.#entropy) bits = (bits << 8n) | BigInt(byte);
    bits = (bits << 4n) | BigInt((sha256(this.#entropy)[0] ?? 0) >> 4);
    return Array.from({ length: WORD_COUNT }, (_, index) => list[Number((bits >> BigInt(WORD_BITS * (WORD_COUNT - 1 - index))) & 2047n)] ?? "");
  }

  /**
   * Return the 32 bytes for one purpose at one desk of the organisation with this 32-byte root.
   *
   * @throws UsageError `misuse`, for another root or no desk.
   *
   * Source: crypto/spec/codename.md §4; RFC 5869.
   */
  derive(purpose: Purpose, desk: string, root: Uint8Array): Uint8Array {
    if (root.length !== ROOT_LENGTH || desk === "" || desk.includes("\n")) throw new UsageError(Failure.MISUSE, "a derivation takes a desk and a root of 32 bytes");
    return hkdf(sha256, this.#entropy, root, utf8(`corncrake.org/v1/${purpose}\n${desk}`), 32);
  }
}
