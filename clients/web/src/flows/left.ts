// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What of a visit has left already, and what nobody knows of: said on the page before somebody writes on or goes.
 *
 * Rules of this file: every try counts for itself. That one was refused says nothing of another that may have arrived.
 */
import type { Messages } from "../i18n/messages";

/** What of the first message of a visit has left: nothing; perhaps it has; it has. */
export type Left = "nothing" | "perhaps" | "report";

/** How a try stands: it was begun, and may arrive; it is certain that it has not; the server has signed for it. */
export type Outcome = "begun" | "refused" | "arrived";

/** The tries of a visit: how many may have arrived, and whether one has. */
export interface Tries {
  readonly unknown: number;
  readonly arrived: boolean;
}

export const NO_TRIES: Tries = { unknown: 0, arrived: false };

/** The tries after one of them has come so far. */
export function after(tries: Tries, outcome: Outcome): Tries {
  if (outcome === "arrived") return { ...tries, arrived: true };
  return { ...tries, unknown: tries.unknown + (outcome === "begun" ? 1 : -1) };
}

/** What all tries together say. */
export function leftBy({ unknown, arrived }: Tries): Left {
  if (arrived) return "report";
  return unknown > 0 ? "perhaps" : "nothing";
}

/** Once something has left, or may have, what is said of a page from which nothing was sent is not so any more. */
export function sayingWhatLeft(say: Messages, left: Left): Messages {
  if (left === "nothing") return say;
  if (left === "perhaps") return { ...say, not_sent_yet: say.record_note_perhaps, failed_nothing_sent: say.failed_perhaps_before };
  return { ...say, not_sent_yet: say.record_note_left, failed_nothing_sent: say.record_rest_failed };
}
