// SPDX-License-Identifier: AGPL-3.0-or-later
/** What a reporter has written and attached so far. It lives in memory and nowhere else. */
import { cleanPicture, isJpeg, readPicture } from "@corncrake/core/jpeg";
import type { Tell } from "@corncrake/core/exif";
import type { Question } from "@corncrake/core/form";

/** The largest file that this page takes: 56 blocks of the smaller class. */
export const FILE_LIMIT = 14 * 1024 * 1024;

/** The answer to one question; every part may be missing. */
export interface Answer {
  readonly text?: string;
  readonly day?: string;
  readonly until?: string;
  readonly about?: boolean;
  readonly choices?: readonly string[];
  /** "I do not know": what else was given stays in the draft, and is not sent. */
  readonly unknown?: boolean;
}

/** What looking into a file gave: a picture and what it tells, a picture that breaks off, or a kind that we do not read. */
export type Reading = { readonly kind: "picture"; readonly tells: readonly Tell[] } | { readonly kind: "broken" } | { readonly kind: "unknown" };

export interface Attached {
  readonly key: number;
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly reading: Reading;
  readonly choice: "strip" | "keep";
}

export interface Draft {
  readonly answers: Readonly<Record<string, Answer>>;
  readonly files: readonly Attached[];
}

export const EMPTY_DRAFT: Draft = { answers: {}, files: [] };

/** Say whether an answer holds anything. */
export function isAnswered(answer: Answer | undefined): boolean {
  if (answer === undefined) return false;
  return (answer.text ?? "").trim() !== "" || answer.day !== undefined || (answer.choices ?? []).length > 0 || answer.unknown === true;
}

/** Say whether a draft holds anything that would be lost. */
export function holdsSomething(draft: Draft): boolean {
  return draft.files.length > 0 || Object.values(draft.answers).some((answer) => isAnswered(answer));
}

/** Look into a file: what does it say about whoever made it? Never throws for what is in the file. */
export function readFile(bytes: Uint8Array): Reading {
  if (!isJpeg(bytes)) return { kind: "unknown" };
  try {
    cleanPicture(bytes);
    return { kind: "picture", tells: readPicture(bytes) };
  } catch {
    return { kind: "broken" };
  }
}

/** Put an answer into a draft. */
export function withAnswer(draft: Draft, question: Question["id"], answer: Answer): Draft {
  return { ...draft, answers: { ...draft.answers, [question]: answer } };
}

/** What is sent of a file: its bytes after the reporter's choice, what was removed, and how that is called in the report. */
export function outgoing(file: Attached): { bytes: Uint8Array; cleaning: "strip" | "keep"; removed: readonly Tell[] } {
  if (file.reading.kind === "picture" && file.choice === "strip") {
    const clean = cleanPicture(file.bytes);
    return { bytes: clean.bytes, cleaning: "strip", removed: clean.removed };
  }
  return { bytes: file.bytes, cleaning: "keep", removed: [] };
}
