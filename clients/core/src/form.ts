// SPDX-License-Identifier: Apache-2.0
/**
 * A desk's form: what a reporter is asked, in the desk's own words. The charter names it by the SHA-256 of its bytes.
 *
 * Rules of this file: a form carries no signature; it is the one that the charter names or it is refused. Every question may be skipped.
 *
 * Source: crypto/spec/form.md.
 */
import { Failure, FileError, PeerError } from "./errors";
import { sha256Hex } from "./note";
import { decodeAs, id, integer, language, list, localised, object, oneOf, version, type Decoded } from "./schema";

const MAX_FORM = 64 << 10;
const LABEL = 500;
const PARAGRAPH = 4_000;
const CHOICES: readonly string[] = ["choice", "many"];

const option = object({ id, label: localised(LABEL) });
const question = object(
  { id, kind: oneOf("story", "text", "day", "place", "choice", "many"), label: localised(LABEL) },
  { hint: localised(PARAGRAPH), options: list(option, 32, 1) },
);
const form = object({
  v: version,
  desk: id,
  languages: list(language, 8, 1),
  title: localised(LABEL),
  about: localised(PARAGRAPH),
  promise_days: integer(1, 365),
  questions: list(question, 32, 1),
  consent: list(question, 16),
});

export type Question = Decoded<typeof question>;
export type Form = Decoded<typeof form>;

function checkConsistency(value: Form): void {
  const questions = [...value.questions, ...value.consent];
  if (new Set(questions.map((one) => one.id)).size !== questions.length) throw new PeerError(Failure.CHARTER, "a question of the form is there twice");
  for (const one of questions) {
    const options = one.options ?? [];
    if (options.length > 0 !== CHOICES.includes(one.kind) || new Set(options.map((item) => item.id)).size !== options.length) {
      throw new PeerError(Failure.CHARTER, "a question has options of which one is there twice, or that its kind has not");
    }
  }
}

/**
 * Return a form, if it is the one that the charter names by this SHA-256 (hex).
 *
 * @throws FileError `size`, above 64 KiB; `json` or `not-canonical`; PeerError `charter`, when its hash is another or it contradicts itself.
 *
 * Source: crypto/spec/form.md §2.
 */
export function readForm(raw: Uint8Array, sha256: string): Form {
  if (raw.length > MAX_FORM) throw new FileError(Failure.SIZE, `a form has at most ${String(MAX_FORM)} bytes`);
  if (sha256Hex(raw) !== sha256) throw new PeerError(Failure.CHARTER, "this form is not the one that the charter names");
  const value = decodeAs(raw, form);
  checkConsistency(value);
  return value;
}
