// SPDX-License-Identifier: Apache-2.0
/**
 * How values become text and bytes: base64, hex, base32, Bech32, days, canonical JSON.
 *
 * Rules of this file: one encoding per value. Every decoder accepts exactly what its encoder makes and refuses all else, with `FileError`: `encoding`
 * for text forms, `json` and `not-canonical` for JSON. Lengths are bounded by the caller, who knows what is being read.
 *
 * Source: crypto/spec/encoding.md; RFC 4648; RFC 8785; BIP 173.
 */
import { Failure, FileError, UsageError } from "./errors";
import { fromUtf8, utf8 } from "./platform";

export { utf8, fromUtf8 };

export const ROOT_LENGTH = 32;
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
export const MAX_DEPTH = 16;

function refused(detail: string): FileError {
  return new FileError(Failure.ENCODING, detail);
}

// -- bytes -----------------------------------------------------------------------------------------------------------------

/** Return the parts, one after the other, as new bytes. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Say whether two byte strings are equal. The time depends on the length only. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i += 1) difference |= (one[i] ?? 0) ^ (other[i] ?? 0);
  return difference === 0;
}

/** Say which of two byte strings sorts first: below, at or above zero. */
export function compare(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** Return the 8 bytes of an integer, big endian. */
export function u64be(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value % 2 ** 32);
  return bytes;
}

// -- base64, hex, base32 ---------------------------------------------------------------------------------------------------

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALPHANUMERIC = `${LETTERS}${LETTERS.toLowerCase()}0123456789`;
const URL64 = `${ALPHANUMERIC}-_`;
const STANDARD64 = `${ALPHANUMERIC}+/`;
const BASE32 = `${LETTERS.toLowerCase()}234567`;
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/** Write bytes in groups of `width` bits, the last one filled with zero bits. */
function spell(data: Uint8Array, width: 5 | 6, alphabet: string): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of data) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= width) {
      bits -= width;
      text += alphabet.charAt(held >> bits);
      held &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + alphabet.charAt(held << (width - bits)) : text;
}

/** Read what `spell` writes, and nothing else: no foreign character, no character too many, no bit set in the fill. */
function read(text: string, width: 5 | 6, alphabet: string, length?: number): Uint8Array {
  const data = new Uint8Array(Math.floor((text.length * width) / 8));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) throw refused("text is outside its alphabet");
    held = (held << width) | value;
    bits += width;
    if (bits >= 8) {
      bits -= 8;
      data[at] = held >> bits;
      at += 1;
      held &= (1 << bits) - 1;
    }
  }
  if (bits >= width || held !== 0) throw refused("text is not the one encoding of its value");
  if (length !== undefined && data.length !== length) throw refused(`${String(length)} bytes expected, ${String(data.length)} found`);
  return data;
}

/** Return `data` as base64url without padding (RFC 4648 §5). */
export function b64url(data: Uint8Array): string {
  return spell(data, 6, URL64);
}

/**
 * Return the bytes of unpadded, canonical base64url; exactly `length` of them when it is given.
 *
 * @throws FileError `encoding`.
 */
export function unb64url(text: string, length?: number): Uint8Array {
  return read(text, 6, URL64, length);
}

/** Return `data` as standard base64 without padding, as age headers have it. */
export function b64stdNopad(data: Uint8Array): string {
  return spell(data, 6, STANDARD64);
}

/**
 * Return the bytes of unpadded, canonical standard base64.
 *
 * @throws FileError `encoding`.
 */
export function unb64stdNopad(text: string, length?: number): Uint8Array {
  return read(text, 6, STANDARD64, length);
}

/** Return `data` as standard base64 with padding, as signed notes have it. */
export function b64std(data: Uint8Array): string {
  const text = b64stdNopad(data);
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

/**
 * Return the bytes of padded, canonical standard base64.
 *
 * @throws FileError `encoding`.
 */
export function unb64std(text: string, length?: number): Uint8Array {
  const bare = text.replace(/={1,2}$/, "");
  const data = unb64stdNopad(bare, length);
  if (b64std(data) !== text) throw refused("base64 is not padded as it must be");
  return data;
}

/** Return `data` as lower-case hex. */
export function hex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * Return the `length` bytes of lower-case hex.
 *
 * @throws FileError `encoding`.
 */
export function unhex(text: string, length: number): Uint8Array {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) throw refused(`${String(2 * length)} lower-case hexadecimal characters expected`);
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/**
 * Return the 32 bytes of a root as 52 characters of lower-case base32 without padding, as links have it.
 *
 * @throws UsageError `misuse` for another length.
 */
export function rootText(root: Uint8Array): string {
  if (root.length !== ROOT_LENGTH) throw new UsageError(Failure.MISUSE, `a root has ${String(ROOT_LENGTH)} bytes`);
  return spell(root, 5, BASE32);
}

/**
 * Return the 32 bytes of a root from its 52 characters.
 *
 * @throws FileError `encoding`.
 */
export function parseRoot(text: string): Uint8Array {
  return read(text, 5, BASE32, ROOT_LENGTH);
}

// -- Bech32 ----------------------------------------------------------------------------------------------------------------

const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_LENGTH = 6;

/** Return the checksum state after the lower-case human-readable part and the characters of `tail`. */
function polymod(hrp: string, tail: string): number {
  const codes = Array.from(hrp, (character) => character.charCodeAt(0));
  const values = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...Array.from(tail, (character) => BECH32.indexOf(character))];
  let state = 1;
  for (const value of values) {
    const top = state >>> 25;
    state = ((state & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((generator, bit) => {
      if (((top >> bit) & 1) === 1) state ^= generator;
    });
  }
  return state;
}

/**
 * Return `data` as Bech32 with the human-readable part `hrp`, all of it in the case of `hrp`, of any length.
 *
 * Source: crypto/spec/encoding.md §2; BIP 173; C2SP age.md.
 */
export function bech32Encode(hrp: string, data: Uint8Array): string {
  const lower = hrp.toLowerCase();
  const tail = spell(data, 5, BECH32);
  const state = polymod(lower, tail + "q".repeat(CHECKSUM_LENGTH)) ^ 1;
  let text = `${lower}1${tail}`;
  for (let i = CHECKSUM_LENGTH - 1; i >= 0; i -= 1) text += BECH32.charAt((state >> (5 * i)) & 31);
  return hrp === lower ? text : text.toUpperCase();
}

/**
 * Return the human-readable part, in the case it had, and the bytes of a Bech32 text of any length.
 *
 * @throws FileError `encoding`: mixed case, foreign characters, wrong checksum, or bits left over that are not zero.
 *
 * Source: crypto/spec/encoding.md §2; BIP 173; C2SP age.md.
 */
export function bech32Decode(text: string): { hrp: string; data: Uint8Array } {
  if (!/^[!-~]+$/.test(text)) throw refused("Bech32 is printable ASCII");
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) throw refused("Bech32 is all upper case or all lower case");
  const match = /^([!-~]+)1([qpzry9x8gf2tvdw0s3jn54khce6mua7l]{6,})$/.exec(lower);
  const [, hrp = "", tail = ""] = match ?? [];
  if (match === null) throw refused("this is not Bech32");
  if (polymod(hrp, tail) !== 1) throw refused("the Bech32 checksum is wrong");
  return { hrp: text.slice(0, hrp.length), data: read(tail.slice(0, -CHECKSUM_LENGTH), 5, BECH32) };
}

// -- days and strings ------------------------------------------------------------------------------------------------------

/** A day as `YYYY-MM-DD`; such texts sort as the days do. */
export type Day = string;

const MILLISECONDS = 86_400_000;

/**
 * Return the number of a day: days since 1970-01-01.
 *
 * @throws FileError `encoding`: not `YYYY-MM-DD`, or no such day.
 */
export function dayNumber(day: Day): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (match === null || day.startsWith("0000")) throw refused("a day is YYYY-MM-DD");
  const time = new Date(0);
  time.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  const number = time.getTime() / MILLISECONDS;
  if (dayText(number) !== day) throw refused("there is no such day");
  return number;
}

/** Return the day with this number, in the years 1 to 9999. */
export function dayText(number: number): Day {
  return new Date(number * MILLISECONDS).toISOString().slice(0, 10);
}

/** Return the day that is `days` after `day`, before it when negative. */
export function addDays(day: Day, days: number): Day {
  return dayText(dayNumber(day) + days);
}

/**
 * Return what a person typed as a string that canonical JSON allows.
 *
 * CR LF becomes a newline, other control characters are dropped, and each lone surrogate becomes U+FFFD: an emoji that some device cut in two must
 * never cost a report.
 *
 * Source: crypto/spec/encoding.md §4.
 */
export function repairText(text: string): string {
   
  return text.replace(/\r\n/g, "\n").replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, "").replace(/\p{Surrogate}/gu, "\ufffd");
}

// -- canonical JSON --------------------------------------------------------------------------------------------------------

/** What canonical JSON holds. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

const KEY = /^[a-z0-9_]{1,32}$/;
 
const FORBIDDEN = /[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Surrogate}]/u;

function notJson(detail: string): FileError {
  return new FileError(Failure.JSON, detail);
}

/** Write a value, refusing what this profile excludes; fields that are undefined are absent. */
function written(value: unknown, depth: number): string {
  if (typeof value === "string") {
    if (FORBIDDEN.test(value)) throw notJson("a string holds a control character or a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isInteger(value) || value < 0 || value > MAX_INTEGER) throw notJson("a number is no integer from 0 to 2^53 - 1");
    return String(value);
  }
  if (typeof value !== "object" || value === null) throw notJson("a value is neither string, integer, boolean, array nor object");
  if (depth > MAX_DEPTH) throw notJson(`values are nested more than ${String(MAX_DEPTH)} deep`);
  if (Array.isArray(value)) return `[${value.map((item: unknown) => written(item, depth + 1)).join(",")}]`;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  // Keys are ASCII, so that the order of UTF-16 units is the order of code points.
  fields.sort(([one], [other]) => (one < other ? -1 : 1));
  const texts = fields.map(([key, item]) => {
    if (!KEY.test(key)) throw notJson("a key is not one to 32 of a-z, 0-9 and _");
    return `"${key}":${written(item, depth + 1)}`;
  });
  return `{${texts.join(",")}}`;
}

/**
 * Return the one encoding of a value: RFC 8785 in the profile of this protocol (keys `[a-z0-9_]{1,32}`, integers 0 to 2^53 - 1, no null, strings of
 * Unicode scalar values without control characters but newline, at most 16 deep). Fields that are undefined are left out.
 *
 * @throws FileError `json` for a value outside the profile.
 *
 * Source: crypto/spec/encoding.md §4; RFC 8785.
 */
export function canonical(value: unknown): Uint8Array {
  return utf8(written(value, 1));
}

/**
 * Return the value of `raw`, which must be its one encoding. Its shape is for `schema.ts` to check.
 *
 * @throws FileError `json`, when it is not JSON or holds what this profile excludes; `not-canonical`, when it is, but written otherwise.
 *
 * Source: crypto/spec/encoding.md §4; RFC 8785.
 */
export function decodeCanonical(raw: Uint8Array): Json {
  let value: Json;
  let text: string;
  try {
    text = fromUtf8(raw);
    value = JSON.parse(text) as Json;
  } catch {
    throw notJson("this is not JSON");
  }
  if (written(value, 1) !== text) throw new FileError(Failure.NOT_CANONICAL, "this JSON is not the one encoding of its value");
  return value;
}
