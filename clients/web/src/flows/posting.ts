// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * One report on its way to the server: sealed, posted, and sealed anew when its week is over before it could leave.
 *
 * Rules of this file: what a report is made of is kept until the server has signed for it, and no longer. It is sealed anew only while it is certain that the
 * server has nothing of it, under the same words and as the same message, and to nobody who could not open it before: who reads it is what the reporter agreed to.
 */
import type { ClosedRecording, ReportFile } from "@corncrake/core/report";
import { RefusedError } from "../transport/server";
import type { SealedReport } from "../worker/orders";
import { newMessage } from "./chance";
import { EMPTY_DRAFT } from "./draft";
import { postSealed, sealedReport, type SendOptions } from "./sealing";
import { loadVisit, type Visit } from "./visit";

/** Say whether the server does not take a report any more, since its week is over. */
export function isTooOld(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.failure === "epoch";
}

/** Since the visit began the desk became another: others could open the report. Nothing was sent. */
export class DeskChanged extends Error {}

/** Say whether a report sealed at the second visit can be opened by nobody but those whom the first one named. */
function sameReaders(before: Visit, now: Visit): boolean {
  // Both were read from their one encoding: equal desks are equal text.
  return JSON.stringify(before.desk) === JSON.stringify(now.desk) && now.chosen.recipients.length <= before.chosen.recipients.length;
}

interface Content {
  readonly options: SendOptions;
  readonly message: string;
  readonly files: readonly ReportFile[];
  readonly closed: readonly ClosedRecording[];
}

/** One report, from its sealing to the server's signature. */
export class Posting {
  private mayHaveArrived = false;

  private constructor(
    private content: Content,
    private sealed: Uint8Array,
  ) {}

  /**
   * Seal a report; nothing leaves yet.
   *
   * @param closed recordings of this thread that have ended.
   * @throws UsageError `size` when it is too long for one report.
   */
  static async prepare(options: SendOptions, files: readonly ReportFile[], closed: readonly ClosedRecording[] = []): Promise<Posting> {
    const message = newMessage();
    return new Posting({ options, message, files, closed }, await sealedReport(options, message, files, closed));
  }

  /** The papers that it is sealed by. */
  get visit(): Visit {
    return this.content.options.visit;
  }

  /** It, as it may wait on the device. */
  get report(): SealedReport {
    return { desk: this.visit.desk.id, epoch: this.visit.epoch, sealed: this.sealed };
  }

  /** The server may have it, whether or not it has signed for it: the line broke over its answer, or the answer was not right. */
  get uncertain(): boolean {
    return this.mayHaveArrived;
  }

  /**
   * Post it until the server has signed for it. May be called again. `onSealedAnew`: its week was over, and `report` is another now.
   *
   * @throws what `onWaiting` throws, which it may to end this; LineError when the line stays broken; PeerError when the receipt is not right; RefusedError when
   *   the server says no; DeskChanged; what `loadVisit` throws.
   */
  async post(onWaiting: (waiting: boolean) => void, onSealedAnew: () => void = () => undefined): Promise<void> {
    try {
      await this.postOnce(onWaiting);
    } catch (error) {
      if (!isTooOld(error) || this.mayHaveArrived) throw error;
      await this.sealAnew(error);
      onSealedAnew();
      await this.postOnce(onWaiting);
    }
  }

  private async postOnce(onWaiting: (waiting: boolean) => void): Promise<void> {
    onWaiting(false);
    try {
      await postSealed(this.visit, this.sealed, (waiting) => {
        // A try that broke may have brought it there; a 'no' that comes after it does not undo that.
        if (waiting) this.mayHaveArrived = true;
        onWaiting(waiting);
      });
    } catch (error) {
      if (!(error instanceof RefusedError && error.isCertain)) this.mayHaveArrived = true;
      throw error;
    }
    this.content = { ...this.content, options: { ...this.content.options, draft: EMPTY_DRAFT }, files: [], closed: [] };
  }

  private async sealAnew(refused: RefusedError): Promise<void> {
    const { options, message, files, closed } = this.content;
    const visit = await loadVisit(this.visit.link);
    if (visit.epoch <= this.visit.epoch) throw refused;
    options.onVisit(visit);
    if (!sameReaders(this.visit, visit)) throw new DeskChanged();
    const now = { ...options, visit };
    this.sealed = await sealedReport(now, message, files, closed);
    this.content = { ...this.content, options: now };
  }
}
