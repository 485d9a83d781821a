// SPDX-License-Identifier: AGPL-3.0-or-later
/** What the page leaves to chance: a new codename, what a message is called, and which two words are asked for. */
import { Codename } from "@corncrake/core/codename";
import { b64url } from "@corncrake/core/encoding";
import { randomBytes } from "@corncrake/core/randomness";

const WORDS = 12;

/** Make a codename of 128 random bits. */
export function newCodename(): Codename {
  return Codename.fromEntropy(randomBytes(16));
}

/** Make the id of a message, 128 random bits. */
export function newMessage(): string {
  return b64url(randomBytes(16));
}

/** Choose two different words to ask for, counted from 0, in rising order. */
export function pickTwo(): readonly [number, number] {
  const [one = 0, other = 0] = randomBytes(2);
  const first = one % WORDS;
  const second = (first + 1 + (other % (WORDS - 1))) % WORDS;
  return first < second ? [first, second] : [second, first];
}
