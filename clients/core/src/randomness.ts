// SPDX-License-Identifier: Apache-2.0
/**
 * The only source of randomness in this package.
 *
 * Rules of this file: what needs chance takes a `RandomSource` and falls back on `randomBytes`; only tests pass another.
 */
import { fillRandom } from "./platform";

/** Gives `count` fresh bytes at each call. */
export type RandomSource = (count: number) => Uint8Array;

/** Return `count` bytes from the platform's generator. */
export function randomBytes(count: number): Uint8Array {
  return fillRandom(new Uint8Array(count));
}
