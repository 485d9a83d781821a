// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Sending: look through the files, seal a report, get its receipt, then have the worker bring the blocks of its files.
 *
 * Rules of this file: the report goes first, so that a line that breaks for good costs the files' rest only. A file's secrets are in the report and nowhere else, and
 * gone from here when it is there: the worker gets what its blocks are sealed to and what they are called.
 */
import { blockIds } from "@corncrake/core/block";
import { generateFileIdentity } from "@corncrake/core/file_identity";
import type { ReportFile } from "@corncrake/core/report";
import type { BlocksProgress, FileOrder, FileProgress } from "../worker/orders";
import { choiceOf } from "./draft";
import { entryOf } from "./entries";
import { Posting } from "./posting";
import type { SendOptions } from "./sealing";
import { hearStamps } from "./stamping";
import { ask, command, hearBlocks, WorkerError } from "./worker";

/** A file could not be read, or not be cleaned; nothing was sent. */
export class FileFault extends Error {
  constructor(
    readonly file: string,
    readonly reason: "unreadable" | "uncleanable",
  ) {
    super(reason);
  }
}

/** Which file is being looked through, and how far that is, in bytes. */
export interface Looking {
  readonly name: string;
  readonly number: number;
  readonly count: number;
  readonly done: number;
  readonly total: number;
}

/** One file on its way: its name and size are the reporter's, its progress is the worker's. */
export interface FileOnTheWay {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  /** Of its bytes those that are on the server. */
  readonly sent: number;
  readonly state: FileProgress["state"];
}

/** How far one report is. */
export interface Progress {
  readonly looking: Looking | undefined;
  readonly sealed: boolean;
  readonly reportSent: boolean;
  /** The line broke before the server could sign for the report; it is tried again by itself. */
  readonly reportWaits: boolean;
  /** The device works on a stamp for a busy server: how far that is, from 0 to 1. */
  readonly working: number | undefined;
  readonly files: readonly FileOnTheWay[];
  readonly blocks: BlocksProgress | undefined;
  /** All that will leave has left. */
  readonly done: boolean;
}

/** The files that are not whole at the server: taken out, not to be read any more, or still on their way. */
export function notWhole(files: readonly FileOnTheWay[]): FileOnTheWay[] {
  return files.filter((file) => file.state !== "there");
}

export const NOTHING_SENT: Progress = { looking: undefined, sealed: false, reportSent: false, reportWaits: false, working: undefined, files: [], blocks: undefined, done: false };

interface NamedFile {
  readonly key: number;
  readonly name: string;
  readonly size: number;
}

interface Packed {
  readonly order: FileOrder;
  readonly entry: ReportFile;
  readonly named: NamedFile;
}

async function packFiles(options: SendOptions, onLooking: (looking: Looking) => void): Promise<Packed[]> {
  const packed: Packed[] = [];
  const { files } = options.draft;
  for (const [place, attached] of files.entries()) {
    const { key, file } = attached;
    const told = (done: number, total: number): void => { onLooking({ name: file.name, number: place + 1, count: files.length, done, total }); };
    told(0, file.size);
    const prepared = await ask({ ask: "prepare", key, file, choice: choiceOf(attached) }, told).catch((error: unknown) => {
      if (error instanceof WorkerError && error.fault !== "other") throw new FileFault(file.name, error.fault === "unreadable" ? "unreadable" : "uncleanable");
      throw error;
    });
    const identity = generateFileIdentity();
    const { entry, plan } = entryOf(attached, prepared, identity, place + 1, files.length);
    const ids = [...blockIds(identity.blockKey, plan.totalBlocks)];
    const order = { key, recipient: identity.recipient.raw, ids, blockClass: plan.blockClass, dataBlocks: plan.dataBlocks };
    packed.push({ entry, order, named: { key, name: file.name, size: prepared.size } });
  }
  return packed;
}

function onTheWay(named: readonly NamedFile[], blocks: BlocksProgress | undefined): FileOnTheWay[] {
  const all = new Map(blocks?.files.map((one) => [one.key, one]));
  return named.map((file) => {
    const at = all.get(file.key);
    return { ...file, sent: at === undefined ? 0 : Math.floor((file.size * at.sent) / at.parts), state: at?.state ?? "going" };
  });
}

/** One report on its way. After an error it can be gone on with: the same sealed bytes, and only those parts of the files that are not there yet. */
export class Delivery {
  private now: Progress;
  private keeping = false;
  private listener: (progress: Progress) => void = () => undefined;

  private constructor(
    private readonly posting: Posting,
    private readonly named: readonly NamedFile[],
  ) {
    this.now = { ...NOTHING_SENT, sealed: true, files: onTheWay(named, undefined) };
  }

  /**
   * Look through the files and seal a report; nothing leaves yet.
   *
   * @throws UsageError `size` when it is too long for one report; FileFault when a file cannot be read or cleaned.
   */
  static async prepare(options: SendOptions, onProgress: (progress: Progress) => void): Promise<Delivery> {
    const packed = await packFiles(options, (looking) => { onProgress({ ...NOTHING_SENT, looking }); });
    const posting = await Posting.prepare(options, packed.map((file) => file.entry));
    if (packed.length > 0) command({ order: "send", files: packed.map((file) => file.order) });
    return new Delivery(posting, packed.map((file) => file.named));
  }

  /** What has left by now. */
  get progress(): Progress {
    return this.now;
  }

  /** The server may have the report, though it has not signed for it: the line broke over its answer, or the answer was not right. */
  get uncertain(): boolean {
    return this.posting.uncertain && !this.now.reportSent;
  }

  /**
   * Bring the report to the server, then let the blocks follow.
   *
   * @returns when the server has signed for the report; `onProgress` goes on until all has left.
   * @throws as `Posting.post`.
   */
  async run(onProgress: (progress: Progress) => void): Promise<void> {
    this.listener = onProgress;
    if (this.named.length > 0) hearBlocks((blocks) => { this.put({ blocks, files: onTheWay(this.named, blocks), done: blocks.finished }); });
    hearStamps((working) => { this.put({ working }); });
    await this.posting.post((reportWaits) => { this.put({ reportWaits }); }, () => { if (this.keeping) this.keep(true); });
    this.put({ reportSent: true, reportWaits: false, done: this.named.length === 0 });
    if (this.named.length === 0) return;
    command({ order: "report-there" });
    command({ order: "go-on" });
  }

  /** Let nothing more leave for now. */
  pause(): void {
    command({ order: "pause" });
  }

  /** Let it go on, after a pause or a 'no' of the server. */
  goOn(): void {
    command({ order: "go-on" });
  }

  /** Let the rest of one file not leave. */
  takeOut(key: number): void {
    command({ order: "take-out", key });
  }

  /** Let what has not left wait on the device, sealed, or no longer. */
  keep(on: boolean): void {
    this.keeping = on;
    command({ order: "keep", on, report: this.now.reportSent ? undefined : this.posting.report });
  }

  private put(change: Partial<Progress>): void {
    this.now = { ...this.now, ...change };
    this.listener(this.now);
  }
}
