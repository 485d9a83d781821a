// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The blocks of all files of one report, and how far each of them is.
 *
 * Rules of this file: this is the only place where it stands. A block is `there` when the server has said so, and `gone` when it will not leave any more.
 */
import type { Source } from "@corncrake/core/media/source";
import { wireSize } from "@corncrake/core/padding";
import type { FileOrder, FileProgress } from "./orders";
import { FileSealer } from "./sealing";

/** A file on its way. */
export interface Line {
  readonly order: FileOrder;
  readonly sealer: FileSealer;
  sent: number;
  state: FileProgress["state"];
}

/** One block. `line` is missing for a block that waits on the device from an earlier visit. */
export interface Part {
  readonly id: string;
  /** Bytes on the wire. */
  readonly size: number;
  readonly line: Line | undefined;
  readonly index: number;
  state: "open" | "going" | "there" | "gone";
  /** It was tried before, so that the server may have it. */
  tried: boolean;
  /** It lies on the device. */
  stored: boolean;
  sealed: Uint8Array | undefined;
}

/** All blocks, in the order in which they leave. */
export class Load {
  readonly lines: readonly Line[];
  readonly parts: readonly Part[];
  private first = 0;

  private constructor(lines: readonly Line[], parts: readonly Part[]) {
    this.lines = lines;
    this.parts = parts;
  }

  /** The blocks of files, one file after the other. */
  static ofFiles(files: readonly (readonly [FileOrder, Source])[]): Load {
    const lines = files.map(([order, source]): Line => ({ order, sealer: new FileSealer(order, source), sent: 0, state: "going" }));
    const parts = lines.flatMap((line) =>
      line.order.ids.map((id, index): Part => ({ id, size: wireSize(1, line.order.blockClass), line, index, state: "open", tried: false, stored: false, sealed: undefined })),
    );
    return new Load(lines, parts);
  }

  /** Blocks that wait on the device from an earlier visit. */
  static ofLeftover(blocks: readonly { readonly id: string; readonly size: number }[]): Load {
    return new Load([], blocks.map(({ id, size }) => ({ id, size, line: undefined, index: 0, state: "open", tried: true, stored: true, sealed: undefined })));
  }

  /** The next block that has not left. */
  next(): Part | undefined {
    while (this.first < this.parts.length && ["there", "gone"].includes(this.parts[this.first]?.state ?? "")) this.first += 1;
    for (let place = this.first; place < this.parts.length; place += 1) if (this.parts[place]?.state === "open") return this.parts[place];
    return undefined;
  }

  /** Bytes of blocks that have still to leave. */
  get remaining(): number {
    return this.parts.reduce((sum, part) => (part.state === "open" || part.state === "going" ? sum + part.size : sum), 0);
  }

  /** How far each file is; blocks from an earlier visit count as one file with the key 0. */
  get progress(): FileProgress[] {
    if (this.lines.length > 0) return this.lines.map((line) => ({ key: line.order.key, sent: line.sent, parts: line.order.ids.length, state: line.state }));
    const sent = this.parts.filter((part) => part.state === "there").length;
    return this.parts.length === 0 ? [] : [{ key: 0, sent, parts: this.parts.length, state: sent === this.parts.length ? "there" : "going" }];
  }

  /** A block is on the server. */
  arrived(part: Part): void {
    part.state = "there";
    const { line } = part;
    if (line === undefined) return;
    line.sent += 1;
    if (line.sent === line.order.ids.length) line.state = "there";
  }

  /** The rest of a file does not leave; returns its blocks that have not left. */
  drop(line: Line, state: "out" | "unreadable"): Part[] {
    if (line.state !== "going") return [];
    line.state = state;
    const rest = this.parts.filter((part) => part.line === line && part.state !== "there");
    for (const part of rest) {
      part.state = "gone";
      part.sealed = undefined;
    }
    return rest;
  }
}
