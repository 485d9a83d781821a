// SPDX-License-Identifier: Apache-2.0
/**
 * Replies: what a reviewer wrote to one thread in one slot of one edition.
 *
 * Rules of this file: a reply says for itself where it stands, signed by the reviewer's identity, so that a slot cannot be moved to another place or day. Its
 * acknowledgements may stand without text.
 *
 * Source: crypto/spec/reply.md.
 */
import { checkMembers, readArchive } from "./archive";
import { blockId } from "./block";
import { origin } from "./charter";
import type { Codename } from "./codename";
import { MAX_PARTS, SEALED_REPLY } from "./edition";
import { b64url } from "./encoding";
import { Failure, FileError, PeerError } from "./errors";
import { Identity } from "./identities";
import { REPLY_CLASS } from "./padding";
import { bytes, decodeAs, id, integer, list, object, text, version, type Decoded } from "./schema";
import { publicKey, verifyStatement } from "./signatures";
import { unseal } from "./unseal";

const KIND = "reply";
const MEMBERS = ["reply.json"] as const;
const MAX_JSON = 4_608;

const reply = object(
  {
    v: version,
    origin,
    desk: id,
    reviewer: id,
    edition: integer(1),
    bucket: integer(0, 0xffff),
    part: integer(0, MAX_PARTS - 1),
    parts: integer(1, MAX_PARTS),
    thread: bytes(32),
    acknowledged: list(bytes(16), 64),
    missing_blocks: list(blockId, 64),
    signature: bytes(64),
  },
  { text: text(MAX_JSON) },
);

/** One part of a reply as it stands in `reply.json`. */
export type Reply = Decoded<typeof reply>;

/** Where a client looked, and so where a reply must say that it stands. */
export interface ReplyPlace {
  readonly origin: string;
  readonly desk: string;
  readonly reviewer: string;
  readonly edition: number;
  readonly bucket: number;
  readonly part: number;
  readonly thread: string;
}

/** Return the identity that answers to this codename are sealed to. Source: crypto/spec/codename.md §4. */
export function replyIdentity(codename: Codename, root: Uint8Array, desk: string): Identity {
  return Identity.fromSeed(codename.derive("reply-identity", desk, root));
}

/** Return the name of this codename's thread: the base64url of its public key, 43 characters. */
export function threadIdOf(codename: Codename, root: Uint8Array, desk: string): string {
  return b64url(publicKey(codename.derive("thread-signing", desk, root)));
}

/**
 * Return the reply in a plaintext, if the reviewer with this 32-byte key wrote it for this place.
 *
 * @throws FileError `size`, `kind`, `archive`, `json`, `not-canonical`; PeerError, in this order: `signature`, `origin`, `desk` (or reviewer), `thread`,
 *   `edition` (or bucket, or part).
 *
 * Source: crypto/spec/reply.md §3.
 */
export function readReply(plaintext: Uint8Array, reviewerKey: Uint8Array, place: ReplyPlace): Reply {
  if (plaintext.length !== REPLY_CLASS) throw new FileError(Failure.SIZE, `a reply has ${String(REPLY_CLASS)} bytes`);
  const members = readArchive(plaintext);
  if (members[0]?.name !== MEMBERS[0]) throw new FileError(Failure.KIND, "this is no reply");
  checkMembers(members, MEMBERS);
  const value = decodeAs(members[0].data, reply);
  verifyStatement(reviewerKey, KIND, value, value.signature);
  if (value.origin !== place.origin) throw new PeerError(Failure.ORIGIN, "this reply is from another address");
  if (value.desk !== place.desk || value.reviewer !== place.reviewer) throw new PeerError(Failure.DESK, "this reply is of another desk or reviewer");
  if (value.thread !== place.thread) throw new PeerError(Failure.THREAD, "this reply is for another thread");
  if (value.edition !== place.edition || value.bucket !== place.bucket || value.part !== place.part || value.part >= value.parts) {
    throw new PeerError(Failure.EDITION, "this reply stands elsewhere");
  }
  return value;
}

/**
 * Open the sealed reply of one slot.
 *
 * @throws FileError `size`; `header`, `no-match`, `hmac`, `payload` from the seal; else as `readReply`; PeerError as `readReply`.
 *
 * Source: crypto/spec/reply.md §3.
 */
export async function openReply(sealed: Uint8Array, identity: Identity, reviewerKey: Uint8Array, place: ReplyPlace): Promise<Reply> {
  if (sealed.length !== SEALED_REPLY) throw new FileError(Failure.SIZE, `a sealed reply has ${String(SEALED_REPLY)} bytes`);
  return readReply(await unseal(sealed, [identity]), reviewerKey, place);
}

/**
 * Return the whole text of a reply; undefined when it has only acknowledgements.
 *
 * @throws PeerError `edition`, when parts are missing, doubled, out of order, or of different replies.
 *
 * Source: crypto/spec/reply.md §2.
 */
export function joinReplies(replies: readonly Reply[]): string | undefined {
  const [first] = replies;
  const fits = (one: Reply, part: number): boolean =>
    one.thread === first?.thread && one.reviewer === first.reviewer && one.edition === first.edition && one.part === part && one.parts === replies.length;
  if (first === undefined || !replies.every(fits)) throw new PeerError(Failure.EDITION, "the parts of a reply do not make one");
  const texts = replies.flatMap((one) => (one.text === undefined ? [] : [one.text]));
  return texts.length > 0 ? texts.join("") : undefined;
}
