// SPDX-License-Identifier: Apache-2.0
/**
 * Secrets that open: identities of the hybrid kind, X-Wing (ML-KEM-768 and X25519), and HPKE with them.
 *
 * Rules of this file: an identity is a 32-byte seed and everything else follows from it. Neither its text nor its JSON shows the seed by accident.
 *
 * Source: crypto/spec/identities.md; C2SP age.md; draft-connolly-cfrg-xwing-kem §5.2; RFC 9180 §5.1, §6.1.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { bech32Decode, bech32Encode, concat } from "./encoding";
import { Failure, FileError } from "./errors";
import { utf8 } from "./platform";
import { randomBytes, type RandomSource } from "./randomness";
import { Recipient } from "./recipients";

const HRP = "AGE-SECRET-KEY-PQ-";
const SEED_LENGTH = 32;
export const ENCAPSULATED_LENGTH = 1_120;
const KEM_ID = 0x647a;
const INFO = utf8("age-encryption.org/mlkem768x25519");
// HPKE, then KEM X-Wing, KDF HKDF-SHA256, AEAD ChaCha20-Poly1305.
const SUITE = concat(utf8("HPKE"), Uint8Array.of(KEM_ID >> 8, KEM_ID & 0xff, 0, 1, 0, 3));
const EMPTY = new Uint8Array();

function labeledExtract(salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  return extract(sha256, concat(utf8("HPKE-v1"), SUITE, utf8(label), input), salt);
}

function labeledExpand(key: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return expand(sha256, key, concat(Uint8Array.of(length >> 8, length & 0xff), utf8("HPKE-v1"), SUITE, utf8(label), info), length);
}

/** The key schedule of HPKE's base mode for one message. Source: RFC 9180 §5.1. */
function messageCipher(shared: Uint8Array): ReturnType<typeof chacha20poly1305> {
  const context = concat(Uint8Array.of(0), labeledExtract(EMPTY, "psk_id_hash", EMPTY), labeledExtract(EMPTY, "info_hash", INFO));
  const secret = labeledExtract(shared, "secret", EMPTY);
  return chacha20poly1305(labeledExpand(secret, "key", context, 32), labeledExpand(secret, "base_nonce", context, 12));
}

/**
 * Wrap a 16-byte file key for a recipient: the 1,120 bytes of the encapsulated key, then the 32 of the wrapped file key.
 *
 * Source: crypto/spec/age_format.md §3; RFC 9180 §6.1.
 */
export function wrapFileKey(fileKey: Uint8Array, recipient: Recipient): Uint8Array {
  const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(recipient.raw);
  return concat(cipherText, messageCipher(sharedSecret).encrypt(fileKey));
}

/** One secret key; opens what was sealed to its `recipient`. */
export class Identity {
  readonly #seed: Uint8Array;
  readonly recipient: Recipient;

  private constructor(seed: Uint8Array) {
    this.#seed = seed.slice();
    this.recipient = Recipient.fromRaw(ml_kem768_x25519.getPublicKey(seed));
  }

  /**
   * Return the identity with this 32-byte seed.
   *
   * @throws FileError `encoding`, when it has another length.
   *
   * Source: crypto/spec/identities.md §1.
   */
  static fromSeed(seed: Uint8Array): Identity {
    if (seed.length !== SEED_LENGTH) throw new FileError(Failure.ENCODING, "an identity has 32 bytes");
    return new Identity(seed);
  }

  /** Return a new identity. */
  static generate(random: RandomSource = randomBytes): Identity {
    return new Identity(random(SEED_LENGTH));
  }

  /**
   * Return the identity of an `AGE-SECRET-KEY-PQ-1…` text of 77 characters, upper case.
   *
   * @throws FileError `encoding`.
   *
   * Source: crypto/spec/identities.md §2.
   */
  static fromText(text: string): Identity {
    if (text.length > 128) throw new FileError(Failure.ENCODING, "this is too long for an identity");
    const { hrp, data } = bech32Decode(text);
    if (hrp !== HRP) throw new FileError(Failure.ENCODING, "an identity begins with AGE-SECRET-KEY-PQ-1");
    return Identity.fromSeed(data);
  }

  /** The `AGE-SECRET-KEY-PQ-1…` text: a secret. */
  get text(): string {
    return bech32Encode(HRP, this.#seed);
  }

  /** Return the file key in `wrapped` (1,152 bytes, as `wrapFileKey` makes them); undefined when it is not for this identity. */
  unwrap(wrapped: Uint8Array): Uint8Array | undefined {
    const shared = ml_kem768_x25519.decapsulate(wrapped.slice(0, ENCAPSULATED_LENGTH), this.#seed);
    try {
      return messageCipher(shared).decrypt(wrapped.slice(ENCAPSULATED_LENGTH));
    } catch {
      return undefined;
    }
  }
}
