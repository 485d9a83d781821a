// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Sending: seal a report, get its receipt, then bring the blocks of its files.
 *
 * Rules of this file: the report goes first, so that a line that breaks for good costs the files' rest only. The same sealed bytes are posted again
 * until the server has answered: the server gives the same receipt for the same bytes, so that nothing is there twice. A broken line is waited for; a 'no' of
 * the server is not.
 */
import { BLOCK_CLASS } from "@corncrake/core/padding";
import { blockIds, planBlocks, writeBlock, BLOCK_DATA } from "@corncrake/core/block";
import { b64url, repairText } from "@corncrake/core/encoding";
import { sha256Hex } from "@corncrake/core/note";
import { generateFileIdentity, fileTag } from "@corncrake/core/file_identity";
import type { ReportFile } from "@corncrake/core/report";
import type { Recipient } from "@corncrake/core/recipients";
import { seal } from "@corncrake/core/seal";
import { hasBlock, putBlock, RefusedError } from "../transport/server";
import { outgoing, type Draft } from "./draft";
import { persist } from "./persist";
import { postSealed, sealedReport, type SendOptions } from "./sealing";
import type { Visit } from "./visit";

/** What has left: the report or not, and how many of the files' parts. */
export interface Progress {
  readonly reportSent: boolean;
  readonly sent: number;
  readonly total: number;
  /** The line is broken; it is tried again by itself. */
  readonly waiting: boolean;
}

export const NOTHING_SENT: Progress = { reportSent: false, sent: 0, total: 0, waiting: false };

/** A file on its way: its secrets are sealed in the report already, and forgotten here. */
interface Outgoing {
  readonly recipient: Recipient;
  readonly ids: readonly string[];
  readonly bytes: Uint8Array;
  readonly dataBlocks: number;
}

interface Prepared {
  readonly outgoing: Outgoing;
  readonly entry: ReportFile;
}

function prepareFiles(draft: Draft): readonly Prepared[] {
  const prepared: Prepared[] = [];
  for (const file of draft.files) {
    const { bytes, cleaning, removed } = outgoing(file);
    const plan = planBlocks(bytes.length);
    const identity = generateFileIdentity();
    const entry: ReportFile = {
      identity: identity.text,
      block_key: b64url(identity.blockKey),
      class: BLOCK_CLASS,
      blocks: plan.dataBlocks,
      sha256: sha256Hex(bytes),
      name: repairText(file.name).slice(0, 255),
      type: repairText(file.type).slice(0, 127),
      size: bytes.length,
      cleaning,
      ...(removed.length > 0 ? { removed } : {}),
    };
    const ids = [...blockIds(identity.blockKey, plan.totalBlocks)];
    prepared.push({ outgoing: { recipient: identity.recipient, ids, bytes, dataBlocks: plan.dataBlocks }, entry });
  }
  return prepared;
}

async function sealedBlock(file: Outgoing, index: number): Promise<Uint8Array> {
  const fill = index >= file.dataBlocks;
  const data = fill ? new Uint8Array() : file.bytes.subarray(index * BLOCK_DATA, (index + 1) * BLOCK_DATA);
  const last = index === file.dataBlocks - 1;
  const header = {
    v: 1 as const,
    file: fileTag(file.recipient),
    index,
    ...(last ? { last: true as const, of: file.dataBlocks } : {}),
    ...(fill ? { fill: true as const } : {}),
  };
  return seal(writeBlock(header, data, BLOCK_CLASS), [file.recipient]);
}

/**
 * One report on its way. After an error it can be gone on with: the same sealed bytes, and only those parts of the files that are not there yet.
 */
export class Delivery {
  private now: Progress;
  private attempted = false;

  private constructor(
    private readonly visit: Visit,
    private readonly sealed: Uint8Array,
    private readonly files: readonly Outgoing[],
  ) {
    this.now = { ...NOTHING_SENT, total: files.reduce((sum, file) => sum + file.ids.length, 0) };
  }

  /**
   * Seal a report; nothing leaves yet.
   *
   * @throws UsageError `size` when it is too long for one report.
   */
  static async prepare(options: SendOptions): Promise<Delivery> {
    const files = prepareFiles(options.draft);
    const sealed = await sealedReport(options, files.map((file) => file.entry));
    return new Delivery(options.visit, sealed, files.map((file) => file.outgoing));
  }

  /** What has left by now. */
  get progress(): Progress {
    return this.now;
  }

  /** The server may have the report, though it has not signed for it: the line broke over its answer, or the answer was not right. */
  get uncertain(): boolean {
    return this.attempted && !this.now.reportSent;
  }

  /**
   * Bring it to the server; done when the server has signed for the report, its signature was checked, and every block is there.
   *
   * @throws LineError when the line stays broken; PeerError when the receipt is not right; RefusedError when the server says no.
   */
  async run(onProgress: (progress: Progress) => void): Promise<void> {
    const put = (change: Partial<Progress>): void => {
      this.now = { ...this.now, ...change };
      onProgress(this.now);
    };
    const onWaiting = (waiting: boolean): void => { put({ waiting }); };
    put({ waiting: false });
    if (!this.now.reportSent) {
      await this.post(onWaiting);
      put({ reportSent: true });
    }
    let place = 0;
    for (const file of this.files) {
      for (const [index, id] of file.ids.entries()) {
        place += 1;
        if (place <= this.now.sent) continue;
        const sealed = await sealedBlock(file, index);
        await persist(async () => { if (!(await hasBlock(id))) await putBlock(id, sealed); }, onWaiting);
        put({ sent: place });
      }
    }
  }

  private async post(onWaiting: (waiting: boolean) => void): Promise<void> {
    this.attempted = true;
    try {
      await postSealed(this.visit, this.sealed, onWaiting);
    } catch (error) {
      if (error instanceof RefusedError) this.attempted = false;
      throw error;
    }
  }
}
