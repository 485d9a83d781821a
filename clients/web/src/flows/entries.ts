// SPDX-License-Identifier: AGPL-3.0-or-later
/** What a report says of a file that is attached to it. */
import { planBlocks, type Plan } from "@corncrake/core/block";
import { b64url, repairText } from "@corncrake/core/encoding";
import type { FileIdentity } from "@corncrake/core/file_identity";
import type { ReportFile } from "@corncrake/core/report";
import type { PreparedFile } from "../worker/orders";
import { choiceOf, type Attached } from "./draft";

const LONGEST_NAME = 255;
/** With many files: all their names must find room in one report. */
const LONGEST_NAME_OF_MANY = 64;
const MANY = 50;
const LONGEST_TYPE = 127;
const MOST_REMOVED = 64;

/** A name that fits, its ending kept. */
function shortName(name: string, most: number): string {
  const repaired = repairText(name);
  if (repaired.length <= most) return repaired;
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(repaired)?.[0] ?? "";
  // A cut in the middle of a character leaves half of it behind: repaired once more.
  return repairText(repaired.slice(0, most - ending.length - 1)) + ending;
}

const KINDS: readonly (readonly [string, string])[] = [["image/", "photo"], ["video/", "film"], ["audio/", "sound"]];

/** The name of a file of which what points to its reporter was removed: a camera's name tells the second, another a person. `number` counts from 1. */
export function plainName(file: { readonly name: string; readonly type: string }, number: number): string {
  const kind = KINDS.find(([start]) => file.type.startsWith(start))?.[1] ?? "file";
  const ending = /\.(jpe?g|png|webp|gif|mp4|mov|webm|m4a)$/i.exec(file.name)?.[0].toLowerCase() ?? ".bin";
  return `${kind}-${String(number)}${ending}`;
}

/** What a report says of one file; `number` is its place among the files of the report, from 1. */
export function entryOf(attached: Attached, prepared: PreparedFile, identity: FileIdentity, number: number, count: number): { readonly entry: ReportFile; readonly plan: Plan } {
  const { file } = attached;
  const plan = planBlocks(prepared.size);
  const entry: ReportFile = {
    identity: identity.text,
    block_key: b64url(identity.blockKey),
    class: plan.blockClass,
    blocks: plan.dataBlocks,
    sha256: prepared.sha256,
    name: shortName(choiceOf(attached) === "keep" ? file.name : plainName(file, number), count > MANY ? LONGEST_NAME_OF_MANY : LONGEST_NAME),
    type: repairText(file.type).slice(0, LONGEST_TYPE),
    size: prepared.size,
    cleaning: choiceOf(attached),
    ...(prepared.removed.length > 0 ? { removed: prepared.removed.slice(0, MOST_REMOVED) } : {}),
  };
  return { entry, plan };
}
