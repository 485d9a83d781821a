// SPDX-License-Identifier: Apache-2.0
/**
 * The header of an age v1 file.
 *
 * Rules of this file: bytes in, values out, one encoding per header. A header has at most `HEADER_MAX` bytes and `MAX_STANZAS` stanzas.
 *
 * Source: crypto/spec/age_format.md; C2SP age.md.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { b64stdNopad, concat, equal, unb64stdNopad } from "./encoding";
import { CorncrakeError, Failure, FileError } from "./errors";
import { ENCAPSULATED_LENGTH } from "./identities";
import { plaintextClassOf } from "./padding";
import { utf8 } from "./platform";
import { isSmallOrder } from "./recipients";

const VERSION_LINE = "age-encryption.org/v1\n";
const HEADER_MAX = 1_048_576;
const MAX_STANZAS = 1_024;
const COLUMNS = 64;
const WRAPPED_LENGTH = 32;
const MLKEM_CIPHERTEXT = ENCAPSULATED_LENGTH - 32;
export const HYBRID = "mlkem768x25519";

/** One wrapped file key: a type, its arguments, and a body of raw bytes. */
export interface Stanza {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

/**
 * A parsed header: for each stanza, if it is a hybrid one, encapsulated and wrapped key, its form checked; the MAC, not verified yet; the bytes that it is over; and
 * the header's whole length.
 */
export interface Header {
  readonly stanzas: readonly Stanza[];
  readonly hybrid: readonly (Uint8Array | undefined)[];
  readonly mac: Uint8Array;
  readonly covered: Uint8Array;
  readonly length: number;
}

function refused(detail: string): FileError {
  return new FileError(Failure.HEADER, detail);
}

function base64(text: string, length?: number): Uint8Array {
  try {
    return unb64stdNopad(text, length);
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused("base64 in the header is not canonical or of the wrong length");
    throw error;
  }
}

/** The bytes up to `HEADER_MAX` as text, one character a byte. */
function latin1(raw: Uint8Array): string {
  let text = "";
  for (let at = 0; at < Math.min(raw.length, HEADER_MAX); at += 8_192) {
    text += String.fromCharCode(...raw.subarray(at, Math.min(at + 8_192, raw.length, HEADER_MAX)));
  }
  return text;
}

function parseStanza(lines: readonly string[], at: number): { stanza: Stanza; next: number } {
  const first = lines[at] ?? "";
  if (!/^-> [!-~]+(?: [!-~]+)*$/.test(first)) throw refused("a stanza does not begin with its arguments");
  const [type = "", ...args] = first.slice(3).split(" ");
  let body = "";
  for (let number = at + 1; number < lines.length; number += 1) {
    const line = lines[number] ?? "";
    if (line.length > COLUMNS) throw refused("a line of a stanza is longer than 64 columns");
    body += line;
    if (line.length < COLUMNS) return { stanza: { type, args, body: base64(body) }, next: number + 1 };
  }
  throw refused("a stanza has no last line shorter than 64 columns");
}

function hybridParts(stanza: Stanza): Uint8Array | undefined {
  if (stanza.type !== HYBRID) return undefined;
  const [argument] = stanza.args;
  if (argument === undefined || stanza.args.length !== 1) throw refused("a hybrid stanza has one argument");
  const encapsulated = base64(argument, ENCAPSULATED_LENGTH);
  if (stanza.body.length !== WRAPPED_LENGTH) throw refused("a wrapped file key has 32 bytes");
  if (isSmallOrder(encapsulated.subarray(MLKEM_CIPHERTEXT))) throw refused("the X25519 half of a share is a point of small order");
  return concat(encapsulated, stanza.body);
}

/**
 * Return the header that `raw` begins with.
 *
 * @throws FileError `header`.
 *
 * Source: crypto/spec/age_format.md §1; C2SP age.md.
 */
export function parseHeader(raw: Uint8Array): Header {
  const text = latin1(raw);
  if (!text.startsWith(VERSION_LINE)) throw refused("this is not an age v1 file");
  const dashes = text.indexOf("\n---", VERSION_LINE.length - 1) + 1;
  const end = dashes > 0 ? text.indexOf("\n", dashes) : -1;
  if (end < 0) throw refused("the header has no end within 1 MiB");
  const [, mac] = /^--- ([A-Za-z0-9+/]{43})$/.exec(text.slice(dashes, end)) ?? [];
  if (mac === undefined) throw refused("the last line of the header is wrong");
  const lines = text.slice(VERSION_LINE.length, dashes).split("\n").slice(0, -1);
  const stanzas: Stanza[] = [];
  for (let at = 0; at < lines.length; ) {
    const { stanza, next } = parseStanza(lines, at);
    stanzas.push(stanza);
    at = next;
  }
  if (stanzas.length === 0 || stanzas.length > MAX_STANZAS) throw refused("the header has no stanza, or too many");
  return { stanzas, hybrid: stanzas.map(hybridParts), mac: base64(mac, 32), covered: raw.slice(0, dashes + 3), length: end + 1 };
}

/** Return the 32-byte MAC over the header up to its three dashes. Source: crypto/spec/age_format.md §2. */
export function headerMac(covered: Uint8Array, fileKey: Uint8Array): Uint8Array {
  return hmac(sha256, hkdf(sha256, fileKey, undefined, utf8("header"), 32), covered);
}

/**
 * Check that whoever wrote the header knew the file key.
 *
 * @throws FileError `hmac`.
 */
export function checkMac(header: Header, fileKey: Uint8Array): void {
  if (!equal(header.mac, headerMac(header.covered, fileKey))) throw new FileError(Failure.HMAC, "the header was altered");
}

function writtenStanza(stanza: Stanza): string {
  const text = b64stdNopad(stanza.body);
  const lines: string[] = [];
  for (let at = 0; at <= text.length; at += COLUMNS) lines.push(text.slice(at, at + COLUMNS));
  return [["->", stanza.type, ...stanza.args].join(" "), ...lines, ""].join("\n");
}

/** Return the header that holds `stanzas`, with its MAC by the 16-byte file key. Source: crypto/spec/age_format.md §1. */
export function encodeHeader(stanzas: readonly Stanza[], fileKey: Uint8Array): Uint8Array {
  const covered = utf8(`${VERSION_LINE}${stanzas.map(writtenStanza).join("")}---`);
  return concat(covered, utf8(` ${b64stdNopad(headerMac(covered, fileKey))}\n`));
}

/**
 * Check that `raw` has the one shape of an object sealed to `recipients`; nothing is opened.
 *
 * @returns the class: the length of the plaintext in bytes.
 * @throws FileError `size`, when the length fits no class; `header`, when the header is not exactly `recipients` hybrid stanzas.
 *
 * Source: crypto/spec/age_format.md §4.
 */
export function checkSealedShape(raw: Uint8Array, recipients: number, classes: readonly number[]): number {
  const size = plaintextClassOf(raw.length, recipients, classes);
  const header = parseHeader(raw);
  if (header.hybrid.length !== recipients || header.hybrid.includes(undefined)) throw refused("the header has not exactly the hybrid stanzas that it must have");
  return size;
}
