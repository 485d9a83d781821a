// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What every visit does before anything else: fetch the organisation's papers and check them against the link.
 *
 * Rules of this file: the same requests in the same order, whoever comes and whatever for. Nothing that the server says is shown before it was checked
 * against `root`. 'Today' is the later of the clock and the newest day that a reviewer signed.
 */
import { EMERGENCY_DAYS, openCharter, findDesk, tellsEmergency, type Desk, type OpenedCharter } from "@corncrake/core/charter";
import { checkHeads, newestHeads, unseenVoices, type OpenedEdition, type Unseen } from "@corncrake/core/edition";
import { addDays, dayNumber, parseRoot } from "@corncrake/core/encoding";
import { CorncrakeError } from "@corncrake/core/errors";
import { readForm, type Form } from "@corncrake/core/form";
import { readBundle } from "@corncrake/core/note";
import { chooseRecipients, epochOf, type Chosen } from "@corncrake/core/prekeys";
import { fetchCharter, fetchForm, fetchHeads, fetchPrekeys } from "../transport/server";

/** What the link names: which organisation (`root`, 32 bytes) and which of its desks; the first one where it names none. */
export interface Link {
  readonly root: Uint8Array;
  readonly origin: string;
  readonly desk: string | undefined;
}

/** What a person should know before writing: it is said, and stops nobody. */
export interface Notices {
  /** The day on which a reviewer was last seen, when that is long ago. */
  readonly staleSince: string | undefined;
  /** The last day on which an emergency is told, when there is one. */
  readonly emergencyUntil: string | undefined;
  /** Voices that have not been seen lately, where others have. */
  readonly unseen: readonly Unseen[];
}

/** The checked papers of one visit. */
export interface Visit {
  readonly link: Link;
  readonly charter: OpenedCharter;
  readonly desk: Desk;
  readonly form: Form;
  readonly epoch: number;
  readonly today: string;
  /** What the device's clock said at the time; `today` may be later. */
  readonly clockDay: string;
  readonly chosen: Chosen;
  readonly heads: readonly OpenedEdition[];
  readonly notices: Notices;
}

/** Say whether this is the address of a server as a browser writes it, without a path. */
function isServer(origin: string): boolean {
  if (!/^https?:/.test(origin)) return false;
  try {
    return new URL(origin).origin === origin;
  } catch {
    return false;
  }
}

/**
 * Read `#r=ROOT&d=DESK` of the page's address; undefined when it is not complete.
 *
 * @param saved this is a page that was opened from disk: the server is `o=ORIGIN` of the link, or where the link itself leads. The charter says whether it is right.
 */
export function readLink(location: { readonly hash: string; readonly origin: string }, saved: boolean): Link | undefined {
  const parts = new URLSearchParams(location.hash.replace(/^#/, ""));
  const origin = saved ? (parts.get("o") ?? location.origin) : location.origin;
  if (saved && !isServer(origin)) return undefined;
  try {
    return { root: parseRoot(parts.get("r") ?? ""), origin, desk: parts.get("d") ?? undefined };
  } catch (error) {
    if (error instanceof CorncrakeError) return undefined;
    throw error;
  }
}

function dayOf(clock: Date): string {
  return clock.toISOString().slice(0, 10);
}

/** The day that it is by now: `today`, and the days that have gone by on the device's clock while the page was open. */
export function dayNow(visit: Visit, clock: Date = new Date()): string {
  return addDays(visit.today, Math.max(0, dayNumber(dayOf(clock)) - dayNumber(visit.clockDay)));
}

/**
 * Fetch and check what a visit needs.
 *
 * @throws LineError, RefusedError from the transport; FileError, PeerError from the papers themselves, each with its failure class.
 */
export async function loadVisit(link: Link, clock: Date = new Date()): Promise<Visit> {
  const clockDay = dayOf(clock);
  const charter = openCharter(await fetchCharter(), { root: link.root, origin: link.origin, today: clockDay });
  const desk = link.desk === undefined ? charter.charter.desks[0] : findDesk(charter.charter, link.desk);
  if (desk === undefined) throw new TypeError("a charter has at least one desk");
  const heads = newestHeads(charter, desk.id, readBundle(await fetchHeads(desk.id)));
  const { today, lastSeen, quiet } = checkHeads(charter, heads, clockDay);
  const form = readForm(await fetchForm(desk.form), desk.form);
  const epoch = epochOf(today);
  const chosen = chooseRecipients(charter.charter, desk.id, epoch, readBundle(await fetchPrekeys(desk.id, epoch)), today);
  const notices = {
    staleSince: quiet ? (lastSeen ?? charter.charter.issued) : undefined,
    emergencyUntil: tellsEmergency(charter.charter, today) ? addDays(charter.charter.issued, EMERGENCY_DAYS - 1) : undefined,
    unseen: quiet ? [] : unseenVoices(charter, desk.id, heads, today),
  };
  return { link, charter, desk, form, epoch, today, clockDay, chosen, heads, notices };
}
