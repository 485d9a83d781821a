// SPDX-License-Identifier: Apache-2.0
/**
 * Prekeys: one public key to seal to per reviewer and week, so that what is destroyed cannot be opened again.
 *
 * Rules of this file: an epoch is one UTC week, counted from Monday 2026-01-05. Of two prekeys for one epoch the higher number holds; two of the same number
 * are `equivocation`. A client seals to every reviewer of the desk that has a valid one, in the order of their ids, the desk's recovery key last.
 *
 * Source: crypto/spec/prekeys.md.
 */
import { findDesk, identityOf, RECOVERY, recipientText, type Charter, type Desk } from "./charter";
import { addDays, dayNumber, equal, parseRoot, type Day } from "./encoding";
import { Failure, FileError, PeerError, UsageError } from "./errors";
import { openNote, readDocument, textHash, unverifiedText } from "./note";
import { Recipient } from "./recipients";
import { day, id, integer, object, root, type Decoded } from "./schema";

const KIND = "prekeys";
const EPOCH_ZERO: Day = "2026-01-05";
const EPOCH_DAYS = 7;
const MAX_NOTES = 64;

const prekey = object({ root, reviewer: id, epoch: integer(), number: integer(1), not_before: day, not_after: day, recipient: recipientText });
/** One stanza: whose prekey, of which epoch, and which of that reviewer's for it. */
export const sealedTo = object({ reviewer: id, epoch: integer(), number: integer(1) });

export type Prekey = Decoded<typeof prekey>;
export type SealedTo = Decoded<typeof sealedTo>;

/** Whom to seal to: `stanzas` and `recipients` side by side, and the reviewers that had no valid prekey. */
export interface Chosen {
  readonly stanzas: readonly SealedTo[];
  readonly recipients: readonly Recipient[];
  readonly leftOut: readonly string[];
}

/**
 * Return the epoch of a day, from 0.
 *
 * @throws UsageError `epoch`, for a day before the first.
 */
export function epochOf(value: Day): number {
  const epoch = Math.floor((dayNumber(value) - dayNumber(EPOCH_ZERO)) / EPOCH_DAYS);
  if (epoch < 0) throw new UsageError(Failure.EPOCH, "this day is before the first epoch: is the clock right?");
  return epoch;
}

function checkDays(value: Prekey): void {
  const start = dayNumber(EPOCH_ZERO) + EPOCH_DAYS * value.epoch;
  const before = dayNumber(value.not_before);
  const after = dayNumber(value.not_after);
  const last = start + EPOCH_DAYS - 1;
  if (!(before === start || before === start - 1) || !(after === last || after === last + 1)) {
    throw new PeerError(Failure.EPOCH, "the days of a prekey are not those of its epoch");
  }
}

/**
 * Verify one prekey.
 *
 * @throws FileError `note`, `kind`, `json`, `not-canonical`, `encoding`; PeerError `signature`, `root`, `desk`, `epoch`.
 *
 * Source: crypto/spec/prekeys.md §2.
 */
export function openPrekey(raw: Uint8Array, expected: { readonly root: Uint8Array; readonly reviewer: string; readonly identity: Uint8Array }): Prekey {
  const text = openNote(raw, [{ name: `reviewer/${expected.reviewer}`, key: expected.identity }]);
  const value = readDocument(text, KIND, prekey);
  if (!equal(parseRoot(value.root), expected.root)) throw new PeerError(Failure.ROOT, "this prekey is of another organisation");
  if (value.reviewer !== expected.reviewer) throw new PeerError(Failure.DESK, "this prekey is of another reviewer");
  checkDays(value);
  Recipient.fromText(value.recipient);
  return value;
}

function newest(charter: Charter, desk: Desk, epoch: number, notes: readonly Uint8Array[]): Map<string, Prekey> {
  const found = new Map<string, Prekey>();
  const seen = new Map<string, string>();
  const rootBytes = parseRoot(charter.root);
  for (const raw of notes) {
    const text = unverifiedText(raw);
    const { reviewer } = readDocument(text, KIND, prekey);
    const value = openPrekey(raw, { root: rootBytes, reviewer, identity: identityOf(desk, reviewer) });
    if (value.epoch !== epoch) throw new PeerError(Failure.EPOCH, "a prekey is of another epoch");
    const place = `${reviewer} ${String(value.number)}`;
    const sha256 = textHash(text);
    if ((seen.get(place) ?? sha256) !== sha256) throw new PeerError(Failure.EQUIVOCATION, "a reviewer signed two prekeys of one number");
    seen.set(place, sha256);
    if (value.number >= (found.get(reviewer)?.number ?? 0)) found.set(reviewer, value);
  }
  return found;
}

/**
 * Return whom to seal a report to.
 *
 * @throws FileError as `openPrekey`, and `size` for too many notes; PeerError as `openPrekey`, and `desk`, `epoch`, `equivocation`, `too-few`.
 *
 * Source: crypto/spec/prekeys.md §3.
 */
export function chooseRecipients(charter: Charter, deskId: string, epoch: number, notes: readonly Uint8Array[], today: Day): Chosen {
  if (notes.length > MAX_NOTES) throw new FileError(Failure.SIZE, `at most ${String(MAX_NOTES)} prekeys are looked at`);
  const desk = findDesk(charter, deskId);
  const found = newest(charter, desk, epoch, notes);
  const stanzas: SealedTo[] = [];
  const recipients: Recipient[] = [];
  const leftOut: string[] = [];
  for (const reviewer of desk.reviewers.map((one) => one.id).sort()) {
    const value = found.get(reviewer);
    if (value === undefined || today < value.not_before || today > value.not_after) {
      leftOut.push(reviewer);
      continue;
    }
    stanzas.push({ reviewer, epoch, number: value.number });
    recipients.push(Recipient.fromText(value.recipient));
  }
  if (recipients.length < desk.min) throw new PeerError(Failure.TOO_FEW, `${String(recipients.length)} reviewers have a valid prekey, ${String(desk.min)} are needed`);
  if (desk.recovery !== undefined) {
    const key = desk.recovery.find((one) => one.not_before <= today && today <= one.not_after);
    if (key === undefined) leftOut.push(RECOVERY);
    else {
      stanzas.push({ reviewer: RECOVERY, epoch, number: key.number });
      recipients.push(Recipient.fromText(key.recipient));
    }
  }
  if (new Set(recipients.map((one) => one.text)).size !== recipients.length) throw new PeerError(Failure.EQUIVOCATION, "two reviewers have the same recipient");
  return { stanzas, recipients, leftOut };
}

/** Return the first and last day of an epoch: Monday and Sunday. */
export function epochDays(epoch: number): readonly [Day, Day] {
  const first = addDays(EPOCH_ZERO, EPOCH_DAYS * epoch);
  return [first, addDays(first, EPOCH_DAYS - 1)];
}
