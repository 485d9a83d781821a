// SPDX-License-Identifier: Apache-2.0
/**
 * Looking into a file and making a clean copy, whatever its kind.
 *
 * Rules of this file: the kind follows from the first bytes. A copy is called clean only when the reader of its kind, run again over the copy, finds
 * nothing that the choice removes and would change nothing.
 */
import { FileError } from "../errors";
import { tellHeic, tellPdf } from "./about";
import { planFilm } from "./film";
import { planGif } from "./gif";
import { planJpeg } from "./jpeg";
import { kindOf } from "./kinds";
import { broken, lengthOf, Plan, sourceOf, Uncleanable, Window } from "./plan";
import { planPng } from "./png";
import { EVENT_TELLS, YOU_TELLS, type Choice, type Cleaned, type FileKind, type Progress, type Source, type Tell, type Telling } from "./source";
import { planWebm } from "./webm";
import { planWebp } from "./webp";

type Reader = (window: Window, plan: Plan) => Promise<void>;

/** Readers that can also clean. */
const CLEANERS: Partial<Record<FileKind, Reader>> = { jpeg: planJpeg, png: planPng, webp: planWebp, gif: planGif, mp4: planFilm, mov: planFilm, m4a: planFilm, webm: planWebm };

/** Readers of kinds that are told, and sent as they are. */
const TELLERS: Partial<Record<FileKind, Reader>> = { heic: tellHeic, pdf: tellPdf };

async function planned(source: Source, reader: Reader, choice: Exclude<Choice, "keep">, onProgress?: Progress): Promise<Plan> {
  const plan = new Plan(choice);
  await reader(new Window(source, onProgress), plan);
  return plan;
}

/** What a copy that keeps place and time still tells: read in the copy, since not every place in every form is written anew. */
async function keptOf(source: Source, reader: Reader, plan: Plan, onProgress?: Progress): Promise<readonly Tell[]> {
  if (!EVENT_TELLS.some((one) => plan.tells.has(one))) return [];
  const partial = await planned(source, reader, "partial", onProgress);
  const again = await planned(sourceOf(source, partial.pieces(source.size)), reader, "partial", onProgress);
  return EVENT_TELLS.filter((one) => again.tells.has(one));
}

interface State {
  readonly broken: boolean;
  readonly cleanable: boolean;
  readonly kept?: readonly Tell[];
}

function tellingOf(kind: FileKind, plan: Plan, state: State): Telling {
  return { kind, kept: [], ...state, you: YOU_TELLS.filter((one) => plan.tells.has(one)), event: EVENT_TELLS.filter((one) => plan.tells.has(one)), shown: plan.shown };
}

/**
 * Say what a file tells about whoever made it, and about the event.
 *
 * Never throws for what is in the file: one that is not whole is `broken`, and one that holds what is not known is not `cleanable`.
 */
export async function inspect(source: Source, onProgress?: Progress): Promise<Telling> {
  const kind = await kindOf(source);
  const cleaner = CLEANERS[kind];
  const reader = cleaner ?? TELLERS[kind];
  const plan = new Plan("strip");
  if (reader === undefined) return tellingOf(kind, plan, { broken: false, cleanable: false });
  let kept: readonly Tell[] = [];
  try {
    await reader(new Window(source, onProgress), plan);
    if (cleaner !== undefined) kept = await keptOf(source, cleaner, plan, onProgress);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return tellingOf(kind, plan, { broken: !(error instanceof Uncleanable), cleanable: false });
  }
  return tellingOf(kind, plan, { broken: false, cleanable: cleaner !== undefined, kept });
}

/**
 * Make a clean copy, as pieces of the file and bytes of ours.
 *
 * @throws FileError `archive` when the file is not whole, or cannot be made clean.
 */
export async function clean(source: Source, choice: "strip" | "partial", onProgress?: Progress): Promise<Cleaned> {
  const kind = await kindOf(source);
  const reader = CLEANERS[kind];
  if (reader === undefined) throw broken("files of this kind are not cleaned");
  const plan = await planned(source, reader, choice, onProgress);
  const pieces = plan.pieces(source.size);
  const copy = sourceOf(source, pieces);
  const again = await planned(copy, reader, choice, onProgress);
  const kept: readonly string[] = choice === "partial" ? EVENT_TELLS : [];
  const left = [...again.tells].filter((one) => !kept.includes(one));
  if (!again.isEmpty || left.length > 0 || (await kindOf(copy)) !== kind) throw new Uncleanable("the copy would still tell something");
  const removed = [...plan.tells].filter((one) => !again.tells.has(one)).sort();
  return { pieces, size: pieces.reduce((sum, piece) => sum + lengthOf(piece), 0), removed };
}
