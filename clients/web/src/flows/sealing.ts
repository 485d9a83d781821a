// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Sealing one report to a desk, and bringing it there.
 *
 * Rules of this file: the bytes of a sealed report are posted again until the server has signed for them, and what the server signed is checked.
 */
import type { Codename } from "@corncrake/core/codename";
import { b64url, repairText, unb64url } from "@corncrake/core/encoding";
import { CorncrakeError, Failure, PeerError } from "@corncrake/core/errors";
import { openReceipt, reportId } from "@corncrake/core/receipt";
import { buildReport, type ClosedRecording, type ReportAnswer, type ReportFile } from "@corncrake/core/report";
import { replyIdentity } from "@corncrake/core/reply";
import { seal } from "@corncrake/core/seal";
import type { Language } from "../i18n/messages";
import { postReport, RefusedError } from "../transport/server";
import type { SealedReport } from "../worker/orders";
import { isAnswered, type Draft } from "./draft";
import { persist } from "./persist";
import { Stamping } from "./stamping";
import { dayNow, loadVisit, type Visit } from "./visit";

/** One report: whose, what is in it, and in what language it was asked for. */
export interface SendOptions {
  readonly visit: Visit;
  readonly codename: Codename;
  readonly kind: "first" | "follow_up";
  readonly draft: Draft;
  readonly language: Language;
  /** Told when the papers of the visit had to be fetched anew. */
  readonly onVisit: (visit: Visit) => void;
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

/**
 * Seal one report; nothing leaves yet.
 *
 * @param message its id: one that is sealed again keeps it.
 * @param closed recordings of this thread that have ended.
 * @throws UsageError `size` when it is too long for one report.
 */
export async function sealedReport(options: SendOptions, message: string, files: readonly ReportFile[], closed: readonly ClosedRecording[]): Promise<Uint8Array> {
  const { visit, codename, kind, draft, language } = options;
  const place = { root: visit.link.root, desk: visit.desk.id };
  const plaintext = buildReport({
    draft: {
      kind,
      origin: visit.charter.charter.origin,
      desk: visit.desk.id,
      charter: { sequence: visit.charter.charter.sequence, sha256: visit.charter.sha256 },
      epochs: visit.chosen.stanzas,
      message,
      seen: visit.heads.map((head) => ({ reviewer: head.edition.reviewer, number: head.edition.number })),
      left_out: visit.chosen.leftOut,
      reply_tag: b64url(codename.derive("reply-tag", place.desk, place.root)),
      form: visit.desk.form,
      language,
      day: visit.today,
      answers: answersOf(draft),
      files,
      ...(closed.length > 0 ? { closed } : {}),
    },
    threadSeed: codename.derive("thread-signing", place.desk, place.root),
    replyRecipient: replyIdentity(codename, place.root, place.desk).recipient,
  });
  return seal(plaintext, visit.chosen.recipients);
}

/**
 * Post a sealed report; done when the server has signed for it and its signature was checked.
 *
 * @throws LineError when the line stays broken; PeerError when the receipt is not right, by the newest charter too; RefusedError when the server says no.
 */
export async function postSealed(visit: Visit, sealed: Uint8Array, onWaiting: (waiting: boolean) => void): Promise<void> {
  await postFor(visit, { desk: visit.desk.id, epoch: visit.epoch, sealed }, onWaiting);
}

/** Post a report that was sealed at an earlier visit, perhaps for another desk and week; otherwise as `postSealed`. */
export async function postFor(visit: Visit, report: SealedReport, onWaiting: (waiting: boolean) => void): Promise<void> {
  const { desk, epoch, sealed } = report;
  const stamping = new Stamping(visit, sealed);
  const receipt = await persist(() => stamping.post((stamp) => postReport(desk, epoch, sealed, stamp)), onWaiting);
  const check = ({ charter }: Visit): void => {
    const { log } = charter.charter;
    openReceipt(receipt, { origin: log.origin, key: unb64url(log.key, 32), id: reportId(sealed), desk, today: dayNow(visit) });
  };
  try {
    check(visit);
  } catch (error) {
    if (!(error instanceof PeerError && error.failure === Failure.SIGNATURE)) throw error;
    // The organisation may have begun another log since: its newest charter says so, and nobody else can.
    const now = await persist(() => loadVisit(visit.link), onWaiting).catch((other: unknown) => {
      // A 'no' to this question says nothing of the report.
      throw other instanceof RefusedError || other instanceof CorncrakeError ? error : other;
    });
    // Only a newer one names another log; an older one would bring back a log that the organisation has done with.
    if (now.charter.charter.sequence <= visit.charter.charter.sequence) throw error;
    check(now);
  }
}
