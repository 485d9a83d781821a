// SPDX-License-Identifier: Apache-2.0
/**
 * Ed25519: keys that sign, and what a signature inside a sealed object covers.
 *
 * Rules of this file: verification is strict: keys of small order and values beyond the order are refused, as the default of this library does not. A
 * signature inside an object covers the line of its kind, the canonical JSON of all its other fields, and a newline.
 *
 * Source: crypto/spec/signatures.md; RFC 8032 §5.1.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { b64url, canonical, concat, equal, unb64url } from "./encoding";
import { CorncrakeError, Failure, PeerError } from "./errors";
import { utf8 } from "./platform";

const SIGNATURE_LENGTH = 64;

/** Return the 32-byte public key of a 32-byte seed. */
export function publicKey(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed);
}

/** Return the 64-byte signature of `message` by the key of a 32-byte seed. */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed);
}

function refused(): PeerError {
  return new PeerError(Failure.SIGNATURE, "the signature is not by the key that must have made it");
}

const { Point } = ed25519;

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Say whether R is the encoding of [S]B − [k]A and not of small order: the library multiplies by the cofactor, and so lets others pass. */
function holdsWithoutCofactor(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const r = signature.subarray(0, 32);
  const k = Point.Fn.create(littleEndian(sha512(concat(r, key, message))));
  const again = Point.BASE.multiplyUnsafe(littleEndian(signature.subarray(32))).subtract(Point.fromBytes(key).multiplyUnsafe(k));
  return !again.isSmallOrder() && equal(again.toBytes(), r);
}

/**
 * Check a signature, strictly.
 *
 * @throws PeerError `signature`, when it is not by the 32-byte key, or key or signature have a form that is refused.
 *
 * Source: crypto/spec/signatures.md §1; RFC 8032 §5.1.7.
 */
export function verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  let right: boolean;
  try {
    right = ed25519.verify(signature, message, key, { zip215: false }) && holdsWithoutCofactor(key, message, signature);
  } catch {
    right = false;
  }
  if (!right) throw refused();
}

/** Return the bytes that a signature inside an object of `kind` covers; its field `signature` is left out. */
export function statement(kind: string, value: Readonly<Record<string, unknown>>): Uint8Array {
  const { signature: _left, ...fields } = value;
  return concat(utf8(`corncrake.org/${kind}/v1\n`), canonical(fields), utf8("\n"));
}

/** Return the base64url signature, 86 characters, of an object of `kind`. */
export function signStatement(seed: Uint8Array, kind: string, value: Readonly<Record<string, unknown>>): string {
  return b64url(sign(seed, statement(kind, value)));
}

/**
 * Check the signature inside an object of `kind`.
 *
 * @throws PeerError `signature`.
 *
 * Source: crypto/spec/signatures.md §2.
 */
export function verifyStatement(key: Uint8Array, kind: string, value: Readonly<Record<string, unknown>>, signature: string): void {
  let raw: Uint8Array;
  try {
    raw = unb64url(signature, SIGNATURE_LENGTH);
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused();
    throw error;
  }
  verify(key, statement(kind, value), raw);
}
