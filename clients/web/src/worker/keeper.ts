// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * 'Let me continue later': blocks that have not left are sealed now and wait on the device.
 *
 * Rules of this file: off until it is asked for; when it is turned off, all that lay there goes. It begins with the last block, since the first ones are leaving.
 * What has left is thrown away at once.
 */
import { release } from "./memory";
import type { Kept, SealedReport } from "./orders";
import type { Load, Part } from "./parts";
import { Turns } from "./sealing";
import { NoRoomError, WaitingRoom } from "./waiting_room";

/** Keeps the blocks of one report, when it is asked to. */
export class Keeper {
  private on = false;
  private full = false;
  private impossible = false;
  /** One thing at a time: to turn it off waits until what was begun is done. */
  private readonly turns = new Turns();

  constructor(
    private readonly load: Load,
    private readonly seal: (part: Part) => Promise<Uint8Array>,
    private readonly tell: () => void,
    private room: WaitingRoom | undefined,
  ) {}

  /** What lies on the device. */
  get kept(): Kept {
    const waiting = this.load.parts.filter((part) => part.state === "open" || part.state === "going");
    const sum = (parts: readonly Part[]): number => parts.reduce((bytes, part) => bytes + part.size, 0);
    return { on: this.on, kept: sum(waiting.filter((part) => part.stored)), wanted: sum(waiting), full: this.full, impossible: this.impossible };
  }

  /** Turn it on, with the report where that has not left yet, or off. */
  async turn(on: boolean, report: SealedReport | undefined): Promise<void> {
    this.on = on;
    this.full = false;
    this.tell();
    await this.turns.take(() => (on ? this.begin(report) : this.forget()));
    this.tell();
  }

  private async begin(report: SealedReport | undefined): Promise<void> {
    try {
      this.room ??= await WaitingRoom.open();
    } catch {
      // A browser that keeps nothing, or a window that may not.
    }
    if (this.room === undefined) {
      this.impossible = true;
      this.on = false;
      return;
    }
    try {
      if (report !== undefined) await this.room.keepReport(report);
      for (let place = this.load.parts.length - 1; place >= 0 && this.on; place -= 1) {
        const part = this.load.parts[place];
        if (part === undefined || part.stored || (part.state !== "open" && part.state !== "going")) continue;
        const sealed = await this.seal(part);
        await this.store(part, sealed);
        release(sealed);
        this.tell();
      }
    } catch (error) {
      // A file that cannot be read is told of when its turn to leave comes.
      if (error instanceof NoRoomError) this.full = true;
    }
  }

  private async store(part: Part, sealed: Uint8Array): Promise<void> {
    await this.room?.keepBlock(part.id, sealed);
    part.stored = true;
    if (part.state === "there" || part.state === "gone") await this.drop(part);
  }

  private async forget(): Promise<void> {
    await this.room?.clear();
    for (const part of this.load.parts) part.stored = false;
  }

  /** Return a block that lies on the device. */
  async read(part: Part): Promise<Uint8Array | undefined> {
    return part.stored ? this.room?.readBlock(part.id) : undefined;
  }

  /** A block is not needed here any more. */
  async drop(part: Part): Promise<void> {
    if (!part.stored) return;
    part.stored = false;
    await this.room?.dropBlock(part.id);
  }

  /** The server has signed for the report. */
  async reportThere(): Promise<void> {
    await this.room?.dropReport();
  }

  /** All has left: nothing stays. */
  async end(): Promise<void> {
    this.on = false;
    await this.turns.take(() => this.forget());
  }
}
