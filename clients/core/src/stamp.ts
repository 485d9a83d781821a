// SPDX-License-Identifier: Apache-2.0
/**
 * Stamps: work that a client has done for one report, so that a loaded server takes it before others.
 *
 * Rules of this file: a stamp names the report that it is for, by its id, and is good for nothing else. Each try is one run of the library's compression
 * function, without its wrapping: a whole call for each try is three times slower, and WebCrypto, which answers later, far slower still.
 *
 * Source: crypto/spec/stamp.md.
 */
import { _SHA256, sha256 } from "@noble/hashes/sha2.js";
import { dayNumber, hex, u64be, unhex, type Day } from "./encoding";
import { Failure, FileError } from "./errors";
import { utf8 } from "./platform";

const FIRST_LINE = "corncrake.org/stamp/v1\n";
const FORM = /^([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{64})\.([0-9a-f]{16})$/;
const NONCE_AT = 32;
const END_AT = 40;
const BLOCK_LENGTH = 64;
const WORD_BITS = 32;
const MAX_NONCE = Number.MAX_SAFE_INTEGER;

/** For report `id` (64 characters of hex), made on `day`; `nonce` was searched for. */
export interface Stamp {
  readonly day: Day;
  readonly id: string;
  readonly nonce: number;
}

/** What a stamp is bound to: the server's origin, the SHA-256 of its charter's text (hex), a day, a report id (hex). */
export interface StampPlace {
  readonly origin: string;
  readonly charter: string;
  readonly day: Day;
  readonly id: string;
}

/** Return a stamp as it stands in a request. */
export function stampText(stamp: Stamp): string {
  return `${stamp.day}.${stamp.id}.${hex(u64be(stamp.nonce))}`;
}

/**
 * Return the stamp of a request; what it is worth is for `zeroBits` to say.
 *
 * @throws FileError `encoding`, when it has not its one form.
 *
 * Source: crypto/spec/stamp.md §2.
 */
export function parseStamp(text: string): Stamp {
  const [, onDay, id, nonceText] = FORM.exec(text) ?? [];
  const view = new DataView((nonceText === undefined ? new Uint8Array(8) : unhex(nonceText, 8)).buffer);
  const nonce = view.getUint32(0) * 2 ** WORD_BITS + view.getUint32(4);
  if (onDay === undefined || id === undefined || nonce > MAX_NONCE) throw new FileError(Failure.ENCODING, "this is no stamp");
  dayNumber(onDay);
  return { day: onDay, id, nonce };
}

function baseOf(place: StampPlace): Uint8Array {
  return sha256(utf8(`${FIRST_LINE}${place.origin}\n${place.day}\n${place.charter}\n${place.id}\n`));
}

/** The compression function of SHA-256, over one block that is a whole message: 40 bytes and their padding. */
class Compression extends _SHA256 {
  private readonly start = this.get();
  private readonly block = new Uint8Array(BLOCK_LENGTH);
  private readonly words = new DataView(this.block.buffer);

  constructor(base: Uint8Array) {
    super();
    this.block.set(base);
    this.block[END_AT] = 0x80;
    this.words.setUint32(BLOCK_LENGTH - 4, END_AT * 8);
  }

  /** Return how many zero bits the hash with this nonce begins with. */
  zeroBits(nonce: number): number {
    this.words.setUint32(NONCE_AT, Math.floor(nonce / 2 ** WORD_BITS));
    this.words.setUint32(NONCE_AT + 4, nonce % 2 ** WORD_BITS);
    this.set(...this.start);
    this.process(this.words, 0);
    // All but one try in four thousand million end in the first word.
    return this.A === 0 ? WORD_BITS + this.furtherZeros() : Math.clz32(this.A);
  }

  private furtherZeros(): number {
    const [, ...words] = this.get();
    const at = words.findIndex((word) => word !== 0);
    return at < 0 ? words.length * WORD_BITS : at * WORD_BITS + Math.clz32(words[at] ?? 0);
  }
}

/** Return how many zero bits the hash of a stamp begins with. Source: crypto/spec/stamp.md §1. */
export function zeroBits(stamp: Stamp, origin: string, charter: string): number {
  return new Compression(baseOf({ origin, charter, day: stamp.day, id: stamp.id })).zeroBits(stamp.nonce);
}

/** Return the highest step that so many zero bits pay for: 1 to 3, 0 for none, or where the charter has no steps. */
export function stepPaid(bits: number, steps: readonly number[] | undefined): number {
  return (steps ?? []).filter((wanted) => bits >= wanted).length;
}

/** A search for a stamp. Nonces are tried from 0 on, so that a higher step goes on where a lower one ended. */
export class Search {
  private readonly compression: Compression;
  private next = 0;

  constructor(private readonly place: StampPlace) {
    this.compression = new Compression(baseOf(place));
  }

  /** How many nonces were tried. */
  get tried(): number {
    return this.next;
  }

  /** Try at most `most` further nonces; return the first stamp with `bits` zero bits, or undefined. */
  run(bits: number, most: number): Stamp | undefined {
    const end = Math.min(this.next + most, MAX_NONCE);
    while (this.next < end) {
      const nonce = this.next;
      this.next += 1;
      if (this.compression.zeroBits(nonce) >= bits) return { day: this.place.day, id: this.place.id, nonce };
    }
    return undefined;
  }
}
