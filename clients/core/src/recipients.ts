// SPDX-License-Identifier: Apache-2.0
/**
 * Whom one can seal to: public keys of the hybrid kind, X-Wing (ML-KEM-768 and X25519).
 *
 * Rules of this file: one encoding per key: coefficients of ML-KEM are reduced, and points of small order, with which the X25519 half of a share is all zero for
 * everybody, are refused.
 *
 * Source: crypto/spec/recipients.md; C2SP age.md; FIPS 203 §7.2; RFC 7748 §6.1.
 */
import { bech32Decode, bech32Encode, hex } from "./encoding";
import { Failure, FileError } from "./errors";

const HRP = "age1pq";
export const MLKEM_PUBLIC_LENGTH = 1_184;
export const RECIPIENT_LENGTH = MLKEM_PUBLIC_LENGTH + 32;
const COEFFICIENTS = 1_152;
const Q = 3_329;
// Prefix, separator, five bits to a character, checksum.
const TEXT_LENGTH = HRP.length + 1 + Math.ceil((RECIPIENT_LENGTH * 8) / 5) + 6;

// u coordinates of the points whose order divides 8, on the curve and on its twist, in every spelling below 2^255; little endian.
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
]);

/** Say whether X25519 with these 32 bytes gives all zeros whatever the secret is. The top bit does not count. */
export function isSmallOrder(point: Uint8Array): boolean {
  const masked = point.slice();
  masked[31] = (masked[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(hex(masked));
}

function isReduced(coefficients: Uint8Array): boolean {
  for (let at = 0; at < coefficients.length; at += 3) {
    const [low = 0, middle = 0, high = 0] = coefficients.subarray(at, at + 3);
    if ((low | ((middle & 15) << 8)) >= Q || ((middle >> 4) | (high << 4)) >= Q) return false;
  }
  return true;
}

/** One public key to seal to; `raw` has 1,216 bytes: ML-KEM-768 encapsulation key, then X25519 public key. */
export class Recipient {
  private constructor(readonly raw: Uint8Array) {}

  /**
   * Return the recipient with these 1,216 bytes.
   *
   * @throws FileError `encoding`.
   *
   * Source: crypto/spec/recipients.md §1.
   */
  static fromRaw(raw: Uint8Array): Recipient {
    if (raw.length !== RECIPIENT_LENGTH) throw new FileError(Failure.ENCODING, "a recipient has 1,216 bytes");
    if (!isReduced(raw.subarray(0, COEFFICIENTS))) throw new FileError(Failure.ENCODING, "a coefficient of the ML-KEM key is not reduced");
    if (isSmallOrder(raw.subarray(MLKEM_PUBLIC_LENGTH))) throw new FileError(Failure.ENCODING, "the X25519 key is a point of small order");
    return new Recipient(raw.slice());
  }

  /**
   * Return the recipient of an `age1pq1…` text of 1,959 characters, lower case.
   *
   * @throws FileError `encoding`.
   *
   * Source: crypto/spec/recipients.md §2.
   */
  static fromText(text: string): Recipient {
    if (text.length !== TEXT_LENGTH) throw new FileError(Failure.ENCODING, "a recipient has 1,959 characters");
    const { hrp, data } = bech32Decode(text);
    if (hrp !== HRP) throw new FileError(Failure.ENCODING, "a recipient begins with age1pq1");
    return Recipient.fromRaw(data);
  }

  /** The `age1pq1…` text. */
  get text(): string {
    return bech32Encode(HRP, this.raw);
  }
}
