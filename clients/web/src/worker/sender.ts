// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Bringing blocks to the server, several at once.
 *
 * Rules of this file: a broken line, a server without room and an error that may pass are waited for, however long it takes; any other 'no' of the server stops
 * it until somebody says 'go on'. What was tried before is asked for first, so that nothing is sent twice that is there. A pause stops what is on its way, at once.
 */
import { giveBack } from "@corncrake/core/platform";
import { hasBlock, putBlock } from "../transport/blocks";
import { LineError, RefusedError } from "../transport/server";
import { Keeper } from "./keeper";
import { Lanes } from "./lanes";
import type { BlocksProgress, Refusal, SealedReport } from "./orders";
import { Pace } from "./pace";
import type { Load, Part } from "./parts";
import { Turns } from "./sealing";
import type { WaitingRoom } from "./waiting_room";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const TELL_EVERY_MS = 200;

/** Brings the blocks of one report. */
export class Sender {
  private readonly lanes = new Lanes();
  private readonly pace = new Pace();
  private readonly sealing = new Turns();
  private readonly keeper: Keeper;
  private readonly going = new Map<Part, AbortController>();
  private waiting: "line" | "room" | undefined;
  private roomSeconds = 0;
  private wait = FIRST_PAUSE_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private paused = false;
  private refused: Refusal | undefined;
  private ending = false;
  private finished = false;

  constructor(
    private readonly load: Load,
    private readonly tell: (progress: BlocksProgress) => void,
    openRoom: () => Promise<WaitingRoom | undefined>,
  ) {
    const unreadable = async (part: Part): Promise<void> => { if (part.line !== undefined) await this.drop(part.line.order.key, "unreadable"); };
    this.keeper = new Keeper(load, { seal: (part) => this.sealed(part), unreadable, tell: () => { this.tellSoon(); }, openRoom });
  }

  /** Begin, or go on after a pause or a 'no' of the server. */
  goOn(): void {
    this.paused = false;
    this.refused = undefined;
    this.pace.begin(performance.now());
    this.tryAgain();
    this.tellSoon();
  }

  /** Stop, and stop at once what is on its way. */
  pause(): void {
    this.paused = true;
    for (const stop of this.going.values()) stop.abort();
    this.tellSoon();
  }

  /** The line may be back. */
  wake(): void {
    if (this.waiting === "line") this.tryAgain();
  }

  /** The rest of one file does not leave. */
  async takeOut(key: number): Promise<void> {
    await this.drop(key, "out");
  }

  /** Let what has not left wait on the device, or no longer. */
  async keep(on: boolean, report: SealedReport | undefined): Promise<void> {
    await this.keeper.turn(on, report);
  }

  /** The server has signed for the report. */
  async reportThere(): Promise<void> {
    await this.keeper.reportThere();
  }

  private async drop(key: number, state: "out" | "unreadable"): Promise<void> {
    const line = this.load.lines.find((one) => one.order.key === key);
    const rest = line === undefined ? [] : this.load.drop(line, state);
    for (const part of rest) {
      this.going.get(part)?.abort();
      await this.keeper.drop(part);
    }
    this.pump();
    this.tellSoon();
  }

  private tryAgain(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = undefined;
    this.pump();
  }

  private pump(): void {
    for (let part = this.load.next(); ; part = this.load.next()) {
      if (part === undefined) {
        if (this.going.size === 0) void this.finish();
        return;
      }
      if (this.paused || this.refused !== undefined || this.timer !== undefined) return;
      const bytes = [...this.going.keys()].reduce((sum, one) => sum + one.size, 0);
      if (!this.lanes.allow(this.going.size, bytes, part.size)) return;
      void this.bring(part);
    }
  }

  private sealed(part: Part): Promise<Uint8Array> {
    return this.sealing.take(async () => {
      if (part.line === undefined) throw new TypeError("a block of an earlier visit is on the device or nowhere");
      return part.line.sealer.seal(part.index);
    });
  }

  private async bring(part: Part): Promise<void> {
    const stop = new AbortController();
    this.going.set(part, stop);
    part.state = "going";
    try {
      part.sealed ??= (await this.keeper.read(part)) ?? (await this.sealed(part));
      const there = part.tried && (await hasBlock(part.id, stop.signal));
      part.tried = true;
      if (!there) await putBlock(part.id, part.sealed, stop.signal);
      this.arrived(part);
      await this.keeper.drop(part);
    } catch (error) {
      await this.broke(part, error, stop.signal.aborted);
    } finally {
      this.going.delete(part);
    }
    this.pump();
    this.tellSoon();
  }

  private arrived(part: Part): void {
    if (part.sealed !== undefined) giveBack(part.sealed);
    part.sealed = undefined;
    // It may have been taken out in the moment in which it arrived.
    if (part.state === "going") this.load.arrived(part);
    this.lanes.arrived();
    this.pace.arrived(part.size, performance.now());
    this.wait = FIRST_PAUSE_MS;
    this.waiting = undefined;
  }

  private async broke(part: Part, error: unknown, stopped: boolean): Promise<void> {
    if (part.state === "going") part.state = "open";
    if (stopped) return;
    if (error instanceof RefusedError && error.retrySeconds !== undefined) {
      this.roomSeconds = error.retrySeconds;
      this.hold("room", error.retrySeconds * 1_000);
    } else if (error instanceof LineError || (error instanceof RefusedError && error.isPassing)) {
      this.lanes.broke();
      this.hold("line", this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_PAUSE_MS);
    } else if (error instanceof RefusedError) {
      this.refused = { status: error.status, failure: error.failure };
    } else if (part.line !== undefined) {
      await this.drop(part.line.order.key, "unreadable");
    } else {
      // A block of an earlier visit that is not on the device any more.
      part.state = "gone";
      part.stored = false;
    }
  }

  private hold(what: "line" | "room", milliseconds: number): void {
    this.waiting = what;
    this.pace.begin(performance.now());
    // Several blocks break at once; the first one says how long it is waited.
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.pump();
    }, milliseconds);
  }

  private async finish(): Promise<void> {
    if (this.ending) return;
    this.ending = true;
    await this.keeper.end();
    this.finished = true;
    this.tellNow();
  }

  private tellSoon(): void {
    this.telling ??= setTimeout(() => { this.tellNow(); }, TELL_EVERY_MS);
  }

  private tellNow(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    const { paused, waiting, roomSeconds, refused, finished } = this;
    const secondsLeft = paused || waiting !== undefined || refused !== undefined ? undefined : this.pace.secondsLeft(this.load.remaining, performance.now());
    this.tell({ files: this.load.progress, waiting, roomSeconds, paused, secondsLeft, refused, kept: this.keeper.kept, finished });
  }
}
