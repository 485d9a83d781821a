// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Coming back: look for what the desk's voices left for this codename.
 *
 * Rules of this file: one tile of each voice, fetched whole, whether anything is in it or not; the server learns a bucket and nothing more. Words that were
 * never used and a report that nobody has opened look the same here, on purpose.
 */
import type { Codename } from "@corncrake/core/codename";
import { identityOf } from "@corncrake/core/charter";
import { bucketOf, findSlot, MAX_PARTS, readTile, replyTag, tileSize } from "@corncrake/core/edition";
import { unb64url } from "@corncrake/core/encoding";
import { joinReplies, openReply, replyIdentity, threadIdOf, type Reply } from "@corncrake/core/reply";
import { fetchTile, RefusedError } from "../transport/server";
import { loadVisit, type Notices, type Visit } from "./visit";

/** What the server answers for a tile of an edition that is not the newest one any more. */
const GONE = 404;

export interface ThreadAnswer {
  readonly reviewer: string;
  /** undefined when a part of it is missing. */
  readonly text: string | undefined;
}

/** What coming back shows. */
export interface ThreadView {
  readonly acknowledged: boolean;
  readonly answers: readonly ThreadAnswer[];
  readonly missingBlocks: boolean;
  readonly notices: Notices;
}

async function partsFrom(visit: Visit, codename: Codename, head: Visit["heads"][number]): Promise<Reply[]> {
  const { root } = visit.link;
  const desk = visit.desk.id;
  const { edition } = head;
  const thread = threadIdOf(codename, root, desk);
  const bucket = bucketOf(desk, unb64url(thread, 32), edition.bits);
  const raw = await fetchTile(desk, edition.reviewer, edition.number, bucket, tileSize(edition.slots));
  const tile = readTile(raw, edition.slots, edition.tiles[bucket] ?? "");
  const key = codename.derive("reply-tag", desk, root);
  const identity = identityOf(visit.desk, edition.reviewer);
  const found: Reply[] = [];
  for (let part = 0; part < MAX_PARTS; part += 1) {
    const sealed = findSlot(tile, replyTag(key, unb64url(thread, 32), desk, edition.reviewer, edition.number, part));
    if (sealed === undefined) break;
    const expected = { origin: visit.charter.charter.origin, desk, reviewer: edition.reviewer, edition: edition.number, bucket, part, thread };
    found.push(await openReply(sealed, replyIdentity(codename, root, desk), identity, expected));
  }
  return found;
}

async function lookInto(visit: Visit, codename: Codename): Promise<ThreadView> {
  const answers: ThreadAnswer[] = [];
  let acknowledged = false;
  let missingBlocks = false;
  for (const head of visit.heads) {
    const parts = await partsFrom(visit, codename, head);
    if (parts.length === 0) continue;
    acknowledged = true;
    missingBlocks ||= parts.some((part) => part.missing_blocks.length > 0);
    if (parts.length < (parts[0]?.parts ?? 1)) answers.push({ reviewer: head.edition.reviewer, text: undefined });
    else {
      const text = joinReplies(parts);
      if (text !== undefined) answers.push({ reviewer: head.edition.reviewer, text });
    }
  }
  return { acknowledged, answers, missingBlocks, notices: visit.notices };
}

/**
 * Look for answers. Where an edition was replaced while the page was open, the papers are fetched anew, and `onVisit` is told.
 *
 * @throws LineError, RefusedError from the transport; PeerError, FileError when a tile or a reply is not what the reviewer signed; what `loadVisit` throws.
 */
export async function look(visit: Visit, codename: Codename, onVisit: (visit: Visit) => void): Promise<ThreadView> {
  try {
    return await lookInto(visit, codename);
  } catch (error) {
    if (!(error instanceof RefusedError && error.status === GONE)) throw error;
    const now = await loadVisit(visit.link);
    onVisit(now);
    return lookInto(now, codename);
  }
}
