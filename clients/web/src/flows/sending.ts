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
import { generateFileIdentity, fileTag, type FileIdentity } from "@corncrake/core/file_identity";
import { randomBytes } from "@corncrake/core/randomness";
import { openReceipt, reportId } from "@corncrake/core/receipt";
import { buildReport, type ReportAnswer, type ReportFile } from "@corncrake/core/report";
import { replyIdentity } from "@corncrake/core/reply";
import { seal } from "@corncrake/core/seal";
import type { Language } from "../i18n/messages";
import { hasBlock, LineError, postReport, putBlock } from "../transport/server";
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

interface SendOptions {
  readonly visit: Visit;
  readonly codename: Codename;
  readonly kind: "first" | "follow_up";
  readonly draft: Draft;
  readonly language: Language;
  readonly onProgress: (progress: Progress) => void;
}

interface Outgoing {
  readonly identity: FileIdentity;
  readonly bytes: Uint8Array;
  readonly entry: ReportFile;
  readonly blocks: number;
  readonly total: number;
}

function prepare(draft: Draft): readonly Outgoing[] {
  const prepared: Outgoing[] = [];
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
    prepared.push({ identity, bytes, entry, blocks: plan.dataBlocks, total: plan.totalBlocks });
  }
  return prepared;
}

function answersOf(draft: Draft): ReportAnswer[] {
  return Object.entries(draft.answers)
    .filter(([, answer]) => isAnswered(answer))
    .map(([question, answer]) => ({
      question,
      ...answer,
      ...(answer.text === undefined ? {} : { text: repairText(answer.text) }),
    }));
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

async function sealedReport(options: SendOptions, files: readonly Outgoing[]): Promise<Uint8Array> {
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
      files: files.map((file) => file.entry),
    },
    threadSeed: codename.derive("thread-signing", place.desk, place.root),
    replyRecipient: replyIdentity(codename, place.root, place.desk).recipient,
  });
  return seal(plaintext, visit.chosen.recipients);
}

async function sendBlocks(files: readonly Outgoing[], onSent: (sent: number) => void, onWaiting: (waiting: boolean) => void): Promise<void> {
  let sent = 0;
  for (const file of files) {
    const tag = fileTag(file.identity.recipient);
    let index = 0;
    for (const id of blockIds(file.identity.blockKey, file.total)) {
      const data = file.bytes.subarray(index * BLOCK_DATA, (index + 1) * BLOCK_DATA);
      const fill = index >= file.blocks;
      const last = index === file.blocks - 1;
      const header = { v: 1 as const, file: tag, index, ...(last ? { last: true as const, of: file.blocks } : {}), ...(fill ? { fill: true as const } : {}) };
      const sealed = await seal(writeBlock(header, fill ? new Uint8Array() : data, BLOCK_CLASS), [file.identity.recipient]);
      await persist(async () => { if (!(await hasBlock(id))) await putBlock(id, sealed); }, onWaiting);
      sent += 1;
      index += 1;
      onSent(sent);
    }
  }
}

/**
 * Send a report and its files; done when the server has signed for the report, its signature was checked, and every block is there.
 *
 * @throws UsageError `size` when it is too long for one report; PeerError when the receipt is not right; RefusedError when the server says no.
 */
export async function sendReport(options: SendOptions): Promise<void> {
  const { visit, draft, onProgress } = options;
  const files = prepare(draft);
  const total = files.reduce((sum, file) => sum + file.total, 0);
  let progress: Progress = { ...NOTHING_SENT, total };
  const put = (change: Partial<Progress>): void => {
    progress = { ...progress, ...change };
    onProgress(progress);
  };
  put({});
  const sealed = await sealedReport(options, files);
  const receipt = await persist(() => postReport(visit.desk.id, visit.epoch, sealed), (waiting) => { put({ waiting }); });
  const log = visit.charter.charter.log;
  openReceipt(receipt, { origin: log.origin, key: unb64url(log.key, 32), id: reportId(sealed), desk: visit.desk.id });
  put({ reportSent: true });
  await sendBlocks(files, (sent) => { put({ sent }); }, (waiting) => { put({ waiting }); });
}
