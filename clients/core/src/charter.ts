// SPDX-License-Identifier: Apache-2.0
/**
 * The charter: what an organisation signs about itself; everything that a client believes follows from it.
 *
 * Rules of this file: bytes in, a verified value out, and the order of checks is the order of the lines of `openCharter`. The pin is `root`, the hash of the
 * organisation's first key; successors are chained to it by notes that both keys sign.
 *
 * Source: crypto/spec/charter.md.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { addDays, concat, dayNumber, equal, parseRoot, unb64url, type Day } from "./encoding";
import { CorncrakeError, Failure, PeerError } from "./errors";
import { openNote, readDocument, textHash, unverifiedText } from "./note";
import { utf8 } from "./platform";
import { bytes, day, hash, id, integer, language, list, localised, logOrigin, object, pattern, root, text, yes, type Decoded } from "./schema";

const KIND = "charter";
const SUCCESSION = "succession";
const ORGANISATION = "organisation";
const SUCCESSOR = "successor";
/** The name of a desk's recovery key among its stanzas; no reviewer may have it. */
export const RECOVERY = "recovery";
const MAX_LIFE = 95;
const MAX_AHEAD = 2;
const MAX_READERS = 16;
const LABEL = 500;

const ORIGIN = /^(?:https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http:\/\/(?:127\.0\.0\.1|localhost|(?:[a-z0-9-]+\.)+onion))(?::[1-9][0-9]{0,4})?$/;

/** The text of a recipient; its checksum is checked where it is used. */
export const recipientText = pattern(/^age1pq1[02-9ac-hj-np-z]{1952}$/, "a recipient");
/** The address of a server. */
export const origin = text(255, 8);
const reviewer = object({ id, identity: bytes(32) });
const recovery = object({ number: integer(1), quarter: pattern(/^[0-9]{4}-Q[1-4]$/, "a quarter"), recipient: recipientText, not_before: day, not_after: day });
const desk = object(
  {
    id,
    names: localised(LABEL),
    languages: list(language, 8, 1),
    form: hash,
    reviewers: list(reviewer, MAX_READERS, 1),
    min: integer(1, MAX_READERS),
    voices: list(id, MAX_READERS, 1),
  },
  { recovery: list(recovery, 8, 1) },
);
/** Which charter was meant: its sequence and the SHA-256 of its text. */
export const charterRef = object({ sequence: integer(1), sha256: hash });
const witnesses = object({ keys: list(object({ name: logOrigin, key: bytes(32) }), 16, 1), threshold: integer(1, 16) });
const charter = object(
  {
    sequence: integer(1),
    root,
    successions: list(text(4_096), 16),
    issued: day,
    expires: day,
    organisation: object({ key: bytes(32), names: localised(LABEL) }),
    origin,
    log: object({ origin: logOrigin, key: bytes(32) }),
    desks: list(desk, 64, 1),
    couriers: list(object({ id, key: bytes(32) }), 64),
    release_keys: list(bytes(32), 16),
  },
  { emergency: yes, quorum: integer(2, MAX_READERS), stamps: list(integer(0, 255), 3, 3), witnesses },
);
const succession = object({ root, number: integer(1), from_key: bytes(32), to_key: bytes(32) });

export type Desk = Decoded<typeof desk>;
export type Charter = Decoded<typeof charter>;
export type CharterRef = Decoded<typeof charterRef>;

/** A verified charter, its text, and the SHA-256 of that, hex. */
export interface OpenedCharter {
  readonly charter: Charter;
  readonly text: string;
  readonly sha256: string;
}

function refused(failure: Failure, detail: string): PeerError {
  return new PeerError(failure, detail);
}

/** Return the 32-byte root of the organisation whose first 32-byte key this is. */
export function rootOf(key: Uint8Array): Uint8Array {
  return sha256(concat(utf8("corncrake.org/organisation/v1\n"), key));
}

function openSuccession(raw: string, root52: string, number: number): Decoded<typeof succession> {
  let value: Decoded<typeof succession>;
  try {
    const note = utf8(raw);
    value = readDocument(unverifiedText(note), SUCCESSION, succession);
    const keys = [
      { name: ORGANISATION, key: unb64url(value.from_key) },
      { name: SUCCESSOR, key: unb64url(value.to_key) },
    ];
    openNote(note, keys, { required: [ORGANISATION, SUCCESSOR] });
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused(Failure.SUCCESSION, "a succession is not signed by both keys, or is none");
    throw error;
  }
  if (value.root !== root52 || value.number !== number) throw refused(Failure.SUCCESSION, "a succession is of another organisation, or not in its place");
  return value;
}

function checkChain(value: Charter, pinned: Uint8Array): void {
  const steps = value.successions.map((raw, index) => openSuccession(raw, value.root, index + 1));
  const keys = [...steps.map((step) => step.from_key), value.organisation.key];
  if (!equal(rootOf(unb64url(keys[0] ?? "")), pinned)) throw refused(Failure.ROOT, "the first key is not the one that was pinned");
  if (steps.some((step, index) => step.to_key !== keys[index + 1])) throw refused(Failure.SUCCESSION, "the chain of successions does not lead to the present key");
}

function checkDays(value: Charter, today: Day): void {
  if (value.issued > addDays(today, MAX_AHEAD)) throw refused(Failure.NOT_YET_VALID, "the charter is from the future, or this clock is slow");
  if (today > value.expires) throw refused(Failure.EXPIRED, "the charter has expired");
  const life = dayNumber(value.expires) - dayNumber(value.issued);
  if (life < 0 || life > MAX_LIFE) throw refused(Failure.CHARTER, `a charter lives ${String(MAX_LIFE)} days at most`);
}

/**
 * Check that a charter is not older than one that is known to exist.
 *
 * @throws PeerError `rollback` for a lower sequence; `equivocation` for the same sequence with another text.
 *
 * Source: crypto/spec/charter.md §4.
 */
export function checkFloor(opened: OpenedCharter, floor: CharterRef): void {
  if (opened.charter.sequence < floor.sequence) throw refused(Failure.ROLLBACK, "a newer charter exists");
  if (opened.charter.sequence === floor.sequence && opened.sha256 !== floor.sha256) throw refused(Failure.EQUIVOCATION, "two charters have the same sequence");
}

function checkUnique(values: readonly string[], what: string): void {
  if (new Set(values).size !== values.length) throw refused(Failure.CHARTER, `${what} is there twice`);
}

function checkDesk(value: Desk): void {
  const ids = value.reviewers.map((one) => one.id);
  checkUnique(ids, "a reviewer");
  checkUnique(value.reviewers.map((one) => one.identity), "an identity");
  checkUnique(value.voices, "a voice");
  checkUnique(value.languages, "a language");
  const keys = value.recovery ?? [];
  checkUnique(keys.map((one) => one.quarter), "a quarter");
  checkUnique(keys.map((one) => String(one.number)), "the number of a recovery key");
  checkUnique(keys.map((one) => one.recipient), "a recovery key");
  if (ids.includes(RECOVERY) || !value.voices.every((voice) => ids.includes(voice)) || value.min > ids.length) {
    throw refused(Failure.CHARTER, "a desk names a voice that is no reviewer, or needs more reviewers than it has");
  }
  if (ids.length + (keys.length > 0 ? 1 : 0) > MAX_READERS || keys.some((one) => one.not_after < one.not_before)) {
    throw refused(Failure.CHARTER, "a desk has too many readers, or a recovery key that ends before it begins");
  }
}

function checkConsistency(value: Charter): void {
  if (!ORIGIN.test(value.origin) || value.origin.includes("..")) throw refused(Failure.CHARTER, "the origin is not an address that a server may have");
  checkUnique(value.desks.map((one) => one.id), "a desk");
  checkUnique(value.couriers.map((one) => one.id), "a courier");
  checkUnique(value.couriers.map((one) => one.key), "a courier's key");
  checkUnique(value.release_keys, "a release key");
  value.desks.forEach(checkDesk);
  const people = new Map(value.desks.flatMap((one) => one.reviewers).map((one) => [`${one.id} ${one.identity}`, one]));
  checkUnique([...people.values()].map((one) => one.id), "a reviewer with two identities");
  checkUnique([...people.values()].map((one) => one.identity), "an identity of two reviewers");
  const watching = value.witnesses?.keys ?? [];
  checkUnique(watching.map((one) => one.name), "a witness");
  if (value.witnesses !== undefined && value.witnesses.threshold > watching.length) throw refused(Failure.CHARTER, "more witnesses are needed than there are");
  const [low = 0, middle = 0, high = 0] = value.stamps ?? [0, 1, 2];
  if (low >= middle || middle >= high) throw refused(Failure.CHARTER, "the steps of stamps do not rise");
  const roles = [value.organisation.key, value.log.key, ...[...people.values()].map((one) => one.identity), ...value.release_keys];
  checkUnique([...roles, ...value.couriers.map((one) => one.key), ...watching.map((one) => one.key)], "one key in two roles");
}

/** What a reader of a charter knows: the pinned root, the address it came from, the day, the highest charter known to exist. */
export interface CharterExpected {
  readonly root: Uint8Array;
  readonly origin: string | undefined;
  readonly today: Day;
  readonly floor?: CharterRef | undefined;
}

/**
 * Verify a charter.
 *
 * @throws FileError `note`, `kind`, `json`, `not-canonical`; PeerError, in this order, `root`, `succession`, `signature`, `origin`, `not-yet-valid`, `expired`,
 *   `charter` (its life), `rollback` or `equivocation`, `charter` (it contradicts itself).
 *
 * Source: crypto/spec/charter.md §3.
 */
export function openCharter(raw: Uint8Array, expected: CharterExpected): OpenedCharter {
  const noteText = unverifiedText(raw);
  const value = readDocument(noteText, KIND, charter);
  if (!equal(parseRoot(value.root), expected.root)) throw refused(Failure.ROOT, "this is the charter of another organisation");
  checkChain(value, expected.root);
  openNote(raw, [{ name: ORGANISATION, key: unb64url(value.organisation.key) }]);
  if (expected.origin !== undefined && value.origin !== expected.origin) throw refused(Failure.ORIGIN, "this charter is for another address");
  checkDays(value, expected.today);
  const opened = { charter: value, text: noteText, sha256: textHash(noteText) };
  if (expected.floor !== undefined) checkFloor(opened, expected.floor);
  checkConsistency(value);
  return opened;
}

/**
 * Return a desk.
 *
 * @throws PeerError `desk`, when the organisation has no such desk.
 */
export function findDesk(value: Charter, wanted: string): Desk {
  const found = value.desks.find((one) => one.id === wanted);
  if (found === undefined) throw refused(Failure.DESK, "this organisation has no such desk");
  return found;
}

/**
 * Return the 32-byte identity key of a reviewer of a desk.
 *
 * @throws PeerError `desk`, when the desk has no such reviewer.
 */
export function identityOf(value: Desk, wanted: string): Uint8Array {
  const found = value.reviewers.find((one) => one.id === wanted);
  if (found === undefined) throw refused(Failure.DESK, "this desk has no such reviewer");
  return unb64url(found.identity, 32);
}

/** Days for which an emergency is shown. */
export const EMERGENCY_DAYS = 30;

/**
 * Say whether a reader must be told that somebody was let in without those who read before: for 30 days from `issued`.
 *
 * Source: crypto/spec/charter.md §6.
 */
export function tellsEmergency(value: Charter, today: Day): boolean {
  return value.emergency === true && dayNumber(today) < dayNumber(value.issued) + EMERGENCY_DAYS;
}
