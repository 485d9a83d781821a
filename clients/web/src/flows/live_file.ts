// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * A file that leaves while it grows: bytes in, sealed blocks out.
 *
 * Rules of this file: what came is sealed as soon as it can leave, and what is sealed cannot be opened here. Indices are given in the order of the data; blocks
 * travel three at once and are brought again, the same bytes, until they are there. While three are on their way a part of a block waits to be filled: a
 * line that is behind carries no padding. It knows nothing of cameras.
 */
import { BLOCK_DATA, BlockNames, MAX_LIVE_BLOCKS, writeBlock } from "@corncrake/core/block";
import { fileTag, type FileIdentity } from "@corncrake/core/file_identity";
import { GrowingHash } from "@corncrake/core/note";
import { BLOCK_CLASS } from "@corncrake/core/padding";
import type { Recipient } from "@corncrake/core/recipients";
import type { ClosedRecording } from "@corncrake/core/report";
import { seal } from "@corncrake/core/seal";
import { RefusedError } from "../transport/server";

/** Bytes that may be in memory, not yet sealed or not yet left. */
export const MOST_HELD = 48 * 1024 * 1024;
const AT_ONCE = 3;
const SECOND_MS = 1_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = { broken: 4_000, refused: 30_000 };
/** What comes until a recorder has stopped still finds names. */
const MOST_BLOCKS = MAX_LIVE_BLOCKS - 64;

/** How the line is: it holds; it is broken and tried again; the server says no, and is asked again. */
export type Line = "whole" | "broken" | "refused";

/** What has left and what has not: milliseconds of the recording, and blocks. */
export interface Amounts {
  readonly leftMs: number;
  readonly hereMs: number;
  readonly blocksLeft: number;
  readonly blocksHere: number;
  readonly line: Line;
}

/** The way to the server; a request ends early when `signal` says so. */
export interface BlockLine {
  readonly put: (id: string, sealed: Uint8Array, signal: AbortSignal) => Promise<void>;
  readonly has: (id: string, signal: AbortSignal) => Promise<boolean>;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly ms: number;
}

interface OnItsWay {
  readonly id: string;
  readonly ms: number;
  sealed: Uint8Array | undefined;
  going: boolean;
  tried: boolean;
}

/** One growing file. `onChange` is called whenever `amounts` has changed. */
export class LiveFile {
  private readonly recipient: Recipient;
  private readonly tag: string;
  private readonly names: BlockNames;
  private readonly hash = new GrowingHash();
  private size = 0;
  private index = 0;
  private waiting: Waiting[] = [];
  private outbox: OnItsWay[] = [];
  private sealing: Promise<void> = Promise.resolve();
  private width = AT_ONCE;
  private going = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private leftMs = 0;
  private blocksLeft = 0;
  private line: Line = "whole";
  private readonly dropped = new AbortController();
  private ended = false;
  private onEmpty: () => void = () => undefined;

  /** Take what is needed of the file's secrets; the key of its names in `secrets` is overwritten. */
  constructor(
    secrets: Pick<FileIdentity, "recipient" | "blockKey">,
    private readonly server: BlockLine,
    private readonly onChange: () => void,
  ) {
    this.recipient = secrets.recipient;
    this.tag = fileTag(secrets.recipient);
    this.names = new BlockNames(secrets.blockKey);
    secrets.blockKey.fill(0);
  }

  /** What has left and what has not. */
  get amounts(): Amounts {
    const hereMs = [...this.waiting, ...this.outbox].reduce((sum, one) => sum + one.ms, 0);
    return { leftMs: this.leftMs, hereMs, blocksLeft: this.blocksLeft, blocksHere: this.outbox.length, line: this.line };
  }

  /** Bytes that are held in memory. */
  get held(): number {
    return this.waiting.reduce((sum, one) => sum + one.bytes.length, 0) + this.outbox.length * BLOCK_CLASS;
  }

  /** Nothing more can be taken: there is no room in memory, or no name for another block. */
  get isFull(): boolean {
    return this.held > MOST_HELD || this.index >= MOST_BLOCKS;
  }

  /**
   * Take the next bytes, which are `ms` milliseconds of the recording. What fills a block leaves, and the rest too where the line keeps up; if they are the last
   * ones, the rest leaves with the end.
   */
  append(bytes: Uint8Array, ms: number, last: boolean): void {
    // A recorder hands out its last piece after it was told to stop: a block of it would be tried without end, over a line that is given up.
    if (this.dropped.signal.aborted) return;
    this.hash.update(bytes);
    this.size += bytes.length;
    this.waiting.push({ bytes, ms });
    while (this.waitingBytes >= BLOCK_DATA) this.cut(false);
    if (this.waitingBytes > 0 && !last && this.outbox.length < AT_ONCE) this.cut(false);
    this.onChange();
  }

  /**
   * Have the rest leave, marked as the end, and wait until all of it is there. Return what the closing message says; undefined when the rest was dropped, since
   * then there is nothing true to say. May be called again.
   */
  async end(): Promise<ClosedRecording | undefined> {
    if (!this.ended && !this.dropped.signal.aborted) {
      this.ended = true;
      this.cut(true);
    }
    await this.sealing;
    while (this.outbox.length > 0) await new Promise<void>((resolve) => { this.onEmpty = resolve; });
    if (this.dropped.signal.aborted) return undefined;
    return { file: this.tag, blocks: this.index, size: this.size, sha256: this.hash.hex() };
  }

  /** Try again now: the line may be back. */
  retry(): void {
    clearTimeout(this.rest);
    this.rest = undefined;
    this.pump();
  }

  /** Forget what has not left. */
  drop(): void {
    clearTimeout(this.rest);
    this.dropped.abort();
    this.waiting = [];
    this.outbox = [];
    this.onEmpty();
  }

  private get waitingBytes(): number {
    return this.waiting.reduce((sum, one) => sum + one.bytes.length, 0);
  }

  /** Take up to one block of what waits, give it its place and its name, and have it sealed. */
  private cut(last: boolean): void {
    const { data, ms } = this.take();
    const index = this.index;
    this.index += 1;
    const one: OnItsWay = { id: this.names.next(), ms, sealed: undefined, going: false, tried: false };
    this.outbox.push(one);
    const header = { v: 1 as const, file: this.tag, index, ...(last ? { last: true as const, of: index + 1 } : {}) };
    this.sealing = this.sealing.then(async () => {
      const plaintext = writeBlock(header, data, BLOCK_CLASS);
      one.sealed = await seal(plaintext, [this.recipient]);
      for (const opened of [data, plaintext]) opened.fill(0);
      this.pump();
    });
  }

  private take(): { data: Uint8Array; ms: number } {
    const data = new Uint8Array(Math.min(BLOCK_DATA, this.waitingBytes));
    let at = 0;
    let ms = 0;
    for (let first = this.waiting[0]; first !== undefined && at < data.length; first = this.waiting[0]) {
      const part = first.bytes.subarray(0, data.length - at);
      const share = part.length === first.bytes.length ? first.ms : Math.round((first.ms * part.length) / first.bytes.length);
      data.set(part, at);
      at += part.length;
      ms += share;
      this.waiting.shift();
      part.fill(0);
      if (part.length < first.bytes.length) this.waiting.unshift({ bytes: first.bytes.subarray(part.length), ms: first.ms - share });
    }
    return { data, ms };
  }

  private pump(): void {
    if (this.rest !== undefined) return;
    for (const one of this.outbox) {
      if (this.going >= this.width) return;
      if (one.sealed !== undefined && !one.going) void this.bring(one, one.sealed);
    }
  }

  /** Bring one block once; whether it came there or not, go on with the next, after a failure a little later and one at a time. */
  private async bring(one: OnItsWay, sealed: Uint8Array): Promise<void> {
    one.going = true;
    this.going += 1;
    const { signal } = this.dropped;
    try {
      if (!one.tried || !(await this.server.has(one.id, signal))) await this.server.put(one.id, sealed, signal);
      this.hasLeft(one);
    } catch (error) {
      one.tried = true;
      one.going = false;
      this.hasFailed(error);
    }
    this.going -= 1;
    this.pump();
    this.onChange();
    if (this.outbox.length === 0) this.onEmpty();
  }

  private hasFailed(error: unknown): void {
    this.line = error instanceof RefusedError ? "refused" : "broken";
    this.width = 1;
    if (this.rest !== undefined || this.dropped.signal.aborted) return;
    const longest = LONGEST_PAUSE_MS[this.line];
    const wanted = error instanceof RefusedError ? (error.retrySeconds ?? 0) * SECOND_MS : 0;
    this.rest = setTimeout(() => { this.retry(); }, Math.min(Math.max(this.pauseMs, wanted), longest));
    this.pauseMs = Math.min(this.pauseMs * 2, longest);
  }

  private hasLeft(one: OnItsWay): void {
    this.outbox = this.outbox.filter((other) => other !== one);
    this.leftMs += one.ms;
    this.blocksLeft += 1;
    this.line = "whole";
    this.width = Math.min(this.width + 1, AT_ONCE);
    this.pauseMs = FIRST_PAUSE_MS;
  }
}
