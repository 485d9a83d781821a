// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * 'Let me continue later': blocks that have not left are sealed now and wait on the device.
 *
 * Rules of this file: off until it is asked for; when it is turned off, all that this report left there goes, and nothing else. It begins with the last block, since
 * the first ones are leaving. What has left is thrown away at once.
 */
import { giveBack } from "@corncrake/core/platform";
import type { Kept, SealedReport } from "./orders";
import type { Load, Part } from "./parts";
import { Turns } from "./sealing";
import { NoRoomError, type WaitingRoom } from "./waiting_room";

/** What a keeper needs: `seal` throws, and `unreadable` is told, when a part's file cannot be read any more. */
export interface KeeperNeeds {
  readonly seal: (part: Part) => Promise<Uint8Array>;
  readonly unreadable: (part: Part) => Promise<void>;
  readonly tell: () => void;
  readonly openRoom: () => Promise<WaitingRoom | undefined>;
}

/** Keeps the blocks of one report, when it is asked to. */
export class Keeper {
  private on = false;
  private full = false;
  private impossible = false;
  private room: WaitingRoom | undefined;
  private report: SealedReport | undefined;
  /** The report that lies on the device, and its name there. */
  private keptReport: { readonly report: SealedReport; readonly name: string } | undefined;
  private reportIsThere = false;
  /** One thing at a time: to turn it off waits until what was begun is done. */
  private readonly turns = new Turns();

  constructor(
    private readonly load: Load,
    private readonly needs: KeeperNeeds,
  ) {}

  /** What lies on the device. */
  get kept(): Kept {
    const waiting = this.load.parts.filter((part) => part.state === "open" || part.state === "going");
    const sum = (parts: readonly Part[]): number => parts.reduce((bytes, part) => bytes + part.size, 0);
    const reportMissing = this.report !== undefined && !this.reportIsThere && this.keptReport?.report !== this.report;
    const wanted = sum(waiting) + (reportMissing ? (this.report?.sealed.length ?? 0) : 0);
    return { on: this.on, kept: sum(waiting.filter((part) => part.stored)), wanted, full: this.full, impossible: this.impossible };
  }

  /** Turn it on, with the report where that has not left yet, or off. Turned on again with another report, it keeps that one instead. */
  async turn(on: boolean, report: SealedReport | undefined): Promise<void> {
    this.on = on;
    this.full = false;
    this.report = report;
    this.needs.tell();
    await this.turns.take(() => (on ? this.begin() : this.forget()));
    this.needs.tell();
  }

  private async begin(): Promise<void> {
    // A browser that keeps nothing, or a window that may not.
    this.room ??= await this.needs.openRoom().catch(() => undefined);
    if (this.room === undefined) {
      this.impossible = true;
      this.on = false;
      return;
    }
    try {
      await this.keepReport(this.room);
      for (let place = this.load.parts.length - 1; place >= 0 && this.on; place -= 1) {
        const part = this.load.parts[place];
        if (part !== undefined && !part.stored && (part.state === "open" || part.state === "going")) await this.keepPart(part);
      }
    } catch (error) {
      if (!(error instanceof NoRoomError)) throw error;
      this.full = true;
    }
  }

  private async keepReport(room: WaitingRoom): Promise<void> {
    const { report } = this;
    if (report === undefined || this.reportIsThere || this.keptReport?.report === report) return;
    // One that was sealed anew takes the place of the one before it, which the server has refused: the room of both may not be there.
    await this.dropReport();
    this.keptReport = { report, name: await room.keepReport(report) };
    // It may have arrived while it was written.
    await this.dropArrivedReport();
  }

  private async keepPart(part: Part): Promise<void> {
    let sealed: Uint8Array;
    try {
      sealed = await this.needs.seal(part);
    } catch {
      await this.needs.unreadable(part);
      return;
    }
    try {
      await this.room?.keepBlock(part.id, sealed);
    } finally {
      giveBack(sealed);
    }
    part.stored = true;
    if (part.state === "there" || part.state === "gone") await this.drop(part);
    this.needs.tell();
  }

  private async forget(): Promise<void> {
    await this.dropReport();
    for (const part of this.load.parts) await this.drop(part);
    await this.room?.tidy();
  }

  private async dropArrivedReport(): Promise<void> {
    if (this.reportIsThere) await this.dropReport();
  }

  private async dropReport(): Promise<void> {
    const kept = this.keptReport;
    this.keptReport = undefined;
    if (kept !== undefined) await this.room?.dropReport(kept.name);
  }

  /** Return a block that lies on the device. */
  async read(part: Part): Promise<Uint8Array | undefined> {
    if (!part.stored) return undefined;
    this.room ??= await this.needs.openRoom();
    return this.room?.readBlock(part.id);
  }

  /** A block is not needed here any more. */
  async drop(part: Part): Promise<void> {
    if (!part.stored) return;
    part.stored = false;
    await this.room?.dropBlock(part.id);
    if (!this.full || !this.on) return;
    // There is room again for another one.
    this.full = false;
    void this.turns.take(() => (this.on ? this.begin() : Promise.resolve()));
  }

  /** The server has signed for the report. */
  async reportThere(): Promise<void> {
    this.reportIsThere = true;
    await this.dropArrivedReport();
  }

  /** All has left: nothing of it stays. */
  async end(): Promise<void> {
    this.on = false;
    await this.turns.take(async () => {
      this.room ??= await this.needs.openRoom().catch(() => undefined);
      await this.forget();
    });
  }
}
