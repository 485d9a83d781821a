// SPDX-License-Identifier: Apache-2.0
/**
 * Editions: how reviewers answer without anybody having a mailbox.
 *
 * Rules of this file: a voice's board is one edition, the newest. Its head is a note that names every tile by its hash, the newest charter and the state of
 * the log. A tile is a fixed number of slots of one size, sorted by tag; which slot is whose, only the two can say.
 *
 * Source: crypto/spec/edition.md.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { checkFloor, charterRef, findDesk, identityOf, type OpenedCharter } from "./charter";
import { compare, concat, dayNumber, equal, parseRoot, u64be, type Day } from "./encoding";
import { Failure, PeerError } from "./errors";
import { openNote, readDocument, sha256Hex, textHash, unverifiedText } from "./note";
import { REPLY_CLASS, wireSize } from "./padding";
import { utf8 } from "./platform";
import { bytes, day, hash, id, integer, list, logOrigin, object, root, type Decoded } from "./schema";

const KIND = "edition";
const MAX_BITS = 10;
const MAX_HEAD = 128 << 10;
const TAG_LENGTH = 16;
/** The parts that one reply may have. */
export const MAX_PARTS = 4;
/** Bytes of one sealed reply: 7,803. */
export const SEALED_REPLY = wireSize(1, REPLY_CLASS);
/** Bytes of one slot: 7,819. */
export const SLOT = TAG_LENGTH + SEALED_REPLY;
/** After so many days without a new head a client says that nobody has been seen. */
const QUIET_DAYS = 14;

const edition = object({
  root,
  desk: id,
  reviewer: id,
  number: integer(1),
  day,
  bits: integer(0, MAX_BITS),
  slots: integer(8, 4_096),
  tiles: list(hash, 1 << MAX_BITS, 1),
  charter: charterRef,
  log: object({ origin: logOrigin, size: integer(), root: bytes(32) }),
});

export type Edition = Decoded<typeof edition>;

/** A verified head, its text, and the SHA-256 of that, hex. */
export interface OpenedEdition {
  readonly edition: Edition;
  readonly text: string;
  readonly sha256: string;
}

/** What heads say about time: the day to go by, and the day on which a reviewer was last seen, when that is long ago. */
export interface Presence {
  readonly today: Day;
  readonly lastSeen: Day | undefined;
  readonly quiet: boolean;
}

/** One slot of a tile. */
export interface Slot {
  readonly tag: Uint8Array;
  readonly sealed: Uint8Array;
}

function refused(detail: string): PeerError {
  return new PeerError(Failure.EDITION, detail);
}

/** Whose a head must be: organisation (32 bytes), desk, voice, and that reviewer's 32-byte identity key. */
export interface EditionExpected {
  readonly root: Uint8Array;
  readonly desk: string;
  readonly reviewer: string;
  readonly identity: Uint8Array;
}

/**
 * Verify a head.
 *
 * @throws FileError `note`, `kind`, `json`, `not-canonical`; PeerError `signature`, `root`, `desk`, `edition`.
 *
 * Source: crypto/spec/edition.md §1.
 */
export function openEdition(raw: Uint8Array, expected: EditionExpected): OpenedEdition {
  const text = openNote(raw, [{ name: `reviewer/${expected.reviewer}`, key: expected.identity }], { limit: MAX_HEAD });
  const value = readDocument(text, KIND, edition);
  if (!equal(parseRoot(value.root), expected.root)) throw new PeerError(Failure.ROOT, "this edition is of another organisation");
  if (value.desk !== expected.desk || value.reviewer !== expected.reviewer) throw new PeerError(Failure.DESK, "this edition is of another desk or reviewer");
  if (value.tiles.length !== 1 << value.bits) throw refused("an edition names another number of tiles than it has");
  if ((value.slots & (value.slots - 1)) !== 0) throw refused("the slots of a tile are 8 times a power of two");
  return { edition: value, text, sha256: textHash(text) };
}

/**
 * Return the newest head of each voice, in the order of reviewer ids; a voice without one is not there.
 *
 * @throws FileError as `openEdition`; PeerError as `openEdition`, and `desk`, for a reviewer who is no voice; `equivocation`, for two heads of one number.
 *
 * Source: crypto/spec/edition.md §2.
 */
export function newestHeads(opened: OpenedCharter, deskId: string, notes: readonly Uint8Array[]): OpenedEdition[] {
  const desk = findDesk(opened.charter, deskId);
  const rootBytes = parseRoot(opened.charter.root);
  const newest = new Map<string, OpenedEdition>();
  const seen = new Map<string, string>();
  for (const raw of notes) {
    const { reviewer } = readDocument(unverifiedText(raw, MAX_HEAD), KIND, edition);
    if (!desk.voices.includes(reviewer)) throw new PeerError(Failure.DESK, "a reviewer who is no voice of this desk has published");
    const head = openEdition(raw, { root: rootBytes, desk: deskId, reviewer, identity: identityOf(desk, reviewer) });
    const place = `${reviewer} ${String(head.edition.number)}`;
    if ((seen.get(place) ?? head.sha256) !== head.sha256) throw new PeerError(Failure.EQUIVOCATION, "a reviewer signed two editions of one number");
    seen.set(place, head.sha256);
    if (head.edition.number >= (newest.get(reviewer)?.edition.number ?? 0)) newest.set(reviewer, head);
  }
  return [...newest.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, head]) => head);
}

/**
 * Check the charter against what heads know, and say what day it is and whether a reviewer was seen lately.
 *
 * @throws PeerError `rollback` or `equivocation`, when a head names a newer charter or another of this sequence; `expired`, when the charter has ended by the
 *   newest day that a head names.
 *
 * Source: crypto/spec/edition.md §3.
 */
export function checkHeads(opened: OpenedCharter, heads: readonly OpenedEdition[], clockDay: Day): Presence {
  for (const head of heads) checkFloor(opened, head.edition.charter);
  const days = heads.map((head) => head.edition.day).sort();
  const lastSeen = days[days.length - 1];
  const today = lastSeen !== undefined && lastSeen > clockDay ? lastSeen : clockDay;
  if (today > opened.charter.expires) throw new PeerError(Failure.EXPIRED, "the charter has expired");
  return { today, lastSeen, quiet: lastSeen === undefined || dayNumber(today) - dayNumber(lastSeen) > QUIET_DAYS };
}

/** A voice that has not been seen lately, and the day of its newest head; undefined when there is none. */
export interface Unseen {
  readonly reviewer: string;
  readonly lastSeen: Day | undefined;
}

/**
 * Return the voices of a desk whose newest head is long ago, in the order of their ids; one without a head is seen when the charter was issued.
 *
 * @throws PeerError `desk`, when the charter has no such desk.
 *
 * Source: crypto/spec/edition.md §3.
 */
export function unseenVoices(opened: OpenedCharter, deskId: string, heads: readonly OpenedEdition[], today: Day): Unseen[] {
  const seen = new Map(heads.map((head) => [head.edition.reviewer, head.edition.day]));
  return [...findDesk(opened.charter, deskId).voices]
    .sort()
    .filter((voice) => dayNumber(today) - dayNumber(seen.get(voice) ?? opened.charter.issued) > QUIET_DAYS)
    .map((reviewer) => ({ reviewer, lastSeen: seen.get(reviewer) }));
}

/**
 * Return the number of the tile that holds a thread's replies, from 0; `thread` is the 32 bytes of its public key.
 *
 * Source: crypto/spec/edition.md §4.
 */
export function bucketOf(desk: string, thread: Uint8Array, bits: number): number {
  const digest = sha256(concat(utf8(`corncrake.org/v1/bucket\n${desk}\n`), thread));
  return (((digest[0] ?? 0) << 8) | (digest[1] ?? 0)) >> (16 - bits);
}

/**
 * Return the 16 bytes that mark the slot of one part of one thread's reply in one edition; `key` and `thread` have 32 bytes, parts are counted from 0.
 * The thread is in it so that two threads which say the same key, by malice, still have slots of their own.
 *
 * Source: crypto/spec/edition.md §4.
 */
export function replyTag(key: Uint8Array, thread: Uint8Array, desk: string, reviewer: string, number: number, part: number): Uint8Array {
  const place = concat(utf8(`corncrake.org/v1/tag\n${desk}\n${reviewer}\n`), thread, u64be(number), Uint8Array.of(part));
  return hmac(sha256, key, place).slice(0, TAG_LENGTH);
}

/** Return how many bytes a tile of so many slots has. */
export function tileSize(slots: number): number {
  return slots * SLOT;
}

/**
 * Return the slots of a tile.
 *
 * @throws PeerError `edition`, when it is not the one that the head names, or not in the one form.
 *
 * Source: crypto/spec/edition.md §4.
 */
export function readTile(raw: Uint8Array, slots: number, sha256Name: string): Slot[] {
  if (raw.length !== tileSize(slots) || sha256Hex(raw) !== sha256Name) throw refused("this tile is not the one that the edition names");
  const found: Slot[] = [];
  for (let at = 0; at < raw.length; at += SLOT) {
    found.push({ tag: raw.slice(at, at + TAG_LENGTH), sealed: raw.slice(at + TAG_LENGTH, at + SLOT) });
  }
  if (found.some((slot, index) => index > 0 && compare(found[index - 1]?.tag ?? slot.tag, slot.tag) >= 0)) throw refused("the tags of a tile do not rise");
  return found;
}

/** Return the sealed reply in the slot with this tag; undefined when there is none. */
export function findSlot(tile: readonly Slot[], tag: Uint8Array): Uint8Array | undefined {
  return tile.find((slot) => equal(slot.tag, tag))?.sealed;
}
