// SPDX-License-Identifier: Apache-2.0
/**
 * The report: what one person tells one desk, inside its seal.
 *
 * Rules of this file: the thread's key signs everything, so that reviewers know that a follow-up comes from whoever wrote first. A report says for itself
 * which desk, origin, charter and prekeys it was meant for.
 *
 * Source: crypto/spec/report.md.
 */
import { checkMembers, contentLength, readArchive, writeArchive } from "./archive";
import { BLOCK_CLASSES, MAX_FILE_SIZE, dataRoom, MAX_LIVE_BLOCKS, planBlocks } from "./block";
import { charterRef, origin } from "./charter";
import { b64url, canonical, unb64url } from "./encoding";
import { Failure, FileError, PeerError } from "./errors";
import { sha256Hex } from "./note";
import { classFor, REPORT_CLASSES } from "./padding";
import { sealedTo } from "./prekeys";
import { Recipient } from "./recipients";
import { bytes, day, decodeAs, hash, id, integer, language, list, object, oneOf, pattern, text, version, yes, type Decoded } from "./schema";
import { publicKey, signStatement, verifyStatement } from "./signatures";

const KIND = "report";
const MEMBERS = ["report.json", "reply.key"] as const;

const answer = object(
  { question: id },
  { text: text(100_000), day, until: day, about: yes, choices: list(id, 32), unknown: yes },
);
const file = object(
  { identity: pattern(/^AGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{58}$/, "an identity"), block_key: bytes(32), class: integer(), name: text(255), type: text(127) },
  {
    blocks: integer(1, MAX_LIVE_BLOCKS),
    sha256: hash,
    size: integer(),
    live: yes,
    cleaning: oneOf("strip", "keep", "partial"),
    removed: list(text(64), 64),
  },
);
const ended = object({ file: bytes(16), blocks: integer(1, MAX_LIVE_BLOCKS), size: integer(), sha256: hash });
const drafted = {
  kind: oneOf("first", "follow_up", "cover"),
  origin,
  desk: id,
  charter: charterRef,
  epochs: list(sealedTo, 16, 1),
  message: bytes(16),
  seen: list(object({ reviewer: id, number: integer(1) }), 16),
  left_out: list(id, 17),
  reply_tag: bytes(32),
  form: hash,
  language,
  day,
  answers: list(answer, 64),
  files: list(file, 400),
};
const report = object({ ...drafted, v: version, thread: bytes(32), reply_key: hash, signature: bytes(64) }, { closed: list(ended, 16, 1) });

/** An answer to one question of the form. */
export type ReportAnswer = Decoded<typeof answer>;
/** An attached file: how to find, open and check its blocks, and the reporter's own words for it. */
export type ReportFile = Decoded<typeof file>;
/** The end of a recording, named by the tag of its file identity, that an earlier message of the thread named with `live`. */
export type ClosedRecording = Decoded<typeof ended>;
/** What a client decides about a report. */
export type ReportDraft = Omit<Report, "v" | "thread" | "reply_key" | "signature">;
/** A report as it stands in `report.json`. */
export type Report = Decoded<typeof report>;

/** What a report is made of: what it says, the 32-byte seed of the thread's key, and what answers will be sealed to. */
export interface ReportParts {
  readonly draft: ReportDraft;
  readonly threadSeed: Uint8Array;
  readonly replyRecipient: Recipient;
}

/**
 * Return the plaintext of a report: an archive padded to the smallest class that holds it.
 *
 * @throws UsageError `size`, when it does not fit into the largest class; FileError `json`, when a text holds what canonical JSON does not allow.
 *
 * Source: crypto/spec/report.md §2.
 */
export function buildReport({ draft: words, threadSeed, replyRecipient }: ReportParts): Uint8Array {
  const fields = { ...words, v: 1 as const, thread: b64url(publicKey(threadSeed)), reply_key: sha256Hex(replyRecipient.raw) };
  const raw = canonical({ ...fields, signature: signStatement(threadSeed, KIND, fields) });
  const members = [
    { name: MEMBERS[0], data: raw },
    { name: MEMBERS[1], data: replyRecipient.raw },
  ];
  return writeArchive(members, classFor(contentLength(members.map((member) => member.data.length)), REPORT_CLASSES));
}

/** A file that is not being recorded says its size and hash, and has exactly the blocks that its size needs. */
function hasItsBlocks(one: ReportFile): boolean {
  if (!BLOCK_CLASSES.includes(one.class)) return false;
  if (one.live === true) return true;
  if (one.size === undefined || one.sha256 === undefined || one.size > MAX_FILE_SIZE) return false;
  const plan = planBlocks(one.size);
  return one.class === plan.blockClass && one.blocks === plan.dataBlocks;
}

/** A recording has no more data than its blocks can hold. */
function isClosedRight(one: ClosedRecording): boolean {
  return one.size <= one.blocks * dataRoom(Math.max(...BLOCK_CLASSES));
}

/**
 * Return the report in a plaintext, its signature verified.
 *
 * @throws FileError `size`, `kind`, `archive`, `json`, `not-canonical`, `encoding`; PeerError `signature`; `block`, when a file has blocks that cannot be.
 *
 * Source: crypto/spec/report.md §3.
 */
export function readReport(plaintext: Uint8Array): { readonly report: Report; readonly replyRecipient: Recipient } {
  if (!REPORT_CLASSES.includes(plaintext.length)) throw new FileError(Failure.SIZE, "this length is no class of reports");
  const members = readArchive(plaintext);
  if (members[0]?.name !== MEMBERS[0]) throw new FileError(Failure.KIND, "this is no report");
  checkMembers(members, MEMBERS);
  const value = decodeAs(members[0].data, report);
  const replyKey = members[1]?.data ?? new Uint8Array();
  if (sha256Hex(replyKey) !== value.reply_key) throw new FileError(Failure.ARCHIVE, "the reply key is not the one that the report names");
  verifyStatement(unb64url(value.thread), KIND, value, value.signature);
  if (!value.files.every(hasItsBlocks)) throw new PeerError(Failure.BLOCK, "a file has not the blocks that its size needs");
  const closed = value.closed ?? [];
  if (!closed.every(isClosedRight) || new Set(closed.map((one) => one.file)).size !== closed.length) {
    throw new PeerError(Failure.BLOCK, "a recording has more bytes than its blocks can hold, or is closed twice");
  }
  return { report: value, replyRecipient: Recipient.fromRaw(replyKey) };
}
