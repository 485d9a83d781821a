// SPDX-License-Identifier: AGPL-3.0-or-later
/** What a reporter has written and attached so far. It lives in memory and nowhere else; of files only what names them on the disk does. */
import { MAX_FILE_SIZE } from "@corncrake/core/block";
import type { Question } from "@corncrake/core/form";
import type { Choice, Telling } from "@corncrake/core/media/source";

/** Files that one report takes: what is said of each must fit into it. */
export const MOST_FILES = 300;

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

/** A chosen file: being looked into (`read` bytes of it so far), looked into, or not to be read. */
export interface Attached {
  readonly key: number;
  readonly file: File;
  readonly telling: Telling | "looking" | "unreadable";
  readonly read: number;
  readonly choice: Choice;
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

/** Put an answer into a draft. */
export function withAnswer(draft: Draft, question: Question["id"], answer: Answer): Draft {
  return { ...draft, answers: { ...draft.answers, [question]: answer } };
}

/** Change what is known or chosen of one file; nothing happens when it was taken out meanwhile. */
export function withFile(draft: Draft, key: number, change: Partial<Attached>): Draft {
  return { ...draft, files: draft.files.map((one) => (one.key === key ? { ...one, ...change } : one)) };
}

/** What a file says, once that is known. */
export function tellingOf(file: Attached): Telling | undefined {
  return typeof file.telling === "string" ? undefined : file.telling;
}

/** What happens to a file: the reporter's choice where it can be cleaned, else it goes as it is. */
export function choiceOf(file: Attached): Choice {
  return tellingOf(file)?.cleanable === true ? file.choice : "keep";
}

let nextKey = 1;

/** Sort files into those that a draft can take and those that are too large or too many. */
export function sortFiles(draft: Draft, chosen: readonly File[]): { taken: Attached[]; tooLarge: File[]; tooMany: File[] } {
  const tooLarge = chosen.filter((file) => file.size > MAX_FILE_SIZE);
  const fitting = chosen.filter((file) => file.size <= MAX_FILE_SIZE);
  const room = Math.max(0, MOST_FILES - draft.files.length);
  const taken = fitting.slice(0, room).map((file): Attached => {
    nextKey += 1;
    return { key: nextKey, file, telling: "looking", read: 0, choice: "strip" };
  });
  return { taken, tooLarge, tooMany: fitting.slice(room) };
}
