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
import type { Codename } from "@corncrake/core/codename";
import { b64url, repairText, unb64url } from "@corncrake/core/encoding";
import { sha256Hex } from "@corncrake/core/note";
import { generateFileIdentity, fileTag } from "@corncrake/core/file_identity";
import { randomBytes } from "@corncrake/core/randomness";
import { openReceipt, reportId } from "@corncrake/core/receipt";
import { buildReport, type ReportAnswer, type ReportFile } from "@corncrake/core/report";
import type { Recipient } from "@corncrake/core/recipients";
import { replyIdentity } from "@corncrake/core/reply";
import { seal } from "@corncrake/core/seal";
import type { Language } from "../i18n/messages";
import { hasBlock, LineError, postReport, putBlock, RefusedError } from "../transport/server";
import { isAnswered, outgoing, type Draft } from "./draft";
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

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const TRIES = 40;

export interface SendOptions {
  readonly visit: Visit;
  readonly codename: Codename;
  readonly kind: "first" | "follow_up";
  readonly draft: Draft;
  readonly language: Language;
}

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

function answersOf(draft: Draft): ReportAnswer[] {
  return Object.entries(draft.answers)
    .filter(([, answer]) => isAnswered(answer))
    .map(([question, { text, about, unknown, ...rest }]) =>
      // "I do not know" stands alone; what else was typed before it was ticked stays on the page.
      unknown === true
        ? { question, unknown }
        : { question, ...rest, ...(about === true ? { about } : {}), ...(text === undefined ? {} : { text: repairText(text) }) },
    );
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

/** Do one step; while the line is broken, say so and try again, a little later each time. */
async function persist<T>(step: () => Promise<T>, onWaiting: (waiting: boolean) => void): Promise<T> {
  let wait = FIRST_PAUSE_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      const result = await step();
      onWaiting(false);
      return result;
    } catch (error) {
      if (!(error instanceof LineError) || tries >= TRIES) throw error;
      onWaiting(true);
      await pause(wait);
      wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
    }
  }
}

async function sealedReport(options: SendOptions, files: readonly ReportFile[]): Promise<Uint8Array> {
  const { visit, codename, kind, draft, language } = options;
  const place = { root: visit.link.root, desk: visit.desk.id };
  const plaintext = buildReport({
    draft: {
      kind,
      origin: visit.charter.charter.origin,
      desk: visit.desk.id,
      charter: { sequence: visit.charter.charter.sequence, sha256: visit.charter.sha256 },
      epochs: visit.chosen.stanzas,
      message: b64url(randomBytes(16)),
      seen: visit.heads.map((head) => ({ reviewer: head.edition.reviewer, number: head.edition.number })),
      left_out: visit.chosen.leftOut,
      reply_tag: b64url(codename.derive("reply-tag", place.desk, place.root)),
      form: visit.desk.form,
      language,
      day: visit.today,
      answers: answersOf(draft),
      files,
    },
    threadSeed: codename.derive("thread-signing", place.desk, place.root),
    replyRecipient: replyIdentity(codename, place.root, place.desk).recipient,
  });
  return seal(plaintext, visit.chosen.recipients);
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
    const { visit, sealed } = this;
    this.attempted = true;
    try {
      const receipt = await persist(() => postReport(visit.desk.id, visit.epoch, sealed), onWaiting);
      const { log } = visit.charter.charter;
      openReceipt(receipt, { origin: log.origin, key: unb64url(log.key, 32), id: reportId(sealed), desk: visit.desk.id, today: visit.today });
    } catch (error) {
      if (error instanceof RefusedError) this.attempted = false;
      throw error;
    }
  }
}
