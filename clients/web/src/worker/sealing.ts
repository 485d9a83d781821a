// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Sealing one block of a file.
 *
 * Rules of this file: one block at a time, whoever asks, so that memory does not grow with the number that are on their way; what is no longer needed is given back at
 * once.
 */
import { dataRoom, writeBlock } from "@corncrake/core/block";
import { fileTag } from "@corncrake/core/file_identity";
import type { Source } from "@corncrake/core/media/source";
import { giveBack } from "@corncrake/core/platform";
import { Recipient } from "@corncrake/core/recipients";
import { seal } from "@corncrake/core/seal";
import type { FileOrder } from "./orders";

/** Seals the blocks of one file. */
export class FileSealer {
  private readonly recipient: Recipient;
  private readonly tag: string;

  constructor(
    private readonly file: FileOrder,
    private readonly source: Source,
  ) {
    this.recipient = Recipient.fromRaw(file.recipient);
    this.tag = fileTag(this.recipient);
  }

  /** Return the sealed block at a place; throws a DOMException when the file cannot be read any more. */
  async seal(index: number): Promise<Uint8Array> {
    const { dataBlocks, blockClass } = this.file;
    const room = dataRoom(blockClass);
    const last = index === dataBlocks - 1;
    const fill = index >= dataBlocks;
    const data = fill ? new Uint8Array() : await this.source.read(index * room, Math.min((index + 1) * room, this.source.size));
    const header = { v: 1 as const, file: this.tag, index, ...(last ? { last: true as const, of: dataBlocks } : {}), ...(fill ? { fill: true as const } : {}) };
    const plaintext = writeBlock(header, data, blockClass);
    giveBack(data);
    try {
      return await seal(plaintext, [this.recipient]);
    } finally {
      giveBack(plaintext);
    }
  }
}

/** Lets one after another do its work. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Do `work` when all that was asked for before is done. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }
}
