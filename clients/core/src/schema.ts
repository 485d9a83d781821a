// SPDX-License-Identifier: Apache-2.0
/**
 * What shape a decoded value must have: small decoders that are put together into those of the documents.
 *
 * Rules of this file: no field unknown, none missing, every string and every list bounded. A value of another shape is `FileError` `json`.
 *
 * Source: crypto/spec/encoding.md §5.
 */
import { dayNumber, decodeCanonical, parseRoot, unb64url, type Json } from "./encoding";
import { CorncrakeError, Failure, FileError } from "./errors";

/** Returns the value as what it must be, or throws `json`. */
export type Decoder<T> = (value: Json) => T;

/** What a decoder gives. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

function refused(detail: string): FileError {
  return new FileError(Failure.JSON, detail);
}

/** A string of at most `max` characters (code points), at least `min`. */
export function text(max: number, min = 0): Decoder<string> {
  return (value) => {
    // A string of n code points has n to 2n UTF-16 units: count only when that leaves doubt.
     
    if (typeof value !== "string" || value.length < min || (value.length < 2 * min && Array.from(value).length < min)) throw refused("a string is expected");
    if (value.length > 2 * max || (value.length > max && Array.from(value).length > max)) throw refused(`a string has more than ${String(max)} characters`);
    return value;
  };
}

/** A string that matches a pattern, which is anchored at both ends. */
export function pattern(form: RegExp, name: string): Decoder<string> {
  return (value) => {
    if (typeof value !== "string" || !form.test(value)) throw refused(`${name} is expected`);
    return value;
  };
}

/** One of the words given. */
export function oneOf<const W extends readonly string[]>(...words: W): Decoder<W[number]> {
  return (value) => {
    if (typeof value !== "string" || !words.includes(value)) throw refused("one of a few words is expected");
    return value;
  };
}

/** An integer from `min` to `max`. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Decoder<number> {
  return (value) => {
    if (typeof value !== "number" || value < min || value > max) throw refused("an integer within bounds is expected");
    return value;
  };
}

/** The number `v` of a version, always 1. */
export const version: Decoder<1> = (value) => {
  if (value !== 1) throw refused("version 1 is expected");
  return 1;
};

/** A flag that is there or not; `false` is written by leaving it out. */
export const yes: Decoder<true> = (value) => {
  if (value !== true) throw refused("true is expected, or nothing");
  return true;
};

/** A list of `min` to `max` items. */
export function list<T>(item: Decoder<T>, max: number, min = 0): Decoder<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > max || value.length < min) throw refused("a list within bounds is expected");
    return (value as readonly Json[]).map(item);
  };
}

function entries(value: Json): Map<string, Json> {
  if (typeof value !== "object" || Array.isArray(value)) throw refused("an object is expected");
  return new Map(Object.entries(value));
}

type Shape = Readonly<Record<string, Decoder<unknown>>>;
type Present<S extends Shape> = { readonly [K in keyof S]: Decoded<S[K]> };
type Perhaps<S extends Shape> = { readonly [K in keyof S]?: Decoded<S[K]> };

/** An object with exactly the fields of `required`, and of `optional` those that are there. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- no optional field is what it says
export function object<R extends Shape, O extends Shape = Record<never, never>>(required: R, optional?: O): Decoder<Present<R> & Perhaps<O>> {
  return (value) => {
    const fields = entries(value);
    const result = new Map<string, unknown>();
    for (const [key, decode] of Object.entries(required)) {
      const field = fields.get(key);
      if (field === undefined) throw refused(`the field ${key} is missing`);
      result.set(key, decode(field));
    }
    for (const [key, decode] of Object.entries(optional ?? {})) {
      const field = fields.get(key);
      if (field !== undefined) result.set(key, decode(field));
    }
    if (result.size !== fields.size) throw refused("a field is unknown");
    return Object.fromEntries(result) as Present<R> & Perhaps<O>;
  };
}

/** A text in several languages: 1 to 8, each of 1 to `max` characters. */
export function localised(max: number): Decoder<Readonly<Record<string, string>>> {
  const one = text(max, 1);
  return (value) => {
    const fields = entries(value);
    if (fields.size < 1 || fields.size > 8) throw refused("one to eight languages are expected");
    return Object.fromEntries([...fields].map(([key, item]) => [language(key), one(item)]));
  };
}

function checked(check: (value: string) => unknown, name: string): Decoder<string> {
  return (value) => {
    if (typeof value !== "string") throw refused(`${name} is expected`);
    try {
      check(value);
    } catch (error) {
      if (error instanceof CorncrakeError) throw refused(`${name} is expected`);
      throw error;
    }
    return value;
  };
}

/** An id that people chose: `[a-z][a-z0-9-]{0,31}`. */
export const id = pattern(/^[a-z][a-z0-9-]{0,31}$/, "an id");
/** A language, and a country or script where it needs one: `en`, `pt_br`, `zh_hans`. */
export const language = pattern(/^[a-z]{2,3}(?:_[a-z]{2}|_[a-z]{4})?$/, "a language");
/** The origin line of a log: printable ASCII without space and plus. */
export const logOrigin = pattern(/^[!-*,-~]{1,255}$/, "the origin of a log");
/** SHA-256 as 64 characters of lower-case hex. */
export const hash = pattern(/^[0-9a-f]{64}$/, "a hash");
/** 16 bytes as 32 characters of lower-case hex. */
export const hex16 = pattern(/^[0-9a-f]{32}$/, "32 hexadecimal characters");
/** A day. */
export const day = checked(dayNumber, "a day");
/** The 52 characters of a root. */
export const root = checked(parseRoot, "a root");
/** Exactly `length` bytes as base64url. */
export function bytes(length: number): Decoder<string> {
  return checked((value) => unb64url(value, length), `base64url of ${String(length)} bytes`);
}

/**
 * Decode canonical JSON of a known shape.
 *
 * @throws FileError `json`, `not-canonical`.
 */
export function decodeAs<T>(raw: Uint8Array, decoder: Decoder<T>): T {
  return decoder(decodeCanonical(raw));
}
