// SPDX-License-Identifier: Apache-2.0
/**
 * Signed notes: a text, an empty line, and signature lines; and the documents that are such texts.
 *
 * Rules of this file: a reader says which keys it expects. A signature by a key it does not know is passed over; a wrong one by a key it knows is refused,
 * and so is a second one by the same key. Hashes of notes are of their text, never of signatures.
 *
 * Source: crypto/spec/note.md; C2SP signed-note.md.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { b64std, concat, equal, hex, unb64std } from "./encoding";
import { CorncrakeError, Failure, FileError, PeerError, UsageError } from "./errors";
import { fromUtf8, utf8 } from "./platform";
import { decodeAs, list, object, text as textOf, type Decoder } from "./schema";
import { publicKey, sign, verify } from "./signatures";

export const MAX_NOTE = 1 << 20;
const MAX_SIGNATURES = 64;
const MAX_BUNDLE = 2 << 20;
const MAX_BUNDLE_NOTES = 64;
const KEY_ID_LENGTH = 4;
const SIGNATURE_LENGTH = 64;
 
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const LINE = /^\u2014 ([!-*,-~]{1,255}) ([A-Za-z0-9+/]+=*)$/;

/** A key that may have signed a note, under its name: `organisation`, `reviewer/<id>`, or a log's origin. */
export interface NoteKey {
  readonly name: string;
  readonly key: Uint8Array;
}

interface Signature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly raw: Uint8Array;
}

function refused(detail: string): FileError {
  return new FileError(Failure.NOTE, detail);
}

/** Return the SHA-256 of bytes, lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return hex(sha256(bytes));
}

/** The SHA-256 of bytes that come piece by piece. */
export class GrowingHash {
  readonly #state = sha256.create();

  /** Take the next bytes; nothing of them is kept. */
  update(bytes: Uint8Array): void {
    this.#state.update(bytes);
  }

  /** The hash of all that came so far, lower-case hex. */
  hex(): string {
    return hex(this.#state.clone().digest());
  }
}

/** Return the SHA-256 of a note's text as UTF-8, lower-case hex. */
export function textHash(text: string): string {
  return sha256Hex(utf8(text));
}

/** Return the 4 bytes that name a key in a signature line: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)[:4]. */
export function keyId(name: string, key: Uint8Array): Uint8Array {
  return sha256(concat(utf8(name), Uint8Array.of(0x0a, 0x01), key)).slice(0, KEY_ID_LENGTH);
}

/**
 * Return the note of `text`, signed by the keys of these 32-byte seeds.
 *
 * @throws UsageError `misuse`, when text or names cannot stand in a note.
 */
export function signNote(text: string, signers: readonly { readonly name: string; readonly seed: Uint8Array }[]): Uint8Array {
  if (!text.endsWith("\n") || CONTROL.test(text) || signers.length < 1 || signers.length > MAX_SIGNATURES) {
    throw new UsageError(Failure.MISUSE, "this text cannot be a note");
  }
  if (signers.some(({ name }) => !/^[!-*,-~]{1,255}$/.test(name))) throw new UsageError(Failure.MISUSE, "the name of a signer is printable ASCII without spaces and plus");
  const message = utf8(text);
  const lines = signers.map(({ name, seed }) => `\u2014 ${name} ${b64std(concat(keyId(name, publicKey(seed)), sign(seed, message)))}\n`);
  return utf8(`${text}\n${lines.join("")}`);
}

function parseSignature(line: string): Signature {
  const [, name = "", body = ""] = LINE.exec(line) ?? [];
  if (name === "") throw refused("a line after the text is not a signature");
  let data: Uint8Array;
  try {
    data = unb64std(body);
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused("a signature is not base64");
    throw error;
  }
  if (data.length <= KEY_ID_LENGTH) throw refused("a signature is too short");
  return { name, id: data.slice(0, KEY_ID_LENGTH), raw: data.slice(KEY_ID_LENGTH) };
}

function parse(raw: Uint8Array, limit: number): { text: string; signatures: Signature[] } {
  if (raw.length > limit) throw refused(`a note of this kind has at most ${String(limit)} bytes`);
  let whole: string;
  try {
    whole = fromUtf8(raw);
  } catch {
    throw refused("a note is UTF-8");
  }
  if (CONTROL.test(whole)) throw refused("a note has no control characters but newlines");
  const gap = whole.lastIndexOf("\n\n");
  if (gap < 1 || !whole.endsWith("\n") || gap + 2 >= whole.length) throw refused("a note is text, an empty line, and signatures");
  const lines = whole.slice(gap + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw refused(`a note has at most ${String(MAX_SIGNATURES)} signatures`);
  return { text: whole.slice(0, gap + 1), signatures: lines.map(parseSignature) };
}

/**
 * Return the text of a note, its signatures verified.
 *
 * @param raw the note.
 * @param keys who may have signed.
 * @param options `required`: names that all must have signed (else one of the keys is enough); `limit`: bytes.
 * @throws FileError `note`; PeerError `signature`.
 *
 * Source: crypto/spec/note.md §2; C2SP signed-note.md.
 */
export function openNote(raw: Uint8Array, keys: readonly NoteKey[], options: { readonly required?: readonly string[]; readonly limit?: number } = {}): string {
  const { text, signatures } = parse(raw, options.limit ?? MAX_NOTE);
  const message = utf8(text);
  const signed = new Set<NoteKey>();
  for (const signature of signatures) {
    const known = keys.find(({ name, key }) => name === signature.name && equal(keyId(name, key), signature.id));
    if (known === undefined) continue;
    if (signed.has(known)) throw refused("one key has signed twice");
    if (signature.raw.length !== SIGNATURE_LENGTH) throw new PeerError(Failure.SIGNATURE, "the signature has not the length of one");
    verify(known.key, message, signature.raw);
    signed.add(known);
  }
  const names = new Set([...signed].map(({ name }) => name));
  if (names.size === 0 || !(options.required ?? []).every((name) => names.has(name))) {
    throw new PeerError(Failure.SIGNATURE, "nobody whose signature is needed has signed");
  }
  return text;
}

/**
 * Return the text of a note that nobody has verified yet: to find out which key must have signed.
 *
 * @throws FileError `note`.
 */
export function unverifiedText(raw: Uint8Array, limit = MAX_NOTE): string {
  return parse(raw, limit).text;
}

/**
 * Return the value of a document's text.
 *
 * @throws FileError `kind`, when the first line is that of another kind; `json` or `not-canonical`.
 *
 * Source: crypto/spec/note.md §3.
 */
export function readDocument<T>(text: string, kind: string, decoder: Decoder<T>): T {
  const end = text.indexOf("\n");
  if (text.slice(0, end) !== `corncrake.org/${kind}/v1`) throw new FileError(Failure.KIND, `this is no ${kind} of version 1`);
  const rest = text.slice(end + 1);
  if (!rest.endsWith("\n")) throw new FileError(Failure.JSON, "a document is two lines");
  return decodeAs(utf8(rest.slice(0, -1)), decoder);
}

const bundle = object({ notes: list(textOf(MAX_BUNDLE), Number.MAX_SAFE_INTEGER) });

/**
 * Return the notes of a bundle, none of them opened; at most 2 MiB and 64 notes.
 *
 * @throws FileError `size`, `json`, `not-canonical`.
 *
 * Source: crypto/spec/note.md §4.
 */
export function readBundle(raw: Uint8Array, limit = MAX_BUNDLE, most = MAX_BUNDLE_NOTES): Uint8Array[] {
  if (raw.length > limit) throw new FileError(Failure.SIZE, `a bundle has at most ${String(limit)} bytes`);
  const { notes } = decodeAs(raw, bundle);
  if (notes.length > most) throw new FileError(Failure.SIZE, `a bundle has at most ${String(most)} notes`);
  return notes.map(utf8);
}
